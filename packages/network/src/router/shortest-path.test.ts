// Shortest paths against Floyd and Warshall's algorithm, on random graphs.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { brokenBy, shortestPaths, UNREACHABLE } from './shortest-path.ts';

const name = (index: number): string => index.toString(16).padStart(16, '0');

interface Link {
  readonly a: number;
  readonly b: number;
  readonly there: number;
  readonly back: number;
}

const links = fc.array(
  fc.record({
    a: fc.nat(9),
    b: fc.nat(9),
    there: fc.integer({ min: 1, max: 5 }),
    back: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 25 },
);

function graphOf(list: readonly Link[]): Graph {
  const graph = new Graph();
  const byNode = Array.from({ length: 10 }, () => new Map<string, number>());
  for (const { a, b, there, back } of list) {
    byNode[a]?.set(name(b), there);
    byNode[b]?.set(name(a), back);
  }
  byNode.forEach((advertised, node) => graph.advertise(name(node), advertised));
  return graph;
}

/** Distances between all pairs, by names. */
function oracle(list: readonly Link[]): number[][] {
  const table = Array.from({ length: 10 }, (_, a) =>
    Array.from({ length: 10 }, (_, b): number => (a === b ? 0 : UNREACHABLE)),
  );
  for (const { a, b, there, back } of list) {
    if (a === b) continue;
    (table[a] as number[])[b] = there;
    (table[b] as number[])[a] = back;
  }
  for (let k = 0; k < 10; k++) {
    for (const row of table) {
      for (let b = 0; b < 10; b++) row[b] = Math.min(row[b] as number, (row[k] as number) + (table[k]?.[b] as number));
    }
  }
  return table;
}

test('distances and first hops are those of the oracle', () => {
  fc.assert(
    fc.property(links, (list) => {
      const graph = graphOf(list);
      const table = oracle(list);
      for (let root = 0; root < 10; root++) {
        const { distances, hops } = shortestPaths(graph, graph.indexOf(name(root)));
        for (let node = 0; node < 10; node++) {
          const distance = table[root]?.[node] as number;
          expect(distances[graph.indexOf(name(node))]).toBe(distance);
          const wanted = new Set<string>();
          for (const { a, b } of list) {
            for (const [from, to] of [
              [a, b],
              [b, a],
            ] as const) {
              if (from !== root || to === root || distance === UNREACHABLE || node === root) continue;
              const cost = graph.costOf(graph.indexOf(name(root)), graph.indexOf(name(to))) as number;
              if (cost + (table[to]?.[node] as number) === distance) wanted.add(name(to));
            }
          }
          const found = hops[graph.indexOf(name(node))]?.map((index) => graph.idOf(index)).sort();
          expect(found).toEqual([...wanted].sort());
        }
      }
    }),
  );
});

test('a link that only one end advertises is none', () => {
  const graph = new Graph();
  graph.advertise(name(1), new Map([[name(2), 1]]));
  graph.advertise(name(2), new Map());
  expect(shortestPaths(graph, graph.indexOf(name(1))).distances[graph.indexOf(name(2))]).toBe(UNREACHABLE);
});

// 1 ── 2 ── 3
//  ╲── 4 ──╱     4 has a tail, 5
test('who loses a path when a link goes', () => {
  const graph = new Graph();
  const advertise = (node: number, ...to: number[]) =>
    graph.advertise(name(node), new Map(to.map((other) => [name(other), 1])));
  advertise(1, 2, 4);
  advertise(2, 1, 3);
  advertise(3, 2, 4);
  advertise(4, 1, 3, 5);
  advertise(5, 4);
  graph.takeLost();
  const before = shortestPaths(graph, graph.indexOf(name(1)));
  advertise(4, 3, 5);
  const broken = brokenBy(graph.takeLost(), before).map((index) => graph.idOf(index));
  expect(broken.sort()).toEqual([name(3), name(4), name(5)]);
});
