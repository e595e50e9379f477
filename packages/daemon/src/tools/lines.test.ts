// Lines of input: the same however the chunks are cut, numbered, and bounded.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type InputLine, linesOf } from './lines.ts';

async function read(chunks: readonly Uint8Array[], lineBytesMax = 100): Promise<InputLine[]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      const own = Uint8Array.from(chunk);
      yield own;
      // Who reads a file may fill the same buffer again.
      own.fill(0);
    }
  }
  const lines: InputLine[] = [];
  for await (const some of linesOf(input(), lineBytesMax)) {
    lines.push(...some.map(({ number, bytes }) => ({ number, bytes: bytes && Uint8Array.from(bytes) })));
  }
  return lines;
}

const texts = (lines: readonly InputLine[]): unknown[] =>
  lines.map(({ number, bytes }) => [number, bytes === undefined ? undefined : Buffer.from(bytes).toString()]);

it('numbers every line, blank ones too, and takes the last one without its LF', async () => {
  expect(texts(await read([Buffer.from('a\n\nb')]))).toEqual([
    [1, 'a'],
    [2, ''],
    [3, 'b'],
  ]);
});

it('gives the same lines however the input is cut', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', 'long ', '✓'), { maxLength: 60 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(80), { maxLength: 10 }), async (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(texts(await read(chunks, 1000))).toEqual(texts(await read([bytes], 1000)));
    }),
  );
});

it('passes over a line that is too long, keeps counting, and holds nothing of it', async () => {
  const chunks = [
    Buffer.from('ok\n'),
    ...Array.from({ length: 50 }, () => Buffer.alloc(10, 120)),
    Buffer.from('\nafter\n'),
  ];
  expect(texts(await read(chunks, 20))).toEqual([
    [1, 'ok'],
    [2, undefined],
    [3, 'after'],
  ]);
});
