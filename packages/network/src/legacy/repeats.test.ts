// The table of what has been seen: how long it remembers, and how much.

import { expect, test } from 'vitest';
import { Repeats } from './repeats.ts';

const options = { countMax: 3, holdMsMin: 60_000, holdMsMax: 3_600_000 };

test.each<[string, number, number, boolean]>([
  ['within the least time, though its own is shorter', 1_000, 59_999, true],
  ['after it', 1_000, 60_000, false],
  ['within its own time', 100_000, 99_999, true],
  ['after that', 100_000, 100_000, false],
  ['a timeout in the far future is not believed', 9e12, 3_600_000, false],
  ['nor one that is none', Number.NaN, 60_000, false],
])('a copy %s', (_case, leftMs, afterMs, isRepeat) => {
  const repeats = new Repeats(options);
  expect(repeats.note('n1:w1', 'n1-1', leftMs, 1000)).toBe(false);
  expect(repeats.note('n1:w1', 'n1-1', leftMs, 1000 + afterMs)).toBe(isRepeat);
});

test('the same id of another sender is another message', () => {
  const repeats = new Repeats(options);
  expect(repeats.note('n1:w1', 'n1-1', 0, 0)).toBe(false);
  expect(repeats.note('n1:thief', 'n1-1', 0, 0)).toBe(false);
  expect(repeats.note('n1:w1', 'n1-1', 0, 0)).toBe(true);
});

test('the oldest give way', () => {
  const repeats = new Repeats(options);
  for (const id of ['a', 'b', 'c', 'd']) repeats.note('', id, 0, 0);
  expect(repeats.count).toBe(3);
  expect(repeats.note('', 'd', 0, 1)).toBe(true);
  expect(repeats.note('', 'b', 0, 1)).toBe(true);
  expect(repeats.note('', 'a', 0, 1)).toBe(false);
});

test('what is over is forgotten', () => {
  const repeats = new Repeats(options);
  for (const id of ['a', 'b']) repeats.note('', id, 0, 0);
  repeats.note('', 'c', 0, 60_000);
  expect(repeats.count).toBe(1);
});
