// The line at the top: how things are, in words.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { describe, expect, test } from 'vitest';
import { clockOf } from './format.ts';
import { type HealthLevel, healthLine, type RaisedFlag } from './health.ts';
import { graphOf, NOW } from './testing/graphs.ts';

const lost = { isReachable: false, lostSince: NOW - 40 };
const flag = (priority: number, name = 'disk'): RaisedFlag => ({
  unit: 'store',
  section: 'main',
  name,
  message: 'the disk is full',
  priority,
});
const half = (graph: GraphDocument): GraphDocument => ({
  ...graph,
  links: graph.links.map((link) => ({ ...link, state: 'half' })),
});

describe('the health line', () => {
  test.each<[HealthLevel, string, GraphDocument, RaisedFlag[]]>([
    ['well', '2 machines, 1 service: all well', graphOf({ a: { services: ['x'] }, b: { services: ['x'] } }), []],
    [
      'well',
      '2 machines, 2 services, 2 data centres: all well',
      graphOf({ a: { services: ['x', 'y'] }, b: { dataCenter: 'west' } }),
      [],
    ],
    [
      'degraded',
      '3 machines, 0 services: a and c overloaded',
      graphOf({ a: { load: 91 }, b: { load: 90 }, c: { load: 100 } }),
      [],
    ],
    ['lost', 'b lost 40 s ago: 2 services unreachable', graphOf({ a: {}, b: { ...lost, services: ['x', 'y'] } }), []],
    [
      'lost',
      'b lost 40 s ago: 1 service unreachable',
      graphOf({ a: { services: ['x'] }, b: { ...lost, services: ['x', 'y'] } }),
      [],
    ],
    [
      'lost',
      'b lost 40 s ago: every service still runs elsewhere',
      graphOf({ a: { services: ['x'] }, b: { ...lost, services: ['x'] } }),
      [],
    ],
    ['lost', 'b lost 40 s ago: no service is missing', graphOf({ a: {}, b: lost }), []],
    ['lost', 'b lost: no service is missing', graphOf({ a: {}, b: { isReachable: false } }), []],
    [
      'lost',
      'b and c lost, the last 40 s ago: 1 service unreachable',
      graphOf({ a: {}, b: { ...lost, lostSince: NOW - 90, services: ['x'] }, c: lost }),
      [],
    ],
    [
      'lost',
      '4 machines lost, the last 40 s ago: no service is missing',
      graphOf({ a: {}, b: lost, c: lost, d: lost, e: lost }),
      [],
    ],
    [
      'lost',
      'The data centre west with 2 machines lost, the last 40 s ago: 1 service unreachable',
      graphOf({ a: {}, b: { ...lost, dataCenter: 'west', services: ['x'] }, c: { ...lost, dataCenter: 'west' } }),
      [],
    ],
    [
      'lost',
      'b lost 40 s ago: no service is missing, and 2 more problems',
      graphOf({ a: {}, b: lost }),
      [flag(5), flag(4, 'clock')],
    ],
    ['lost', '1 flag up; store: the disk is full', graphOf({ a: {} }), [flag(90)]],
    ['degraded', '1 flag up; store: the disk is full', graphOf({ a: {} }), [flag(5)]],
    [
      'degraded',
      'The link a – b is advertised by one end only: nothing goes over it',
      half(graphOf({ a: {}, b: {} }, ['a-b'])),
      [],
    ],
  ])('%s: %s', (level, text, graph, flags) => expect(healthLine(graph, flags)).toMatchObject({ level, text }));

  const gone = (service: string, ago = 20) => ({ service, server: 'a', since: NOW - ago });
  const [since, before] = [clockOf(NOW - 20), clockOf(NOW - 50)];

  test.each<[HealthLevel, string, string, GraphDocument, RaisedFlag[], ReturnType<typeof gone>[]]>([
    ['degraded', 'one', `x is gone since ${since}`, graphOf({ a: {} }), [], [gone('x')]],
    [
      'degraded',
      'two',
      `x and y are gone, the last since ${since}`,
      graphOf({ a: {} }),
      [],
      [gone('x', 50), gone('y')],
    ],
    [
      'degraded',
      'many',
      `4 services are gone, the last since ${before}`,
      graphOf({ a: {} }),
      [],
      ['v', 'w', 'x', 'y'].map((name) => gone(name, 50)),
    ],
    [
      'degraded',
      'before what only hurts',
      `x is gone since ${since}, and 2 more problems`,
      half(graphOf({ a: {}, b: {} }, ['a-b'])),
      [flag(5)],
      [gone('x')],
    ],
    [
      'lost',
      'behind a lost machine',
      'b lost 40 s ago: no service is missing, and 2 more problems',
      graphOf({ a: {}, b: lost }),
      [],
      [gone('x'), gone('y')],
    ],
  ])('%s: services that are gone, %s', (level, _what, text, graph, flags, services) =>
    expect(healthLine(graph, flags, services)).toMatchObject({ level, text }),
  );

  test('each that is gone has a sentence, but not without end', () => {
    const few = healthLine(graphOf({ a: {}, b: lost }), [flag(5)], [gone('x')]).problems;
    expect(few.map((text) => text.slice(0, 9))).toEqual(['b cannot ', 'x is gone', 'store/mai']);
    expect(few[1]).toBe(`x is gone since ${since}; it was on a`);
    const names = Array.from({ length: 500 }, (_, place) => gone(`x${place}`));
    const { problems, text } = healthLine(graphOf({ a: {} }), [], names);
    expect([problems.length, problems.at(-1)]).toEqual([20, '481 more services are gone']);
    expect(text).toBe(`500 services are gone, the last since ${since}`);
  });

  test('who is overloaded is named, as snapcom status does', () => {
    const busy = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { load: 95 }]));
    const { text, problems, notes } = healthLine(graphOf({ ...busy, e: { load: 95, isDraining: true }, f: {} }));
    expect(text).toBe('6 machines, 0 services: 5 machines overloaded');
    expect(problems).toEqual([]);
    expect(notes).toContainEqual(expect.stringMatching(/^a.*b.*c.*d.* are overloaded: more than 90 % of load$/));
  });

  test('what is spoken does not change as time goes by', () => {
    const graph = graphOf({ a: {}, b: { ...lost, services: ['x'] } });
    const later = healthLine({ ...graph, time: NOW + 1000 });
    expect(later.text).not.toBe(healthLine(graph).text);
    expect(later.spoken).toBe(healthLine(graph).spoken);
  });
});
