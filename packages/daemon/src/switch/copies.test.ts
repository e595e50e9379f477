// Copies keep what was copied until they are given back; then their memory is used again.

import { expect, test } from 'vitest';
import { Copies } from './copies.ts';

const BYTES_MAX = 100_000;
const bytes = (length: number, value: number): Buffer => Buffer.alloc(length, value);

test('a copy that was given back lends its memory to the next one, others keep theirs', () => {
  const copies = new Copies(BYTES_MAX);
  const first = copies.of(bytes(50_000, 1));
  const second = copies.of(bytes(60_000, 2));
  copies.give(first);
  const third = copies.of(bytes(70_000, 3));
  expect(third.buffer).toBe(first.buffer);
  expect(second.equals(bytes(60_000, 2)) && third.equals(bytes(70_000, 3))).toBe(true);
  expect(copies.of(bytes(50_000, 4)).buffer).not.toBe(second.buffer);
});

test.each([10, 40_000, BYTES_MAX, BYTES_MAX + 1])('copies %i bytes', (length) => {
  const copies = new Copies(BYTES_MAX);
  const source = bytes(length, 7);
  const copy = copies.of(source);
  source.fill(0);
  expect(copy.equals(bytes(length, 7))).toBe(true);
  copies.give(copy);
});

test('what it did not make is not taken into its memory', () => {
  const copies = new Copies(BYTES_MAX);
  copies.give(bytes(BYTES_MAX + 1, 1));
  expect(copies.of(bytes(40_000, 2)).buffer.byteLength).toBe(BYTES_MAX);
});
