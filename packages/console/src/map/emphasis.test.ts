// What a choice lights up: ways to a service, between two machines, and what would be cut off.

import { describe, expect, test } from 'vitest';
import { graphOf } from '../state/testing/graphs.ts';
import { emphasize, matching, removalOf } from './emphasis.ts';
import { buildScene, type Selection } from './model.ts';

/*  a ── b ── c ── d      web on a, db on d and e; f hangs on c
         │    │
         e    f       */
const graph = graphOf(
  { a: { services: ['web'] }, b: {}, c: {}, d: { services: ['db'] }, e: { services: ['db'] }, f: {} },
  ['a-b', 'b-c', 'c-d', 'b-e', 'c-f'],
);
const scene = buildScene(graph, undefined, graph.time);
const lit = (selection: Selection | undefined, removed: string[] = []) => emphasize(graph, scene, selection, removed);

describe('a service', () => {
  test('the ways from everywhere to the nearest instance, in their direction', () => {
    const { machines, links, isActive } = lit({ kind: 'service', service: 'db' });
    expect(isActive).toBe(true);
    expect(
      [...machines]
        .filter(([, role]) => role === 'chosen')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['d', 'e']);
    expect(links.get('a b')).toEqual({ role: 'way', isForward: true, isBackward: false });
    expect(links.get('b e')).toMatchObject({ isForward: true });
    expect(links.get('c f')).toEqual({ role: 'way', isForward: false, isBackward: true });
    // b asks e and c asks d: nothing goes between them.
    expect(links.has('b c')).toBe(false);
  });

  test('one instance by the machine that it is on', () => {
    const { machines, links } = lit({ kind: 'service', service: 'd:db' });
    expect([...machines].filter(([, role]) => role === 'chosen').map(([name]) => name)).toEqual(['d']);
    expect(links.get('b e')).toEqual({ role: 'way', isForward: false, isBackward: true });
  });

  test('who cannot reach it is cut off', () => {
    const { cutOff } = lit({ kind: 'service', service: 'web' }, ['b c']);
    expect([...cutOff].sort()).toEqual(['c', 'd', 'f']);
  });
});

describe('two machines', () => {
  test('the way, and the next best where there is one', () => {
    const ring = graphOf({ a: {}, b: {}, c: {}, d: {} }, ['a-b', 'b-c', 'c-d', 'a-d']);
    const { links, machines } = emphasize(
      ring,
      buildScene(ring, undefined, ring.time),
      { kind: 'path', from: 'a', to: 'b' },
      [],
    );
    expect(links.get('a b')).toMatchObject({ role: 'way', isForward: true });
    expect(
      [...links]
        .filter(([, { role }]) => role === 'next')
        .map(([key]) => key)
        .sort(),
    ).toEqual(['a d', 'b c', 'c d']);
    expect(machines.get('a')).toBe('chosen');
  });

  test('no way at all', () => {
    expect(lit({ kind: 'path', from: 'a', to: 'f' }, ['c']).links.size).toBe(0);
  });
});

describe('without something', () => {
  test('its links go with a machine; who is behind it is cut off from where one looks', () => {
    const { removedMachines, removedLinks, cutOff, isActive } = lit(undefined, ['c']);
    expect([...removedMachines]).toEqual(['c']);
    expect([...removedLinks].sort()).toEqual(['b c', 'c d', 'c f']);
    expect([...cutOff].sort()).toEqual(['d', 'f']);
    expect(isActive).toBe(false);
  });

  test('a link in either order', () => {
    expect(removalOf('b a')).toEqual({ kind: 'link', ends: ['b', 'a'] });
    expect([...lit(undefined, ['b a']).removedLinks]).toEqual(['a b']);
  });
});

test('a machine, a link or a data centre sends nothing into the background', () => {
  expect(lit({ kind: 'machine', machine: 'a' })).toMatchObject({ isActive: false });
  expect(lit({ kind: 'link', from: 'b', to: 'a' }).links.get('a b')).toMatchObject({ role: 'chosen' });
  expect(lit({ kind: 'data-center', dataCenter: '' })).toMatchObject({ isActive: false, center: '' });
});

test('the search finds names of machines and of their services', () => {
  expect([...matching(scene, ' DB ')].sort()).toEqual(['d', 'e']);
  expect([...matching(scene, 'a')]).toEqual(['a']);
  expect(matching(scene, '  ').size).toBe(0);
});
