// `snapcom simulate` from end to end: random graphs, a described one, and what is wrong with a description.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { snapcom } from '../support/snapcom.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-simulate-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('gives the same for the same seed, and says that all held', async () => {
  const args = ['simulate', '--seed', '7', '--seeds', '2', '--nodes', '5'];
  const [first, second] = await Promise.all([snapcom(args), snapcom(args)]);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('2 seeds') });
  expect(first.stdout).toContain('all as promised');
  expect(second.stdout).toBe(first.stdout);
});

it('prints a JSON value a seed', async () => {
  const { code, stdout } = await snapcom(['simulate', '--seed', '3', '--seeds', '2', '--nodes', '4', '--json']);
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seed: number; violations: string[] });
  expect(code).toBe(0);
  expect(results.map(({ seed, violations }) => [seed, violations])).toEqual([
    [3, []],
    [4, []],
  ]);
});

it('runs a described graph', async () => {
  const path = new URL('../../packages/network/src/simulator/scenarios/partition.scenario', import.meta.url);
  const result = await snapcom(['simulate', '--topology', fileURLToPath(path), '--seeds', '2']);
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('all as expected') });
});

it('says what is wrong with a description', async () => {
  const path = join(directory, 'bad');
  writeFileSync(path, 'nonsense\n');
  const result = await snapcom(['simulate', '--topology', path]);
  expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(path) });
});
