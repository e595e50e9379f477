// The head's offsets against a regular expression, with hostile bytes right before and behind the line.

import { HEAD, readHead } from 'snapcommunicator/wire';
import { INPUT_BYTES_MAX } from '../engine/mutator.mjs';
import { hashOf } from '../engine/random.mjs';
import { headOf, latin1 } from '../oracles/head.mjs';
import { show } from '../oracles/messages.mjs';
import { allLines } from '../seeds.mjs';

const SURROUNDINGS = [':', '/', ' ', '<', 'A', '\n', '\0'].map((text) => text.charCodeAt(0));
const MARGIN = 80;
const place = new Uint8Array(INPUT_BYTES_MAX + 2 * MARGIN);
const offsets = new Int32Array(HEAD.length);
const PARTS = ['senderServer', 'senderService', 'server', 'service', 'command'];

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: ['<a:b ', 'n1:web/', '.:./', '*:', '?/'],
  seeds: allLines,
  run(bytes) {
    const hash = hashOf(bytes);
    const start = hash % MARGIN;
    const end = start + bytes.length;
    const around = SURROUNDINGS[hash % SURROUNDINGS.length];
    place.fill(around, 0, start);
    place.set(bytes, start);
    place.fill(around, end, end + MARGIN);

    const error = readHead(place, start, end, offsets);
    const line = latin1(bytes);
    const expected = headOf(line);
    if ((error === undefined) !== (expected !== undefined)) {
      throw new Error(`${show(line)}: ${error ?? 'no error'}, expected ${show(expected) ?? 'one'}`);
    }
    if (expected === undefined) return;
    const read = (at) => line.slice(offsets[at] - start, offsets[at + 1] - start);
    for (const part of PARTS) {
      if (read(HEAD[part]) !== expected[part]) throw new Error(`${show(line)}: ${part} is ${show(read(HEAD[part]))}`);
    }
    if (offsets[HEAD.body] - start !== expected.sender.length) throw new Error(`${show(line)}: the body is elsewhere`);
    if (line.slice(offsets[HEAD.parameters] - start) !== expected.parameters) {
      throw new Error(`${show(line)}: the parameters are elsewhere`);
    }
  },
};
