// What a message asks for in `cache`: any text gives a policy within the limits, and a problem is one short line.

import { parseCachePolicy, parseReport, TTL_LIMITS } from '@snapcommunicator/network/keeper';
import { duration, formatDuration } from 'snapcommunicator/contract';
import { hashOf } from '../engine/random.mjs';
import { show } from '../oracles/messages.mjs';
import { validRows } from '../seeds.mjs';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const SHORT = { ttlDefaultMs: 20_000, ttlMinMs: 5000, ttlMaxMs: 30_000 };
/** Nine items of 43 characters and what is said about each. */
const PROBLEM_LENGTH_MAX = 16_384;
const anyDuration = duration();
const REPORTS = ['none', 'failure', 'always'];

/** Sound, however strange the text. */
function checkPolicy(text, limits) {
  const policy = parseCachePolicy(text, limits);
  const { isKept, wantsReply, isDurable, ttlMs, problem = '' } = policy;
  const isSound = [isKept, wantsReply, isDurable].every((flag) => typeof flag === 'boolean') && !(isDurable && !isKept);
  if (!isSound || !(ttlMs >= limits.ttlMinMs && ttlMs <= limits.ttlMaxMs)) throw new Error(show(policy));
  if (/[\n\r\0]/.test(problem) || problem.length > PROBLEM_LENGTH_MAX) throw new Error(`a problem: ${show(problem)}`);
  return policy;
}

/** A policy written in its plainest form is read as itself, without a problem. */
function checkWritten({ isKept, wantsReply, isDurable, ttlMs }) {
  const items = [`ttl=${formatDuration(ttlMs)}`, !isKept && 'no', wantsReply && 'reply', isDurable && 'durable'];
  const text = items.filter(Boolean).join(';');
  const again = parseCachePolicy(text);
  const isSame = again.isKept === isKept && again.wantsReply === wantsReply && again.isDurable === isDurable;
  if (!isSame || again.ttlMs !== ttlMs || again.problem !== undefined)
    throw new Error(`${text} reads as ${show(again)}`);
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: ['no', 'reply', 'durable', 'ttl=', '60', '10m', '3h', '1h30m', '250ms', '1d', '.', ' ', 'always'],
  seeds: () => [
    ...[
      '',
      'no',
      'no;reply',
      'ttl=60s',
      'ttl=10m;durable',
      'reply; ttl = 1h30m ;',
      'no=false',
      '=',
      'ttl=1.5h',
      'ttl=0.0001d',
    ],
    ...validRows().flatMap(({ message }) => message.parameters.cache ?? []),
  ],
  run(bytes) {
    const text = decoder.decode(bytes);
    checkWritten(checkPolicy(text, TTL_LIMITS));
    checkPolicy(text, SHORT);
    const hash = hashOf(bytes);
    const report = parseReport(text, (hash & 1) === 0, (hash & 2) === 0);
    if (!REPORTS.includes(report)) throw new Error(`a report: ${show(report)}`);
    const reading = anyDuration.read(text);
    if ('value' in reading && !(reading.value >= 0)) throw new Error(`${show(text)} is ${reading.value} ms`);
  },
};
