// Many seeds through the simulator: faults with what must hold checked all the time, then healing within a bound.

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { failureReport } from './report.ts';
import { SIMULATION_OPTIONS, type SimulationOptions, type SimulationResult, simulate } from './simulator.ts';

const SEEDS = 300;
const SEEDS_PER_TEST = 25;

/** Runs a seed that must hold; else the test fails with what leads back to it. */
function mustHold(options: SimulationOptions): SimulationResult {
  const result = simulate(options);
  if (result.violations.length > 0) expect.fail(failureReport(result, options, commit()).join('\n'));
  return result;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

describe('faults, then healing', () => {
  const firsts = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => 1 + index * SEEDS_PER_TEST);
  test.each(firsts)(`${SEEDS_PER_TEST} seeds from %i on`, { timeout: 120_000 }, (first) => {
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) {
      expect(mustHold({ ...SIMULATION_OPTIONS, seed }).messages.delivered).toBeGreaterThan(0);
    }
  });

  test('what is checked happens: repeats of durable messages, expiry, refused handshakes, deaths', () => {
    const sum = { redelivered: 0, expired: 0, unknown: 0, secret: 0, name: 0 };
    for (let seed = 1; seed <= 12; seed++) {
      const { messages, handshakes } = mustHold({ ...SIMULATION_OPTIONS, seed, nodes: 6 });
      for (const key of ['redelivered', 'expired', 'unknown'] as const) sum[key] += messages[key];
      for (const key of ['secret', 'name'] as const) sum[key] += handshakes.refused[key] ?? 0;
    }
    for (const [what, count] of Object.entries(sum)) expect(count, what).toBeGreaterThan(0);
  });
});

test.each(FAULT_KINDS)('%s alone', { timeout: 30_000 }, (kind: FaultKind) => {
  for (let seed = 1; seed <= 3; seed++) mustHold({ ...SIMULATION_OPTIONS, seed, nodes: 5, faults: [kind] });
});

test('the same seed is the same simulation', () => {
  const once = simulate({ ...SIMULATION_OPTIONS, seed: 5 });
  expect(simulate({ ...SIMULATION_OPTIONS, seed: 5 })).toEqual(once);
});

test('without faults nothing is lost, unknown or expired', { timeout: 30_000 }, () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { messages } = mustHold({ ...SIMULATION_OPTIONS, seed, faults: [], faultsMs: 5000 });
    expect(messages).toMatchObject({ unknown: 0, lostWithFirst: 0, delivered: messages.accepted - messages.expired });
  }
});
