// The graph at a moment: what happened later is undone.

import type { HistoryEvent } from '@snapcommunicator/network/story';
import { describe, expect, test } from 'vitest';
import { EMPTY_MEMORY, graphAt, remember } from './past.ts';
import { graphOf, NOW } from './testing/graphs.ts';

const namesAt = (
  events: HistoryEvent[],
  time: number,
  graph = graphOf({ a: {}, b: {} }, ['a-b']),
  memory = EMPTY_MEMORY,
) => graphAt(graph, events, time, memory).servers.map(({ name, isReachable }) => `${isReachable ? '' : '!'}${name}`);

const event = (ago: number, kind: HistoryEvent['kind'], parts: Partial<HistoryEvent> = {}): HistoryEvent => ({
  time: NOW - ago,
  kind,
  server: 'b',
  ...parts,
});

describe('the graph at a moment', () => {
  test('nothing happened since: as it is now, but for the time', () => {
    const graph = graphOf({ a: {}, b: { services: ['x'] } }, ['a-b']);
    expect(graphAt(graph, [event(100, 'server-up')], NOW - 50)).toEqual({ ...graph, time: NOW - 50 });
  });

  test.each<[string, HistoryEvent[], number, string[]]>([
    ['before it came it is not there', [event(10, 'server-up')], 20, ['a']],
    ['after it came it is', [event(10, 'server-up')], 5, ['a', 'b']],
    ['between a loss and a return it is lost', [event(30, 'server-lost'), event(10, 'server-up')], 20, ['a', '!b']],
    ['before both it is there', [event(30, 'server-lost'), event(10, 'server-up')], 40, ['a', 'b']],
    [
      'an arrival that was told twice',
      [event(30, 'server-lost'), event(11, 'server-up'), event(10, 'server-up')],
      20,
      ['a', '!b'],
    ],
  ])('%s', (_what, events, ago, names) => expect(namesAt(events, NOW - ago)).toEqual(names));

  test('a machine that is lost now was there before, and says since when it was lost in between', () => {
    const lost = graphOf({ a: {}, b: { isReachable: false, lostSince: NOW - 10 } });
    const [, before] = graphAt(lost, [event(10, 'server-lost')], NOW - 20).servers;
    expect(before).toMatchObject({ isReachable: true });
    expect(before).not.toHaveProperty('lostSince');
    const events = [event(30, 'server-lost'), event(10, 'server-up')];
    expect(graphAt(graphOf({ a: {}, b: {} }), events, NOW - 20).servers[1]?.lostSince).toBe(NOW - 30);
  });

  test('a life that began later says nothing of since when it was up', () => {
    const graph = graphOf({ a: { upSince: NOW - 90 }, b: { upSince: NOW - 10 } });
    const events = [event(30, 'server-lost'), event(10, 'server-up')];
    expect(graphAt(graph, events, NOW - 40).servers.map(({ upSince }) => upSince)).toEqual([NOW - 90, undefined]);
  });

  test('links come and go, as they were where somebody remembers', () => {
    const graph = graphOf({ a: {}, b: {} }, ['a-b']);
    const up = [event(10, 'link-up', { server: 'a', peer: 'b' })];
    expect(graphAt(graph, up, NOW - 20).links).toEqual([]);
    const without = graphOf({ a: {}, b: {} });
    const lost = [event(10, 'link-lost', { server: 'a', peer: 'b' })];
    expect(graphAt(without, lost, NOW - 20).links).toEqual([
      { from: 'a', to: 'b', cost: 10, kind: 'network', state: 'up', isOpaque: false },
    ]);
    const costly = { ...graph, links: graph.links.map((link) => ({ ...link, cost: 77 })) };
    expect(graphAt(without, lost, NOW - 20, remember(EMPTY_MEMORY, costly)).links[0]?.cost).toBe(77);
  });

  test('services come and go, with their commands where somebody remembers', () => {
    const graph = graphOf({ a: {}, b: { services: ['x/PING', 'z'] } });
    const up = [event(10, 'service-up', { service: 'x' })];
    expect(graphAt(graph, up, NOW - 20).servers[1]?.services).toEqual([{ name: 'z' }]);
    const without = graphOf({ a: {}, b: { services: ['z'] } });
    const down = [event(10, 'service-down', { service: 'x' })];
    expect(graphAt(without, down, NOW - 20).servers[1]?.services).toEqual([{ name: 'x' }, { name: 'z' }]);
    expect(graphAt(without, down, NOW - 20, remember(EMPTY_MEMORY, graph)).servers[1]?.services[0]).toEqual({
      name: 'x',
      commands: ['PING'],
    });
  });

  test('the number of machines of a data centre follows', () => {
    const graph = graphOf({ a: {}, b: { dataCenter: 'west' } });
    const counts = graphAt(graph, [event(10, 'server-up')], NOW - 20).dataCenters.map((center) => center.serverCount);
    expect(counts).toEqual([1, 0]);
  });

  test('a machine that has gone for good comes back from memory', () => {
    const memory = remember(EMPTY_MEMORY, graphOf({ a: {}, b: {} }));
    expect(namesAt([event(10, 'server-lost')], NOW - 20, graphOf({ a: {} }), memory)).toEqual(['a', 'b']);
    expect(namesAt([event(10, 'server-lost')], NOW - 20, graphOf({ a: {} }))).toEqual(['a']);
  });
});
