// Pauses: their ranges, their growth, and when they begin anew.

import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const pauses = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.nextMs());

it('grows from 0.2 s to 30 s, between half and all of its range', () => {
  expect(pauses(new Backoff({ random: () => 0 }), 10)).toEqual([
    100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000,
  ]);
  expect(pauses(new Backoff({ random: () => 0.999_999 }), 10)).toEqual([
    200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
  ]);
});

it('is spread by its randomness', () => {
  const values = [0.1, 0.7, 0.4];
  expect(pauses(new Backoff({ random: () => values.shift() as number }), 3)).toEqual([110, 340, 560]);
});

it('begins anew only after a connection that held', () => {
  const backoff = new Backoff({ random: () => 0, minMs: 100, stableMs: 1000 });
  pauses(backoff, 3);
  backoff.heldFor(999);
  expect(backoff.nextMs()).toBe(400);
  backoff.heldFor(1000);
  expect(backoff.nextMs()).toBe(50);
});
