// What is said of a failure leads back to it.

import { expect, test } from 'vitest';
import { FAULT_KINDS } from './faults.ts';
import { failureReport, repeatCommand } from './report.ts';
import { SIMULATION_OPTIONS, simulate } from './simulator.ts';

test('the command names what is not the default', () => {
  expect(repeatCommand({ seed: 7, faults: FAULT_KINDS })).toBe('snapcom simulate --seed 7 --seeds 1');
  expect(repeatCommand({ seed: 7, nodes: 5, faults: [] })).toBe(
    'snapcom simulate --seed 7 --seeds 1 --nodes 5 --faults none',
  );
  expect(repeatCommand({ seed: 1, faults: ['cut', 'crash'] })).toContain('--faults cut,crash');
});

test('a report has seed, commit, command and violations', () => {
  const options = { ...SIMULATION_OPTIONS, seed: 3, nodes: 3, faults: [], faultsMs: 1000 };
  const result = { ...simulate(options), violations: ['at 5.000 ms: a message was delivered twice'] };
  expect(failureReport(result, options, '1234abc')).toEqual([
    expect.stringContaining('seed 3 failed at commit 1234abc, with 3 machines'),
    'repeat it with: snapcom simulate --seed 3 --seeds 1 --nodes 3 --faults none',
    '  at 5.000 ms: a message was delivered twice',
  ]);
});
