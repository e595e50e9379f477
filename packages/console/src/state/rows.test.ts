// The rows of the tables, from the graph and the traffic.

import { describe, expect, test } from 'vitest';
import { serviceColumns } from './columns.ts';
import { linkRows, machineRows, serviceRates, serviceSummaries } from './rows.ts';
import { arrange, textOf } from './tables.ts';
import { graphOf, NOW } from './testing/graphs.ts';
import { trafficOf } from './testing/traffic.ts';

describe('rows of the tables', () => {
  test('a service has the rates that its own daemon tells', () => {
    const rates = serviceRates(
      new Map([
        [
          'a',
          trafficOf({
            services: [
              { service: 'a:web', sent: 5, received: 1 },
              { service: 'b:db', sent: 9, received: 9 },
            ],
          }),
        ],
        ['b', trafficOf({ services: [{ service: 'b:db', sent: 2, received: 6 }] })],
      ]),
    );
    expect(Object.fromEntries(rates)).toEqual({ 'a:web': { sent: 5, received: 1 }, 'b:db': { sent: 2, received: 6 } });
  });

  test('machines: state in words, rates of their services, links that stand', () => {
    const graph = graphOf(
      { a: { services: ['web', 'x'] }, b: { isDraining: true }, c: { isReachable: false, load: 99 }, d: { load: 99 } },
      ['a-b', 'a-c'],
    );
    const rates = new Map([
      ['a:web', { sent: 5, received: 1 }],
      ['a:x', { sent: 1, received: 1 }],
    ]);
    expect(machineRows(graph, rates, new Map())).toMatchObject([
      { name: 'a', state: 'well', condition: 'up', sent: 6, received: 2, links: 2 },
      { name: 'b', state: 'degraded', condition: 'draining', sent: 0, links: 1 },
      { name: 'c', state: 'lost', condition: 'lost' },
      { name: 'd', state: 'degraded', condition: 'overloaded' },
    ]);
  });

  test('services: on which machines, gone with which, since when', () => {
    const graph = graphOf({
      a: { services: ['web/PING'] },
      b: { services: ['web/PING,EXTRA'] },
      c: { isReachable: false, services: ['web', 'gone'] },
    });
    const details = new Map([
      ['a', [{ server: 'a', service: 'web', status: 'up', up_since: 50, queued_bytes: 7 } as const]],
      ['b', [{ server: 'b', service: 'web', status: 'up', up_since: 20 } as const]],
    ]);
    expect(serviceSummaries(graph, new Map(), details, new Map())).toMatchObject([
      { name: 'gone', state: 'lost', machines: [], lostOn: ['c'] },
      { name: 'web', state: 'degraded', machines: ['a', 'b'], lostOn: ['c'], upSince: 20, queuedBytes: 7 },
    ]);
  });

  test('services: gone, while their machine is there', () => {
    const graph = graphOf({ a: { services: ['web'] }, b: { isReachable: false, services: ['old'] } });
    const gone = ['old', 'billing'].map((service) => ({ service, server: 'a', since: NOW - 20 }));
    const rows = serviceSummaries(graph, new Map(), new Map(), new Map(), gone);
    expect(rows).toMatchObject([
      { name: 'billing', state: 'lost', machines: [], lostOn: [], gone: { server: 'a' } },
      { name: 'old', state: 'lost', lostOn: ['b'], gone: { server: 'a' } },
      { name: 'web', state: 'well', gone: undefined },
    ]);
    const columns = serviceColumns(NOW, rows);
    const shown = (key: string) =>
      arrange(rows, columns, '', { column: 'state', isDescending: false }).map((row) =>
        textOf(columns.find((column) => column.key === key) as (typeof columns)[number], row),
      );
    expect(shown('state')).toEqual(['gone 20 s ago', 'gone 20 s ago', 'up']);
    expect(shown('machines')).toEqual(['was on a', 'was on a, b', 'a']);
  });

  test('services by their state: the worst first', () => {
    const graph = graphOf({
      a: { services: ['a', 'b', 'c/PING', 'd'] },
      b: { services: ['c/PING,EXTRA'] },
      c: { isReachable: false, services: ['d', 'z'] },
    });
    const rows = serviceSummaries(graph, new Map(), new Map(), new Map(), [{ service: 'y', server: 'a', since: NOW }]);
    const sorted = arrange(rows, serviceColumns(NOW, rows), '', { column: 'state', isDescending: false });
    expect(sorted.map(({ name }) => name)).toEqual(['y', 'z', 'c', 'd', 'a', 'b']);
  });

  test('links: both directions, and lost with an end', () => {
    const graph = graphOf({ a: {}, b: {}, c: { isReachable: false } }, ['a-b', 'b-c']);
    const links = [
      { from: 'a', to: 'b', messages: 5 },
      { from: 'b', to: 'a', messages: 3 },
    ];
    expect(linkRows(graph, { time: NOW, flows: [], links })).toMatchObject([
      { state: 'well', condition: 'up', forward: 5, backward: 3 },
      { state: 'lost', condition: 'lost', forward: 0 },
    ]);
  });
});
