// What lies behind C++ daemons, as the router sees it: own links, borders, names that nobody knows.

import { describe, expect, test } from 'vitest';
import { instanceOf } from '../frame/frame.ts';
import { type OpaqueFact, readOpaque, writeOpaque } from '../legacy/opaque.ts';
import { type Decision, type Peer, ROUTER_OPTIONS, Router } from './router.ts';

const fact = (server: string, more: Partial<OpaqueFact> = {}): OpaqueFact => ({
  ...{ server, address: '10.0.0.9:4042', since: 1795353894, services: [], heardOf: [], servers: [] },
  ...more,
});

const idOf = (letter: string): string => letter.repeat(16);

/** Routers in a line, a - b - c, that know all of each other; each with its C++ peers. */
function lineOf(...peers: readonly (readonly OpaqueFact[])[]): {
  readonly routers: Router[];
  settle(): void;
  now: number;
} {
  const routers = peers.map((_, at) => {
    const node = idOf('abcdef'[at] as string);
    const own = { node, incarnation: 1, nameSince: 1, random: () => 0.5 };
    return new Router('abcdef'[at] as string, { ...ROUTER_OPTIONS, ...own }, 0);
  });
  const world = { routers, now: 0, settle };
  const under: { readonly to: number; readonly from: number; readonly frame: never }[] = [];
  const take = (at: number, effects: readonly { readonly kind: string }[]): void => {
    for (const effect of effects)
      if (effect.kind === 'send') {
        const { link, frame } = effect as unknown as { link: number; frame: never };
        under.push({ to: link, from: at, frame });
      }
  };
  // A link's number is the place of the router at its other end.
  for (let at = 0; at + 1 < routers.length; at++) {
    for (const [here, there] of [
      [at, at + 1],
      [at + 1, at],
    ] as const) {
      const node = idOf('abcdef'[there] as string);
      const peer: Peer = {
        ...{ node, instance: instanceOf(node, 1), isInArea: true },
        ...{ kind: 'network', cost: undefined, roundTripMs: 1 },
      };
      take(here, (routers[here] as Router).step({ kind: 'link-up', link: there, peer }, 0));
    }
  }
  peers.forEach((facts, at) => {
    facts.forEach((one, place) => {
      take(at, (routers[at] as Router).step({ kind: 'opaque', link: 100 + place, fact: one }, 0));
    });
  });
  function settle(): void {
    for (const until = world.now + 1000; world.now < until; world.now += 5) {
      for (const { to, from, frame } of under.splice(0))
        take(to, (routers[to] as Router).step({ kind: 'frame', link: from, frame }, world.now));
      routers.forEach((router, at) => {
        take(at, router.step({ kind: 'wake' }, world.now));
      });
    }
  }
  settle();
  return world;
}

const short = (decision: Decision | undefined): string => {
  if (decision?.kind === 'opaque') return `peers ${decision.ports.join(',')}`;
  return decision?.kind === 'node' ? `node ${decision.node[0]}` : (decision?.kind ?? 'none');
};

test('a fact is read as it was written', () => {
  const said = fact('n2', { services: ['w9', 'x'], heardOf: ['hh'], servers: ['n3'] });
  expect(readOpaque('opaque.n2', writeOpaque(said))).toEqual(said);
  expect(readOpaque('opaque.n3', writeOpaque(fact('n3')))).toEqual(fact('n3'));
  expect(readOpaque('service.x', 'PING')).toBeUndefined();
  expect(readOpaque('opaque.../x', '')).toBeUndefined();
  expect(readOpaque('opaque.n2', 'nonsense')).toMatchObject({ server: 'n2', since: 0, services: [] });
  const many = Array.from({ length: 5000 }, (_, number) => `service_${number}`);
  expect(writeOpaque(fact('n2', { services: many, heardOf: many, servers: many })).length).toBeLessThan(32_768);
});

describe('a line a - b - c; b is linked with fake, c with other', () => {
  const { routers } = lineOf(
    [],
    [fact('fake', { services: ['w9'], servers: ['beyond'] })],
    [fact('other', { services: ['w8'], heardOf: ['rumour'] })],
  );
  test.each<[number, string, string, string]>([
    [0, '', 'w9', 'node b'],
    [0, '?', 'w9', 'node b'],
    [0, '', 'w8', 'node c'],
    [0, 'FAKE', 'w9', 'node b'],
    [0, 'fake', 'communicatord', 'node b'],
    [0, 'beyond', 'x', 'node b'],
    [0, 'other', 'x', 'node c'],
    [0, 'nobody', 'w9', 'absent'],
    [0, 'b', 'w9', 'absent'],
    [0, '.', 'w9', 'absent'],
    [0, '', 'nobody_knows', 'node b'],
    [0, '', 'rumour', 'node c'],
    [1, '', 'w9', 'peers 100'],
    [1, '', 'nobody_knows', 'peers 100'],
    [1, '', 'w8', 'node c'],
    [1, 'beyond', 'x', 'peers 100'],
    [1, 'b', 'w9', 'absent'],
    [1, '', 'communicatord', 'daemon'],
  ])('from %i, %s:%s goes to %s', (at, server, service, where) => {
    // What one has announced goes before what another might know.
    expect(short((routers[at] as Router).forward(server, service, '', 1000))).toBe(where);
  });

  test('which C++ daemons can be reached', () => {
    for (const router of routers) expect([...(router.graph?.opaque.servers() ?? [])].sort()).toEqual(['fake', 'other']);
  });

  test.each<[string, string, string]>([
    ['', 'w9', 'peers 100'],
    ['fake', 'communicatord', 'peers 100'],
    ['beyond', 'x', 'peers 100'],
    ['', 'nobody_knows', 'peers 100'],
    ['other', 'x', 'absent'],
    ['b', 'w9', 'absent'],
    ['b', 'communicatord', 'daemon'],
    ['', 'communicatord', 'daemon'],
  ])('what arrived at b for %s:%s goes to %s', (server, service, where) => {
    expect(short((routers[1] as Router).here(service, server, 1000))).toBe(where);
  });
});

test('a name that was in the graph a moment ago is waited for, one that was not is looked for', () => {
  const world = lineOf([], [fact('fake')]);
  const [a, b] = world.routers as [Router, Router];
  b.step({ kind: 'service-up', service: 'web', port: 7, isAnnounced: true }, world.now);
  world.settle();
  expect(short(a.forward('', 'web', '', world.now))).toBe('node b');
  b.step({ kind: 'port-down', port: 7 }, world.now);
  world.settle();
  expect(short(a.forward('', 'web', '', world.now))).toBe('absent');
  expect(short(b.forward('', 'web', '', world.now))).toBe('absent');
  expect(short(a.forward('', 'web', '', world.now + 61_000))).toBe('node b');
  expect(short(b.forward('', 'web', '', world.now + 61_000))).toBe('peers 100');
});

test('a service that belongs on this machine is looked for nowhere else', () => {
  const world = lineOf([], [fact('fake')]);
  const [a, b] = world.routers as [Router, Router];
  b.step({ kind: 'expected', services: ['web'] }, world.now);
  expect(short(b.forward('', 'web', '', world.now))).toBe('absent');
  expect(short(b.forward('', 'other', '', world.now))).toBe('peers 100');
  expect(short(a.forward('', 'web', '', world.now))).toBe('node b');
  expect(short(b.here('web', '', world.now))).toBe('absent');
});

test('a peer that is gone is nowhere; what waits for it is to be looked at', () => {
  const world = lineOf([], [fact('fake', { services: ['w9'] })]);
  const [a, b] = world.routers as [Router, Router];
  const effects = b.step({ kind: 'opaque', link: 100, fact: undefined }, world.now);
  expect(effects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['service', 'opaque']));
  world.settle();
  for (const router of [a, b]) {
    expect(short(router.forward('', 'w9', '', world.now))).toBe('absent');
    expect(short(router.forward('fake', 'w9', '', world.now))).toBe('absent');
  }
});
