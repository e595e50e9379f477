// The quick reader of heads against the thorough one: what it takes, it reads alike; what is damaged, it does not take.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataHeadReader } from './data-head.ts';
import { encodeFrame } from './encoder.ts';
import { type DataFrame, HOPS_MAX, instanceOf } from './frame.ts';
import { decodeFrame } from './reader.ts';
import { encodeText } from './text.ts';

const number = fc.oneof({ arbitrary: fc.nat(1_000_000), weight: 20 }, { arbitrary: fc.maxSafeNat(), weight: 1 });
const positive = number.map((value) => Math.max(1, value));
const instance = fc
  .tuple(fc.constantFrom('0123456789abcdef', 'fedcba9876543210'), number)
  .map(([id, incarnation]) => instanceOf(id, incarnation));
const head = fc
  .record({
    kind: fc.constant('data' as const),
    hops: fc.nat(HOPS_MAX),
    origin: instance,
    last: fc.oneof(instance, fc.constantFrom('*', '?')),
    stream: number,
    base: number,
    sequence: positive,
    count: positive,
    id: fc.constantFrom(undefined, { incarnation: 1, stream: 2, number: 3 }),
    payload: fc.constant(new Uint8Array(0)),
  })
  .map((frame: DataFrame) => encodeFrame(frame));

const thorough = (line: Uint8Array): unknown => {
  try {
    return decodeFrame(Buffer.from(line).toString('latin1', 0, line.length - 1), new Uint8Array(0));
  } catch {
    return undefined;
  }
};

test('what it reads, the thorough reader reads alike, whatever the heads before', () => {
  const reader = new DataHeadReader();
  const damage = fc.option(fc.tuple(fc.nat(), fc.nat(255)), { nil: undefined, freq: 1 });
  let count = 0;
  fc.assert(
    fc.property(head, damage, (whole, damaged) => {
      const line = new Uint8Array(whole);
      if (damaged !== undefined) line[damaged[0] % (line.length - 1)] = damaged[1];
      const read = reader.read(line);
      if (read === undefined) return;
      count++;
      const { payloadBytes, ...fields } = read;
      expect(thorough(line)).toMatchObject({ kind: 'data', ...fields, id: undefined });
      expect(payloadBytes).toBe(0);
    }),
    { numRuns: 2000 },
  );
  expect(count).toBeGreaterThan(20);
});

test.each([
  '@D 40 0123456789abcdef~1 * 0 0 1 1 5\n',
  '@D 40 0123456789abcdef~1 0123456789abcdef~2 1 1 1 1 1.2.3 5\n',
  '@D 40 0123456789abcdef~1 0123456789abcdef~2 1 1 0 1 5\n',
  '@D 40 0123456789abcdef~1 0123456789abcdef~2 1 01 1 1 5\n',
  '@D 40 0123456789abcdef~1 0123456789abcdef~2 1 1 1 1\n',
  '@D 4 0123456789abcdef~1 0123456789abcdef~2 1 1 1 1 5\n',
  '@A 40 0123456789abcdef~1 0123456789abcdef~2 1 5 0\n',
  '@D\n',
])('%j is left to the thorough reader', (line) => {
  expect(new DataHeadReader().read(encodeText(line))).toBeUndefined();
});
