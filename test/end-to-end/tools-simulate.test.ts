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

const server = { dataCenter: '', knowledge: 'whole', isDraining: false, isReachable: true, nextHops: [], services: [] };
const link = { cost: 10, kind: 'network', state: 'up', isOpaque: false, roundTripMs: 2 };
const graph = {
  version: 1,
  seenFrom: 'a',
  time: 0,
  dataCenters: [{ name: '', isOwn: true, serverCount: 3 }],
  servers: ['a', 'b', 'c'].map((name) => ({ ...server, name })),
  links: [
    { ...link, from: 'a', to: 'b' },
    { ...link, from: 'b', to: 'c' },
    { ...link, from: 'a', to: 'c', cost: 50 },
  ],
};

it('takes something away from a graph, and tells who would lose whom', async () => {
  const path = join(directory, 'graph.json');
  writeFileSync(path, JSON.stringify(graph));
  const well = await snapcom(['simulate', '--topology', path, '--without', 'b-c']);
  expect(well).toMatchObject({ code: 0, stdout: expect.stringContaining('everybody who is left reaches everybody') });
  writeFileSync(path, JSON.stringify({ ...graph, links: graph.links.slice(0, 2) }));
  const parted = await snapcom(['simulate', '--topology', path, '--without', 'b', '--json']);
  expect(parted.code).toBe(1);
  expect(JSON.parse(parted.stdout)).toMatchObject({ parts: [['a'], ['c']], violations: [] });
  const unknown = await snapcom(['simulate', '--topology', path, '--without', 'a-c']);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no link between a and c') });
});

it('lets only go wrong what it is told', async () => {
  const result = await snapcom(['simulate', '--seeds', '1', '--nodes', '4', '--faults', 'cut,crash']);
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('all as promised') });
  const wrong = await snapcom(['simulate', '--faults', 'earthquake']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('partition') });
});

it('says what was not as expected, with the seed', async () => {
  const path = join(directory, 'hopeless');
  writeFileSync(path, 'link a b 1ms\nat 2s cut a b\nuntil 3s\nexpect converged\n');
  const result = await snapcom(['simulate', '--topology', path, '--seed', '9', '--seeds', '1']);
  expect(result).toMatchObject({ code: 1, stdout: expect.stringContaining('seed 9: expect converged: it has not') });
});
