// Many seeds through the simulator: faults with what must hold checked all the time, then healing within a bound.

import { describe, expect, test } from 'vitest';
import { SIMULATION_OPTIONS, simulate } from './simulator.ts';

/** What repeats one seed. */
const command = (seed: number): string => `snapcom simulate --seed ${seed} --seeds 1`;

const SEEDS = 300;
const SEEDS_PER_TEST = 25;

describe('faults, then healing', () => {
  const firsts = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => 1 + index * SEEDS_PER_TEST);
  test.each(firsts)(`${SEEDS_PER_TEST} seeds from %i on`, { timeout: 120_000 }, (first) => {
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) {
      const { violations, messages } = simulate({ ...SIMULATION_OPTIONS, seed });
      expect(violations, `seed ${seed}; repeat it with: ${command(seed)}`).toEqual([]);
      expect(messages.delivered).toBeGreaterThan(0);
    }
  });
});

test('the same seed is the same simulation', () => {
  const once = simulate({ ...SIMULATION_OPTIONS, seed: 5 });
  expect(simulate({ ...SIMULATION_OPTIONS, seed: 5 })).toEqual(once);
});

test('without faults nothing is lost, unknown or expired', { timeout: 30_000 }, () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { violations, messages } = simulate({ ...SIMULATION_OPTIONS, seed, hasFaults: false, faultsMs: 5000 });
    expect(violations).toEqual([]);
    expect(messages).toMatchObject({ expired: 0, unknown: 0, lostWithFirst: 0, delivered: messages.accepted });
  }
});
