// Pieces are given out once, with room behind each, and again when the last hold is gone.

import { expect, test } from 'vitest';
import { Pieces } from './pieces.ts';

const START = 1000;
const BYTES = 100;
const SLACK = 28;

test('each piece is given out once, from the beginning, with its slack behind it', () => {
  const pieces = new Pieces(START, 3, BYTES, SLACK);
  expect([pieces.take(), pieces.take(), pieces.take(), pieces.take()]).toEqual([1000, 1128, 1256, 0]);
  expect([pieces.end, pieces.freeCount]).toEqual([1384, 0]);
  expect([999, 1000, 1383, 1384].map((address) => pieces.has(address))).toEqual([false, true, true, false]);
});

test('who holds a piece names any address in it, and the last one to release it makes it free', () => {
  const pieces = new Pieces(START, 2, BYTES, SLACK);
  const first = pieces.take();
  pieces.hold(first + 50);
  pieces.release(first + 127);
  expect([pieces.freeCount, pieces.holdsOf(first), pieces.take()]).toEqual([1, 1, first + 128]);
  pieces.release(first);
  expect([pieces.freeCount, pieces.take()]).toEqual([1, first]);
});
