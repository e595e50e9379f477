// Numbers and times for people, by tables.

import { expect, it } from 'vitest';
import { formatAge, formatBytes, formatClock, formatCount, formatLatency, plural } from './text.ts';

it.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min 59 s'],
  [3600, '1 h'],
  [11_100, '3 h 5 min'],
  [3605, '1 h'],
  [200_000, '2 d 7 h'],
  [-5, '0 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatAge(seconds)).toBe(text);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [2_000_000, '2.0 MB'],
  [3_210_000_000, '3.2 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('counts', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(plural(1, 'machine')).toBe('1 machine');
  expect(plural(2, 'machine')).toBe('2 machines');
});

it('tells round trips in the unit that fits', () => {
  expect(formatLatency(0.0854)).toBe('85 µs');
  expect(formatLatency(1.234)).toBe('1.23 ms');
});

it('tells the time of day', () => {
  const noon = new Date(2026, 0, 1, 12, 3, 4, 56).getTime() / 1000;
  expect(formatClock(noon)).toBe('12:03:04.056');
});
