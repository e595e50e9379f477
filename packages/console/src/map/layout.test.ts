// The layout: the same from the same names, in good time, and in place when somebody comes or goes.

import { describe, expect, test } from 'vitest';
import { crosses, distance, type Point } from './geometry.ts';
import { type LayoutGraph, layOut } from './layout.ts';
import { sceneOf } from './testing/scenes.ts';

const graphOf = (machines: number, dataCenters: number): LayoutGraph => {
  const scene = sceneOf(machines, dataCenters);
  return {
    machines: [...scene.machines.values()].map(({ name, dataCenter }) => ({ name, dataCenter })),
    links: scene.links,
  };
};

const furthest = (before: ReadonlyMap<string, Point>, after: ReadonlyMap<string, Point>): number =>
  Math.max(
    0,
    ...[...before].flatMap(([name, point]) => (after.has(name) ? distance(point, after.get(name) as Point) : [])),
  );

const nearest = (positions: ReadonlyMap<string, Point>): number => {
  const points = [...positions.values()];
  let least = Infinity;
  points.forEach((one, at) => {
    for (const other of points.slice(at + 1)) least = Math.min(least, distance(one, other));
  });
  return least;
};

describe('from the names', () => {
  test.each([
    [3, 1],
    [7, 2],
    [30, 3],
    [500, 6],
    [500, 1],
  ])('%i machines in %i data centres: everybody has a place and room', (machines, dataCenters) => {
    const graph = graphOf(machines, dataCenters);
    const positions = layOut(graph);
    expect(positions.size).toBe(machines);
    expect([...positions.values()].every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    expect(nearest(positions)).toBeGreaterThan(60);
    expect(layOut(graph)).toEqual(positions);
  });

  test('the order in which machines and links are told does not matter', () => {
    const { machines, links } = graphOf(30, 3);
    const other = { machines: [...machines].reverse(), links };
    expect(layOut(other)).toEqual(layOut({ machines, links }));
  });

  test('data centres do not run into each other', () => {
    const { machines, links } = graphOf(30, 3);
    const positions = layOut({ machines, links });
    for (const one of machines) {
      for (const other of machines) {
        if (one.dataCenter === other.dataCenter) continue;
        expect(distance(positions.get(one.name) as Point, positions.get(other.name) as Point)).toBeGreaterThan(200);
      }
    }
  });

  test('a ring lies without crossings', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const links = names.map((name, at) => ({ a: name, b: names[(at + 1) % names.length] as string }));
    const positions = layOut({ machines: names.map((name) => ({ name, dataCenter: '' })), links });
    const lines = links.map(({ a, b }) => [positions.get(a) as Point, positions.get(b) as Point] as const);
    const crossings = lines.flatMap(([a, b], at) => lines.slice(at + 1).filter(([c, d]) => crosses(a, b, c, d)));
    expect(crossings).toEqual([]);
  });
});

describe('when somebody comes or goes', () => {
  test.each([
    [7, 2],
    [30, 3],
    [500, 6],
  ])('%i machines: a newcomer stands beside its neighbours, nobody else moves', (machines, dataCenters) => {
    const { machines: before, links } = graphOf(machines, dataCenters);
    const positions = layOut({ machines: before, links });
    const dataCenter = before[0]?.dataCenter ?? '';
    const graph = {
      machines: [...before, { name: 'newcomer', dataCenter }],
      links: [...links, { a: 'n1', b: 'newcomer' }, { a: 'n2', b: 'newcomer' }],
    };
    const after = layOut(graph, positions);
    expect(furthest(positions, after)).toBe(0);
    const place = after.get('newcomer') as Point;
    const ways = ['n1', 'n2'].map((name) => distance(place, after.get(name) as Point));
    expect(Math.min(...ways)).toBeLessThan(500);
    expect(nearest(after)).toBeGreaterThan(60);
    // Not on the ground of another data centre.
    const strangers = before.filter((machine) => machine.dataCenter !== dataCenter);
    for (const { name } of strangers) expect(distance(place, after.get(name) as Point)).toBeGreaterThan(130);
  });

  test('many come one after the other: all that were there stay, all find room', () => {
    const { machines, links } = graphOf(30, 1);
    const first = layOut({ machines, links });
    let [graph, positions] = [{ machines: [...machines], links: [...links] }, first];
    for (let count = 1; count <= 12; count++) {
      const name = `late${count}`;
      graph = {
        machines: [...graph.machines, { name, dataCenter: '' }],
        links: [...graph.links, { a: `n${count}`, b: name }],
      };
      positions = layOut(graph, positions);
    }
    expect(positions.size).toBe(42);
    expect(furthest(first, positions)).toBe(0);
    expect(nearest(positions)).toBeGreaterThan(60);
  });

  test('whoever was away comes back to its place', () => {
    const graph = graphOf(7, 2);
    const positions = layOut(graph);
    const without = { ...graph, machines: graph.machines.filter(({ name }) => name !== 'n3') };
    const memory = new Map([...positions, ...layOut(without, positions)]);
    expect(layOut(graph, memory).get('n3')).toEqual(positions.get('n3'));
  });

  test('a new data centre comes beside those that are there', () => {
    const whole = graphOf(30, 3);
    const old = whole.machines.filter(({ dataCenter }) => dataCenter !== 'area3');
    const names = new Set(old.map(({ name }) => name));
    const positions = layOut({ machines: old, links: whole.links.filter(({ a, b }) => names.has(a) && names.has(b)) });
    const after = layOut(whole, positions);
    expect(furthest(positions, after)).toBe(0);
    for (const { name, dataCenter } of whole.machines) {
      if (dataCenter !== 'area3') continue;
      for (const other of old) {
        expect(distance(after.get(name) as Point, after.get(other.name) as Point)).toBeGreaterThan(150);
      }
    }
  });

  test('what was dragged stays when all is laid out anew', () => {
    const graph = graphOf(30, 3);
    const dragged = new Map([['n4', { x: 5000, y: -3000 }]]);
    expect(layOut(graph, dragged, new Set(['n4'])).get('n4')).toEqual({ x: 5000, y: -3000 });
    expect(layOut(graph, dragged).get('n4')).not.toEqual({ x: 5000, y: -3000 });
  });
});
