// What the map is made of: traffic told by several machines counts once, and states follow from what is known.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { describe, expect, test } from 'vitest';
import { graphOf } from '../state/testing/graphs.ts';
import { trafficOf } from '../state/testing/traffic.ts';
import { buildScene, mergeTraffic } from './model.ts';

const flow = (from: string, to: string, command: string, messages: number) => ({
  from,
  to,
  command,
  messages,
  bytes: 0,
});
const row = (server: string, messagesOut: number, messagesIn: number) => ({
  server,
  messagesOut,
  messagesIn,
  bytesOut: 0,
  bytesIn: 0,
});

const told = mergeTraffic(
  new Map([
    [
      'a',
      trafficOf({
        time: 1000,
        messages: 7,
        flows: [flow('a:web', 'b:db', 'GET', 4), flow('a:web', 'b:db', 'PUT', 1)],
        links: [row('b', 5, 2)],
      }),
    ],
    [
      'b',
      trafficOf({
        time: 1001,
        messages: 6,
        flows: [flow('a:web', 'b:db', 'GET', 4.5)],
        links: [row('a', 2.5, 5)],
      }),
    ],
  ]),
);

describe('traffic', () => {
  test('of a flow and of each direction of a link, once', () => {
    expect(told.flows).toEqual([{ from: 'a:web', to: 'b:db', messages: 5 }]);
    expect(told.links).toEqual([
      { from: 'a', to: 'b', messages: 5 },
      { from: 'b', to: 'a', messages: 2.5 },
    ]);
    expect(told.time).toBe(1001);
  });

  test('comes to machines, services and links', () => {
    const graph = graphOf({ a: { services: ['web', 'idle'] }, b: { services: ['db'] } }, ['b-a']);
    const { machines, links } = buildScene(graph, told, graph.time);
    expect(machines.get('a')).toMatchObject({
      perSecond: 5,
      services: [
        { name: 'web', perSecond: 5 },
        { name: 'idle', perSecond: 0 },
      ],
    });
    expect(links).toMatchObject([{ key: 'a b', forward: 5, backward: 2.5 }]);
  });
});

describe('states', () => {
  const base = graphOf({ a: {}, b: {}, c: {} }, ['a-b', 'b-c', 'a-b']);
  const changed = (name: string, parts: object): GraphDocument => ({
    ...base,
    servers: base.servers.map((server) => (server.name === name ? { ...server, ...parts } : server)),
  });
  const stateOf = (graph: GraphDocument, name: string) =>
    buildScene(graph, undefined, graph.time).machines.get(name)?.state;

  test('of machines', () => {
    expect(stateOf(base, 'a')).toBe('well');
    expect(stateOf(changed('a', { isDraining: true }), 'a')).toBe('degraded');
    expect(stateOf(changed('a', { load: 97 }), 'a')).toBe('degraded');
    expect(stateOf(changed('a', { isReachable: false }), 'a')).toBe('lost');
  });

  test('of links: several between two are one; one that leads to a lost machine is lost', () => {
    const { links } = buildScene(changed('c', { isReachable: false }), undefined, base.time);
    expect(links.map(({ key, count, state }) => [key, count, state])).toEqual([
      ['a b', 2, 'up'],
      ['b c', 1, 'lost'],
    ]);
  });

  test('of data centres', () => {
    const graph = {
      ...changed('c', { dataCenter: 'west', isReachable: false }),
      dataCenters: [
        { name: 'east', isOwn: true, serverCount: 2 },
        { name: 'west', isOwn: false, serverCount: 4 },
      ],
    };
    const { centers, centerLinks, hasRegions } = buildScene(graph, undefined, base.time);
    expect(hasRegions).toBe(true);
    expect(centers).toMatchObject([
      { name: 'east', machineCount: 2, lostCount: 0 },
      { name: 'west', machineCount: 4, lostCount: 1 },
    ]);
    expect(centerLinks).toMatchObject([{ key: 'east west', count: 1, upCount: 0 }]);
  });
});
