// The switch with its inner loop in WebAssembly, with the one in TypeScript, and a model: the same stream, the same bytes.

import { createRandom, hashOf } from '../engine/random.mjs';
import { latin1 } from '../oracles/head.mjs';
import { show } from '../oracles/messages.mjs';
import { switchModel } from '../oracles/switch-model.mjs';
import { SERVICES, SwitchRig } from '../oracles/switch-rig.mjs';
import { chunksOf, invalidLines, spokenLines, validRows } from '../seeds.mjs';

const rigs = { WebAssembly: new SwitchRig(false), TypeScript: new SwitchRig(true) };
const long = 'm'.repeat(64);
const PREFIXES = ['', '<:t ', '<alpha:tx1 ', '<alpha:sixteen_b ', `<${long}:${long} `].map((text) => Buffer.from(text));

/** Two reads of a socket, more than any line may have; a stream goes through two switches and a model. */
const STREAM_BYTES_MAX = 1 << 18;

/** Pieces as a socket might give them; never so many that feeding them takes longer than what is tried. */
function cut(bytes, random) {
  const pieceMax = [2, 40, 300, 140_000, 140_000][random(5)];
  const pieces = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1).length) {
    const size = Math.max(1 + random(pieceMax), bytes.length >> 8);
    pieces.push(bytes.subarray(at, at + size));
  }
  return pieces;
}

/** What differs between two accounts of the same stream. */
function compare(who, left, right) {
  const at = left.events.findIndex((event, index) => event !== right.events[index]);
  if (at >= 0 || left.events.length !== right.events.length) {
    throw new Error(
      `${who}: event ${at}: ${show(left.events.slice(at, at + 3))}, ${show(right.events.slice(at, at + 3))}`,
    );
  }
  for (const name of SERVICES) {
    const [a, b] = [left.received.get(name), right.received.get(name)];
    if (a !== b) throw new Error(`${who}: ${name} received ${show(a)}, ${show(b)}`);
  }
}

/** Lines of the vectors, sent to services that are there. */
function* addressed() {
  for (const [index, { line, message }] of validRows().entries()) {
    const parameters = line.slice(line.indexOf(message.command));
    const address = ['rx/', 'alpha:images/', './', 'a/', '<:me rx/', `${long}:${'n'.repeat(64)}/`, ''][index % 7];
    yield `${address}${index % 7 === 2 ? parameters.replace(/^[A-Z_0-9]+/, 'PING') : parameters}`;
  }
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    'rx/PING a=1\n',
    './PING b=2\n',
    'images/X\n',
    'alpha:rx/',
    '<:me ',
    ';cache=',
    ';transmission_report=',
    ' broadcast_msgid=',
    ' cache=no\n',
    '\r\n',
    ' \n',
    '\x01\n',
    `${'n'.repeat(64)}/PING `,
  ],
  seeds: () => [...chunksOf([...addressed()], 3), ...chunksOf(spokenLines(), 4), ...chunksOf(invalidLines(), 8)],
  run(input) {
    const bytes = input.subarray(0, STREAM_BYTES_MAX);
    const random = createRandom(hashOf(bytes));
    const prefix = PREFIXES[random(PREFIXES.length)];
    const rhythm = 1 + random(4);
    const manner = { prefix, isSlow: random(2) === 0, endsTurn: (piece) => piece % rhythm === 0 };
    const pieces = cut(bytes, random);
    const fast = rigs.WebAssembly.feed(pieces, manner);
    const plain = rigs.TypeScript.feed(pieces, manner);
    compare('WebAssembly and TypeScript', fast, plain);
    if (fast.records !== plain.records) throw new Error(`records: ${show(fast.records)}, ${show(plain.records)}`);
    const model = switchModel(latin1(bytes), prefix.latin1Slice());
    if (model !== undefined) compare('WebAssembly and model', fast, model);
  },
};
