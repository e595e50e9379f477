// Taking a link or a machine away: who loses whom, and how long messages stand still.

import { expect, test } from 'vitest';
import type { GraphDocument } from '../atlas/document.ts';
import { topologyOf } from './described.ts';
import { whatIf } from './what-if.ts';

const link = (a: string, b: string, cost = 10) => ({ a, b, delayMs: 1, cost, bytesPerSecond: undefined });
const node = (name: string, ...services: string[]) => ({ name, area: '', services });

// a ── b ── c ── d, and a way round from a to c.
const topology = {
  nodes: [node('a', 'web'), node('b'), node('c', 'db'), node('d', 'db', 'archive')],
  links: [link('a', 'b'), link('b', 'c'), link('c', 'd'), link('a', 'c', 50)],
};
const options = { seed: 1, isSilent: false };

test('a link with a way round it is missed by nobody', () => {
  const result = whatIf(topology, { kind: 'link', ends: ['b', 'c'] }, options);
  expect(result).toMatchObject({ parts: [['a', 'b', 'c', 'd']], services: [], violations: [] });
  expect(result.arrived).toBe(result.sent);
  expect(result.longestGapMs).toBeLessThan(100);
  expect(result.rightAfterMs).toBeLessThan(200);
});

test('when it falls silent, the dead interval passes first', () => {
  const result = whatIf(topology, { kind: 'link', ends: ['c', 'b'] }, { seed: 1, isSilent: true });
  expect(result.arrived).toBe(result.sent);
  expect(result.longestGapMs).toBeGreaterThan(1000);
  expect(result.longestGapMs).toBeLessThan(2300);
});

test('the only link to a machine parts it from the others', () => {
  const result = whatIf(topology, { kind: 'link', ends: ['c', 'd'] }, options);
  expect(result.parts).toEqual([['a', 'b', 'c'], ['d']]);
  expect(result.services).toEqual([]);
});

test('a machine goes with what runs only there', () => {
  const result = whatIf(topology, { kind: 'server', server: 'd' }, options);
  expect(result).toMatchObject({ parts: [['a', 'b', 'c']], services: ['archive'], violations: [] });
});

test.each([
  [{ kind: 'server', server: 'x' }, 'no machine x'],
  [{ kind: 'link', ends: ['a', 'd'] }, 'no link between a and d'],
] as const)('%o is not there', (removal, reason) => {
  expect(() => whatIf(topology, removal, options)).toThrow(reason);
});

test('a document becomes a graph; of whom little is known, is left out', () => {
  const server = { dataCenter: '', isDraining: false, isReachable: true, nextHops: [], services: [{ name: 'web' }] };
  const edge = { cost: 10, kind: 'network', state: 'up', isOpaque: false } as const;
  const document: GraphDocument = {
    version: 1,
    seenFrom: 'a',
    time: 0,
    dataCenters: [],
    servers: [
      { ...server, name: 'a', knowledge: 'whole' },
      { ...server, name: 'b', knowledge: 'whole' },
      { ...server, name: 'old', knowledge: 'opaque' },
    ],
    links: [
      { ...edge, from: 'a', to: 'b', roundTripMs: 8 },
      { ...edge, from: 'a', to: 'old' },
      { ...edge, from: 'a', to: 'b', state: 'half' },
    ],
  };
  const { topology: drawn, leftOut } = topologyOf(document);
  expect(drawn.nodes.map(({ name, services }) => [name, services])).toEqual([
    ['a', ['web']],
    ['b', ['web']],
  ]);
  expect(drawn.links).toEqual([{ a: 'a', b: 'b', delayMs: 4, cost: 10, bytesPerSecond: undefined }]);
  expect(leftOut).toEqual(['old']);
});
