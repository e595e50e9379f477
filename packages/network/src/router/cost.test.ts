// Costs: noise changes nothing, a lasting change does, a set cost never.

import { expect, test } from 'vitest';
import { DampedCost } from './cost.ts';

function run(cost: DampedCost, roundTrips: readonly number[]): number[] {
  const costs: number[] = [];
  roundTrips.forEach((ms, index) => {
    if (cost.measure(ms, index * 500)) costs.push(cost.cost);
  });
  return costs;
}

test('noise never changes the cost', () => {
  const noise = Array.from({ length: 1000 }, (_, index) => 20 + ((index * 7919) % 100) / 10 - 5);
  const spikes = Array.from({ length: 1000 }, (_, index) => (index % 20 === 0 ? 90 : 20));
  for (const trace of [noise, spikes]) expect(run(new DampedCost('network', undefined, 20), trace)).toEqual([]);
});

test('a change that lasts is followed once it has lasted 10 s', () => {
  const cost = new DampedCost('network', undefined, 5);
  const slower = Array.from({ length: 100 }, () => 80);
  expect(run(cost, slower.slice(0, 15))).toEqual([]);
  expect(run(cost, slower).length).toBeGreaterThan(0);
  expect(cost.cost).toBeGreaterThan(70);
});

test('a set cost stays', () => {
  const cost = new DampedCost('data-center', 7, undefined);
  expect(
    run(
      cost,
      Array.from({ length: 100 }, () => 500),
    ),
  ).toEqual([]);
  expect(cost.cost).toBe(7);
});
