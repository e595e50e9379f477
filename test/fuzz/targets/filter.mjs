// Filters: reading one never throws; its one form reads to itself, and means the same; the head never contradicts the whole.

import { compileFilter, completions, FILTER_LIMITS } from '@snapcommunicator/network/filter';
import { decodeLine } from 'snapcommunicator/wire';
import { hashOf } from '../engine/random.mjs';
import { show } from '../oracles/messages.mjs';
import { validRows } from '../seeds.mjs';

const decoder = new TextDecoder();
/** The one form may be longer than what was typed: `p.a` becomes `parameter.a`. */
const WIDE = Object.fromEntries(Object.entries(FILTER_LIMITS).map(([name, limit]) => [name, limit * 16]));

const RECORDS = validRows()
  .slice(0, 24)
  .map(({ line, message }, index) => ({
    from: `${message.sentFromServer}:${message.sentFromService}`,
    to: message.server === '' ? message.service : `${message.server}:${message.service}`,
    command: message.command,
    size: line.length * (1 + index),
    outcome: index % 2 === 0 ? 'delivered' : 'expired',
    reason: index % 3 === 0 ? undefined : 'queue-full',
    id: `${index}`,
    parameters: decodeLine(Buffer.from(line), 0, Buffer.byteLength(line)).message.parameters,
  }));

function checkError(text, { at, message }) {
  if (!(at >= 0 && at <= text.length)) throw new Error(`an error at ${at} of ${text.length} characters`);
  if (message === '' || message.length > 600)
    throw new Error(`an error of ${message.length} characters: ${show(message)}`);
}

function checkVerdicts(filter, again) {
  for (const record of RECORDS) {
    const isMatch = filter.matches(record);
    if (isMatch !== again.matches(record)) throw new Error(`${show(filter.text)} means something else when read again`);
    const verdict = filter.mayMatchHead(record);
    if ((verdict === 'yes' && !isMatch) || (verdict === 'no' && isMatch)) {
      throw new Error(`${show(filter.text)}: ${verdict} from the head, but ${isMatch} for ${show(record)}`);
    }
  }
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    ...['&&', '||', '!', '(', ')', '==', '!=', '>=', '<=', '>', '<', '~', '*', "'", '1k', '1MiB', '1e9'],
    ...['command', 'from', 'to', 'from.server', 'to.service', 'size', 'outcome', 'reason', 'id', 'p.a', 'parameter.'],
  ],
  seeds: () => [
    '',
    'command==PING && to.service==images && size>1000',
    'from~web',
    '!(from==a:b || p.size>=10) && outcome!=delivered',
    'parameter.cache~*reply* || !id || reason=="queue-full"',
    'to.server==N1 && command~\'ST*US\' || (size<64k && !(p.a=="x \\" y"))',
    'sizes>1',
    'command=PING',
    'command==',
    '((((p.a))))',
  ],
  run(bytes) {
    const text = decoder.decode(bytes);
    const { filter, error } = compileFilter(text);
    if (text.length <= 1024) completions(text, hashOf(bytes) % (text.length + 1));
    if (filter === undefined) return checkError(text, error);
    const { filter: again, error: wrong } = compileFilter(filter.text, WIDE);
    if (again === undefined) throw new Error(`${show(filter.text)} was written and is refused: ${wrong.message}`);
    if (again.text !== filter.text)
      throw new Error(`written twice, two forms: ${show(filter.text)}, ${show(again.text)}`);
    if (again.needsParameters !== filter.needsParameters) throw new Error(`${show(text)}: needsParameters differs`);
    checkVerdicts(filter, again);
  },
};
