// The simulator in the page: a loss on the graph that is shown.

import { expect, test } from 'vitest';
import { forecast } from './forecast.ts';
import { graphOf } from './testing/graphs.ts';

const graph = graphOf({ a: { services: ['x'] }, b: {}, c: {} }, ['a-b', 'b-c', 'a-c']);

test('a loss is simulated: ways are right again, and messages arrive', () => {
  const told = forecast({ graph, removals: [{ kind: 'link', ends: ['a', 'b'] }] }, () => 0);
  expect(told).toMatchObject({ tookMs: 0 });
  if ('problem' in told) throw new Error(told.problem);
  expect(told.rightAfterMs).toBeGreaterThan(0);
  expect(told.arrived).toBeGreaterThan(told.sent * 0.9);
});

test('what cannot be simulated says why', () => {
  expect(forecast({ graph, removals: [] }, () => 0)).toEqual({ problem: 'Nothing is thought away.' });
  const many = graphOf(Object.fromEntries(Array.from({ length: 61 }, (_, at) => [`m${at}`, {}])));
  const told = forecast({ graph: many, removals: [{ kind: 'server', server: 'm1' }] }, () => 0);
  expect(told).toHaveProperty('problem', expect.stringContaining('61 machines'));
});
