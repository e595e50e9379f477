// Inputs to begin with: the lines of the shared vectors and of the recorded conversations.

import { readdirSync, readFileSync } from 'node:fs';

const tests = new URL('../', import.meta.url);

/** The rows of test/vectors/codec-valid.jsonl or codec-invalid.jsonl. */
function vectors(name) {
  const text = readFileSync(new URL(`vectors/${name}.jsonl`, tests), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((row) => JSON.parse(row));
}

/** Lines that are messages, with the messages that they are: `{ line, message }`. */
export const validRows = () => vectors('codec-valid');

/** Lines that are not. */
export const invalidLines = () => vectors('codec-invalid').map(({ line }) => line);

/** Every line of the recorded conversations, without who said it. */
export function spokenLines() {
  const directory = new URL('transcripts/', tests);
  const files = readdirSync(directory).filter((name) => name.endsWith('.txt'));
  const lines = files.flatMap((name) => readFileSync(new URL(name, directory), 'utf8').split('\n'));
  return lines.flatMap((line) => /^\[[^\]]*\][<>] (.*)$/.exec(line)?.[1] ?? []);
}

/** All lines there are. */
export const allLines = () => [...spokenLines(), ...invalidLines(), ...validRows().map(({ line }) => line)];

/** Several lines together, as a socket gives them. */
export function* chunksOf(lines, count) {
  for (let at = 0; at < lines.length; at += count) {
    yield lines
      .slice(at, at + count)
      .map((line) => `${line}\n`)
      .join('');
  }
}
