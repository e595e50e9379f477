// Moments as people type them.

import { expect, it } from 'vitest';
import { readMoment } from './option-values.ts';

const local = (day: number, hours: number, minutes: number, seconds = 0): number =>
  new Date(2026, 10, day, hours, minutes, seconds).getTime() / 1000;
const now = local(22, 14, 30);

it.each<[string, number | undefined]>([
  ['5m', now - 300],
  ['0s', now],
  ['90s', now - 90],
  ['14:02', local(22, 14, 2)],
  ['14:02:30.5', local(22, 14, 2, 30) + 0.5],
  ['23:00', local(21, 23, 0)],
  ['2026-11-20T10:00:00Z', Date.UTC(2026, 10, 20, 10) / 1000],
  ['24:00', undefined],
  ['14:60', undefined],
  ['yesterday', undefined],
  ['-5m', undefined],
  ['', undefined],
])('%s', (text, moment) => {
  expect(readMoment(text, now)).toBe(moment);
});
