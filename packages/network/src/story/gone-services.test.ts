// Which services are gone while their machines stay: from the graph, and from what came and went.

import { describe, expect, it } from 'vitest';
import type { AtlasServer, GraphDocument } from '../atlas/document.ts';
import { goneServices } from './gone-services.ts';
import type { Happening, HistoryEvent } from './traffic.ts';

const NOW = 1000;

type Parts = Partial<Omit<AtlasServer, 'services'>> & { readonly services?: readonly string[] };

const graphOf = (servers: Readonly<Record<string, Parts>>, more: Partial<GraphDocument> = {}): GraphDocument => ({
  version: 1,
  seenFrom: 'a',
  time: NOW,
  dataCenters: [],
  links: [],
  servers: Object.entries(servers).map(([name, { services = [], ...parts }]) => ({
    name,
    dataCenter: '',
    knowledge: 'whole',
    isDraining: false,
    isReachable: true,
    nextHops: [],
    ...parts,
    services: services.map((service) => ({ name: service })),
  })),
  ...more,
});
const event = (ago: number, kind: Happening, server: string, service?: string): HistoryEvent => ({
  time: NOW - ago,
  kind,
  server,
  ...(service !== undefined && { service }),
});
const down = (ago: number, server = 'b', service = 'billing') => event(ago, 'service-down', server, service);
const up = (ago: number, server = 'b', service = 'billing') => event(ago, 'service-up', server, service);
const lost = (ago: number, ...services: string[]): Parts => ({ isReachable: false, lostSince: NOW - ago, services });

describe('a service that is gone', () => {
  it.each<[string, Readonly<Record<string, Parts>>, HistoryEvent[], string[]]>([
    ['went down', { a: {}, b: {} }, [down(20)], ['billing on b 20 s ago']],
    ['came and went, told in any order', { a: {}, b: {} }, [down(20), up(30)], ['billing on b 20 s ago']],
    ['is back', { a: {}, b: { services: ['billing'] } }, [down(20), up(10)], []],
    ['is back, and the history does not know it yet', { a: {}, b: { services: ['billing'] } }, [down(20)], []],
    ['is back, and the graph does not know it yet', { a: {}, b: {} }, [down(20), up(10)], []],
    ['is elsewhere, and always was', { a: { services: ['billing'] }, b: {} }, [down(20)], []],
    ['has been heard of behind a C++ daemon', { a: {}, b: {}, c: { heardOf: ['billing'] } }, [down(20)], []],
    ['was on two machines', { a: {}, b: {} }, [down(20, 'a'), down(30, 'b')], ['billing on a 20 s ago']],
    ['is as forgotten as its history', { a: {}, b: {} }, [], []],
    ['its machine was lost later', { a: {}, b: lost(10) }, [down(20)], []],
    ['its machine is forgotten', { a: {} }, [down(20)], []],
    ['another instance was lost later', { a: {}, b: {}, c: lost(10, 'billing') }, [down(20)], []],
    [
      'another instance was lost long ago',
      { a: {}, b: {}, c: lost(90, 'billing') },
      [down(20)],
      ['billing on b 20 s ago'],
    ],
    ['something else happened to its machine', { a: {}, b: {} }, [event(20, 'server-up', 'b')], []],
    ['several', { a: {}, b: {} }, [down(9, 'b', 'x'), down(20, 'a', 'c')], ['c on a 20 s ago', 'x on b 9 s ago']],
  ])('%s', (_what, servers, events, gone) =>
    expect(
      goneServices(graphOf(servers), events).map(
        ({ service, server, since }) => `${service} on ${server} ${NOW - since} s ago`,
      ),
    ).toEqual(gone),
  );

  it('of a moment, what happened later is not known', () => {
    const events = [down(30), up(20), down(10)];
    expect(goneServices(graphOf({ a: {}, b: {} }), events, NOW - 25)).toMatchObject([{ since: NOW - 30 }]);
    expect(goneServices(graphOf({ a: {}, b: {} }), events, NOW - 40)).toEqual([]);
  });

  it('nothing is said where the graph does not list services', () => {
    expect(goneServices(graphOf({ a: {}, b: {} }, { leftOut: ['commands of services'] }), [down(20)])).toHaveLength(1);
    expect(goneServices(graphOf({ a: {}, b: {} }, { leftOut: ['services'] }), [down(20)])).toEqual([]);
  });
});
