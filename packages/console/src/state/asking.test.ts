// What is taken away in “Ask”: what may be, and what is left of the graph.

import { describe, expect, test } from 'vitest';
import { answerWithout, readRemoval } from './asking.ts';
import { graphOf } from './testing/graphs.ts';

/*  a ── b ── c      d: beside a and b
     \  /
      d            */
const graph = graphOf({ a: { services: ['web'] }, b: {}, c: { services: ['db'] }, d: {} }, [
  'a-b',
  'b-c',
  'a-d',
  'b-d',
]);

describe('without something', () => {
  test('machines and links by name, in either order', () => {
    expect(readRemoval(graph, ' B ')).toEqual({ kind: 'server', server: 'b' });
    expect(readRemoval(graph, 'c-b')).toEqual({ kind: 'link', ends: ['c', 'b'] });
    expect(readRemoval(graph, 'a-c')).toBeUndefined();
    expect(readRemoval(graph, 'nobody')).toBeUndefined();
  });

  test('who loses whom, and which services with them', () => {
    const { parts, removed, unknown } = answerWithout(graph, ['b-c', 'x']);
    expect(removed).toEqual(['b c']);
    expect(unknown).toEqual(['x']);
    expect(parts).toEqual([
      { servers: ['a', 'b', 'd'], loses: ['c'], services: ['db'] },
      { servers: ['c'], loses: ['a', 'b', 'd'], services: ['web'] },
    ]);
  });

  test('nobody loses anybody, but ways cost more', () => {
    const { parts, detours } = answerWithout(graph, ['a-b']);
    expect(parts).toEqual([]);
    expect(detours).toEqual([
      { from: 'a', to: 'b', cost: 20, before: 10 },
      { from: 'a', to: 'c', cost: 30, before: 20 },
    ]);
  });

  test('services that go with a machine', () => {
    expect(answerWithout(graph, ['c'])).toMatchObject({ parts: [], services: ['db'] });
    expect(answerWithout(graph, [])).toMatchObject({ removed: [], detours: [], services: [] });
  });
});
