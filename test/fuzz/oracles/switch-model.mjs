// What the switch should make of a stream, in a few lines: cut at LF, trimmed, read by the slow grammar, stamped.

import { headOf } from './head.mjs';
import { LINE_BYTES_MAX, LISTENERS, SERVICES, SPECIAL } from './switch-rig.mjs';

/** A line without the CR before its LF and without blanks around it. */
function trimmed(line) {
  let start = 0;
  let end = line.length;
  while (start < end && isBlank(line[start])) start++;
  if (end > start && line[end - 1] === '\r') end--;
  while (end > start && isBlank(line[end - 1])) end--;
  return line.slice(start, end);
}

const isBlank = (character) => character === ' ' || character === '\t';

/**
 * @param {string} stream one character a byte
 * @param {string} prefix the sender's stamp
 * @returns {{ received: Map<string, string>, events: string[] } | undefined} undefined where the protocol leaves it open:
 *   a line that is too long only because of the blanks around it may be taken or refused
 */
export function switchModel(stream, prefix) {
  const received = new Map(SERVICES.map((name) => [name, []]));
  const events = [];
  const lines = stream.split('\n');
  // What has no LF yet is no line.
  for (const raw of lines.slice(0, -1)) {
    const line = trimmed(raw);
    if (line.length < LINE_BYTES_MAX && raw.length >= LINE_BYTES_MAX) return undefined;
    if (line === '') continue;
    const event = judge(line, received, prefix);
    if (event !== undefined) events.push(...event);
  }
  return { received: new Map([...received].map(([name, all]) => [name, all.join('')])), events };
}

/** The events of one line; what is delivered is added to `received`. */
function judge(line, received, prefix) {
  if (line.length >= LINE_BYTES_MAX) return ['reject TOO_LONG'];
  if (line.startsWith('{')) return [`json ${line.length}`];
  if (line.includes('\0')) return ['reject NUL_BYTE'];
  const head = headOf(line);
  if (head === undefined) return ['reject HEAD'];
  const events = SPECIAL.test(head.parameters) ? [`special ${line.length}`] : [];
  const isBroadcast = head.service === '.' && head.command === 'PING';
  const receivers = isBroadcast ? LISTENERS : SERVICES.filter((name) => name === head.service);
  for (const name of receivers) received.get(name).push(`${prefix}${line.slice(head.sender.length)}\n`);
  return receivers.length > 0 ? events : [...events, `daemon ${line.length}`];
}
