// The first time at once, then with growing pauses, and after a calm from the beginning.

import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

it('doubles its pauses while things go on', () => {
  const pace = new Pace(10, 40, 500);
  expect(pace.nextMs).toBe(Number.NEGATIVE_INFINITY);
  const next: number[] = [];
  for (const now of [1000, 1010, 1030, 1070, 1110, 1611]) {
    pace.done(now);
    next.push(pace.nextMs - now);
  }
  expect(next).toEqual([10, 20, 40, 40, 40, 10]);
});
