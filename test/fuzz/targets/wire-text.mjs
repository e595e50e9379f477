// Lines and streams of lines: a stream reads the same however it is cut; what was read is written so that it reads the same.

import { decodeLine, decodeText, encodeInto, encodeMessage, LineReader } from 'snapcommunicator/wire';
import { createRandom, hashOf } from '../engine/random.mjs';
import { difference, lineDifference, show } from '../oracles/messages.mjs';
import { allLines, chunksOf } from '../seeds.mjs';

/** So many lines of an input are compared and written again: more would make the comparing slower than the reading. */
const LINES_MAX = 500;
const target = new Uint8Array(8192);
const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The lines of a stream, by the words of the protocol: cut at LF, too long ones named, blank ones left out. */
function* linesOf(bytes, lineBytesMax) {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start > lineBytesMax) yield { kind: 'invalid', error: 'TOO_LONG' };
    else {
      const line = decodeLine(bytes, start, end);
      if (line.kind !== 'blank') yield line;
    }
    start = end + 1;
  }
}

function readCut(bytes, lineBytesMax, random) {
  const reader = new LineReader({ lineBytesMax, discardBytesMax: Number.MAX_SAFE_INTEGER });
  const lines = [];
  // Small pieces of a small input, larger ones of a large one.
  const pieceMax = random(3) === 0 ? 1 : 2 + random(Math.max(8, bytes.length >> 3));
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1 + random(pieceMax), bytes.length >> 12);
    reader.feed(bytes.subarray(at, at + size), (line) => lines.push(line));
    at += size;
  }
  reader.end((line) => lines.push(line));
  return lines;
}

/** @throws Error if the message is not written as a line that reads to it, and is written as that line again */
function writeAgain(message) {
  const line = encodeMessage(message);
  if (/[\n\r\0]/.test(line)) throw new Error(`a written line has a line's end or NUL in it: ${show(line)}`);
  const again = decodeText(line);
  if (again.kind !== 'message') throw new Error(`${show(line)} was written and reads as ${show(again)}`);
  const differs = difference(message, again.message);
  if (differs !== undefined) throw new Error(`${show(line)} was written and reads as something else: ${differs}`);
  const second = encodeMessage(again.message);
  if (second !== line) throw new Error(`written twice, two forms: ${show(line)}, ${show(second)}`);
  checkEncodeInto(message, line);
}

function checkEncodeInto(message, line) {
  const expected = encoder.encode(`${line}\n`);
  const offset = line.length & 7;
  const end = encodeInto(message, target, offset);
  if (offset + expected.length > target.length) {
    if (end !== -1) throw new Error(`encodeInto gave ${end} where the line does not fit`);
  } else if (end !== offset + expected.length || Buffer.compare(target.subarray(offset, end), expected) !== 0) {
    throw new Error(`encodeInto and encodeMessage differ: ${show(line)}`);
  }
}

/** Text that came as valid UTF-8 reads the same as its bytes. */
function readAsText(bytes) {
  let text;
  try {
    text = strict.decode(bytes);
  } catch {
    return;
  }
  const differs = lineDifference(decodeText(text), decodeLine(bytes, 0, bytes.length));
  if (differs !== undefined) throw new Error(`as text and as bytes: ${differs}`);
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  seeds: () => [...allLines(), ...chunksOf(allLines(), 5)],
  run(bytes) {
    const random = createRandom(hashOf(bytes));
    const lineBytesMax = random(3) === 0 ? 1 + random(100) : 1 << 20;
    const cut = readCut(bytes, lineBytesMax, random);
    let count = 0;
    for (const expected of linesOf(bytes, lineBytesMax)) {
      const line = cut[count++];
      const differs = lineDifference(expected, line);
      if (differs !== undefined) throw new Error(`line ${count}, whole and cut: ${differs}`);
      if (line.kind === 'message' && line.form === 'text') writeAgain(line.message);
      if (count >= LINES_MAX) break;
    }
    if (count < LINES_MAX && cut.length !== count) throw new Error(`${cut.length} lines when cut, ${count} whole`);
    if (bytes.length < 4096) readAsText(bytes);
  },
};
