// Numbers, sizes, spans and clocks as people read them.

import { expect, test } from 'vitest';
import {
  absoluteOf,
  agoOf,
  bytesOf,
  clockOf,
  counted,
  durationOf,
  enumerated,
  preciseClockOf,
  rateOf,
  tookOf,
} from './format.ts';

test.each<[string, string]>([
  [agoOf(100, 140), '40 s ago'],
  [agoOf(100, 100.5), 'now'],
  [agoOf(100, 40), 'in 60 s'],
  [agoOf(0, 86_400 * 3), '3 d ago'],
  [durationOf(0.000085), '85 µs'],
  [durationOf(0.0013), '1.30 ms'],
  [durationOf(0.0421), '42.1 ms'],
  [durationOf(0.42), '420 ms'],
  [durationOf(2.04), '2.04 s'],
  [durationOf(400), '6 min'],
  [tookOf(0), '< 1 ms'],
  [tookOf(0.013), '13 ms'],
  [tookOf(2.04), '2.04 s'],
  [bytesOf(128), '128 B'],
  [bytesOf(1536), '1.5 KiB'],
  [bytesOf(20 << 20), '20 MiB'],
  [rateOf(0), '–'],
  [rateOf(0.42), '0.4/s'],
  [rateOf(9.97), '10/s'],
  [rateOf(1234), '1.2k/s'],
  [rateOf(35_400), '35k/s'],
  [rateOf(2_000_000), '2.0M/s'],
  [counted(1, 'machine'), '1 machine'],
  [counted(1200, 'machine'), '1,200 machines'],
  [enumerated(['a']), 'a'],
  [enumerated(['a', 'b']), 'a and b'],
  [enumerated(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more'],
])('%s', (text, expected) => expect(text).toBe(expected));

test('clocks are those of who looks', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5, 67).getTime() / 1000;
  expect(clockOf(time)).toBe('03:04:05');
  expect(preciseClockOf(time)).toBe('03:04:05.067');
  expect(absoluteOf(time)).toMatch(/^2026-01-02 03:04:05 UTC/);
});
