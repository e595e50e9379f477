// Paths in documents: the shortest, the next best, what is lost without something, and what has no spare.

import { describe, expect, it } from 'vitest';
import { encodeGraph } from './document.ts';
import { healthOf } from './health.ts';
import { lossWithout } from './loss.ts';
import { mergeGraphs } from './merge.ts';
import { Atlas, weakSpots } from './paths.ts';
import { readGraph } from './reader.ts';
import { GRAPHS, graphOf } from './testing/graphs.ts';

const graph = (name: string) => GRAPHS[name] as (typeof GRAPHS)[string];

describe('paths', () => {
  it('finds all shortest ones', () => {
    const atlas = new Atlas(graph('ring'));
    expect(atlas.shortest('a', 'd')).toEqual([
      { servers: ['a', 'b', 'c', 'd'], cost: 30 },
      { servers: ['a', 'e', 'd'], cost: 30 },
    ]);
    expect(atlas.shortest('a', 'a')).toEqual([{ servers: ['a'], cost: 0 }]);
    expect(atlas.shortest('a', 'nowhere')).toEqual([]);
  });

  it('finds the next best', () => {
    const atlas = new Atlas(graph('ring'));
    expect(atlas.nextBest('a', 'c')).toEqual({ servers: ['a', 'e', 'd', 'c'], cost: 40 });
    expect(new Atlas(graph('line')).nextBest('alpha', 'delta')).toBeUndefined();
  });

  it('costs what each end says', () => {
    const { links, ...rest } = graphOf({ servers: ['a', 'b'], links: ['a-b 10'] });
    const atlas = new Atlas({ ...rest, links: links.map((link) => ({ ...link, costBack: 25 })) });
    expect([atlas.cost('a', 'b'), atlas.cost('b', 'a')]).toEqual([10, 25]);
  });

  it('takes nothing through an opaque server, or over a link that is half', () => {
    const atlas = new Atlas(
      graphOf({ servers: ['a', 'old opaque', 'b', 'c'], links: ['a-old opaque', 'b-old opaque', 'b-c half'] }),
    );
    expect(atlas.cost('a', 'old')).toBe(10);
    expect(atlas.cost('a', 'b')).toBeUndefined();
    expect(atlas.cost('b', 'c')).toBeUndefined();
    expect(atlas.parts()).toEqual([['a', 'old'], ['b'], ['c']]);
  });
});

describe('what would be lost', () => {
  it.each([
    [
      'line',
      { kind: 'server', server: 'gamma' },
      [
        ['alpha', 'beta'],
        ['delta', 'epsilon'],
      ],
      [],
    ],
    ['line', { kind: 'server', server: 'alpha' }, [], ['cron', 'web']],
    ['line', { kind: 'server', server: 'delta' }, [['alpha', 'beta', 'gamma'], ['epsilon']], []],
    ['line', { kind: 'link', ends: ['beta', 'alpha'] }, [['beta', 'delta', 'epsilon', 'gamma'], ['alpha']], []],
    ['ring', { kind: 'server', server: 'b' }, [], []],
    ['ring', { kind: 'link', ends: ['a', 'e'] }, [], []],
    ['two-data-centres', { kind: 'link', ends: ['e1', 'w1'] }, [], []],
    ['trouble', { kind: 'server', server: 'beta' }, [['alpha'], ['delta']], ['db']],
  ] as const)('%s without %j', (name, removal, parts, services) => {
    expect(lossWithout(graph(name), removal)).toEqual({ parts, services });
  });

  it.each([
    ['line', ['beta', 'delta', 'gamma'], 4],
    ['ring', [], 0],
    ['mesh', [], 0],
    ['two-data-centres', [], 0],
    ['opaque', ['beta'], 2],
    ['alone', [], 0],
  ])('%s has weak spots %j', (name, servers, links) => {
    const weak = weakSpots(graph(name));
    expect(weak.servers).toEqual(servers);
    expect(weak.links).toHaveLength(links);
  });

  it('agrees with trying each', () => {
    for (const document of Object.values(GRAPHS)) {
      const { servers } = weakSpots(document);
      const tried = document.servers.filter(
        ({ name }) => lossWithout(document, { kind: 'server', server: name }).parts.length > 0,
      );
      expect(servers).toEqual(tried.map(({ name }) => name).sort());
    }
  });
});

describe('health', () => {
  it('names what is wrong', () => {
    const { isWell, summary, problems, notes } = healthOf(graph('trouble'));
    expect(isWell).toBe(false);
    expect(summary).toBe('4 machines, 3 services: 2 problems');
    expect(problems[0]).toBe('gamma cannot be reached (lost 40 s ago), and mail with it');
    expect(notes[0]).toBe('beta is draining: it takes no new traffic');
    expect(healthOf(graph('two-data-centres')).summary).toBe('6 machines, 6 services, 2 data centres: all well');
  });
});

describe('documents', () => {
  it.each(Object.keys(GRAPHS))('are read as they were written: %s', (name) => {
    expect(readGraph(encodeGraph(graph(name)))).toEqual({ graph: graph(name) });
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['the document is [], expected an object', '[]'],
    ['version is 2, expected 1', '{"version":2}'],
    ['servers[0].name is "a b", expected the name of a server', mutated('servers', 0, { name: 'a b' })],
    ['servers has beta twice', mutated('servers', 0, { name: 'beta' })],
    ['servers[1].load is -1, expected a number of at least 0', mutated('servers', 1, { load: -1 })],
    ['servers[1].isDraining is "no", expected true or false', mutated('servers', 1, { isDraining: 'no' })],
    ['servers[1].version', mutated('servers', 1, { version: 'a\u001b[31m' })],
    ['links[0] leads to nobody, which is not among the servers', mutated('links', 0, { to: 'nobody' })],
    ['links[0].state is "fine", expected up or coming or half', mutated('links', 0, { state: 'fine' })],
  ])('say that %s', (problem, text) => {
    const reading = readGraph(text);
    expect('problem' in reading ? reading.problem : '').toContain(problem);
  });

  it('pass over what they do not know', () => {
    const text = JSON.stringify({ ...graph('line'), later: [1] });
    expect(readGraph(text)).toEqual({ graph: graph('line') });
  });

  it('leave out what is least missed', () => {
    const whole = graph('mesh');
    const size = encodeGraph(whole).length;
    const shorter = JSON.parse(encodeGraph(whole, size - 1)) as typeof whole;
    expect(shorter.leftOut).toEqual(['commands of services']);
    expect(shorter.servers[0]?.services[0]).toEqual({ name: 'web' });
    expect(JSON.parse(encodeGraph(whole, 1))).toMatchObject({ leftOut: { length: 4 }, links: whole.links });
  });
});

describe('merging', () => {
  const servers = ['a @east: web', 'b @east', 'c @west: db'];
  const base = graphOf({ servers, links: ['a-b', 'b-c 100 far'] });

  it('takes the round trips of links from their ends, and who is known whole', () => {
    const summary = {
      ...base,
      servers: base.servers.map((server) =>
        server.name === 'c' ? { ...server, knowledge: 'summary' as const, services: [], distance: 120 } : server,
      ),
    };
    const other = graphOf({ servers, links: ['a-b', 'c-b 130 far 40ms tls'], seenFrom: 'c' });
    const merged = mergeGraphs(summary, [other]);
    expect(merged.links).toEqual([
      base.links[0],
      { ...other.links[1], from: 'c', to: 'b', cost: 130, costBack: 100, roundTripMs: 40, isSecure: true },
    ]);
    expect(merged.servers[2]).toMatchObject({ knowledge: 'whole', distance: 120, services: [{ name: 'db' }] });
    expect(merged.seenFrom).toBe('a');
  });

  it('is nothing with nobody', () => expect(mergeGraphs(base, [])).toEqual(base));
});

function mutated(list: 'servers' | 'links', at: number, change: object): string {
  const document = structuredClone(GRAPHS['line']) as unknown as Record<string, object[]>;
  Object.assign(document[list]?.[at] as object, change);
  return JSON.stringify(document);
}
