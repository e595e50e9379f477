// Lines out of chunks cut anywhere, within a limit.

import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly string[], lineBytesMax = 5): string[] {
  const taken: string[] = [];
  const lines = new LineSplitter(
    lineBytesMax,
    (line) => taken.push(Buffer.from(line).toString()),
    () => taken.push('too long'),
  );
  for (const chunk of chunks) lines.push(Buffer.from(chunk));
  return taken;
}

test.each<[string, string[], string[]]>([
  ['whole lines', ['a\nbc\n'], ['a', 'bc']],
  ['a line in pieces', ['a', 'b', 'c\n'], ['abc']],
  ['an end and a beginning', ['a\nb', 'c\nd'], ['a', 'bc']],
  ['blank lines', ['\n\r\n'], ['', '\r']],
  ['the longest line', ['abcde\n'], ['abcde']],
  ['one byte more', ['abcdef\nok\n'], ['too long', 'ok']],
  ['much more, in pieces', ['abcd', 'efgh', 'ij', '\nok\n'], ['too long', 'ok']],
])('%s', (_case, chunks, lines) => {
  expect(split(chunks)).toEqual(lines);
});

test('cut at every byte', () => {
  const text = 'one\ntwo\n\nthree\n';
  for (let at = 0; at <= text.length; at++)
    expect(split([text.slice(0, at), text.slice(at)])).toEqual(['one', 'two', '', 'three']);
});

test('what is kept of a line is its own: the chunk may be written over', () => {
  const taken: Uint8Array[] = [];
  const lines = new LineSplitter(
    100,
    (line) => taken.push(line),
    () => undefined,
  );
  const chunk = Buffer.from('ab\n');
  lines.push(chunk);
  chunk.fill(0);
  expect(Buffer.from(taken[0] as Uint8Array).toString()).toBe('ab');
});
