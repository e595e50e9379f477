// Graphs for the tests of the atlas, from a few words each.

import type { AtlasLink, AtlasServer, GraphDocument } from '../document.ts';
import { Atlas } from '../paths.ts';

/** The time of all of them. */
export const NOW = 1_800_000_000;

interface Sketch {
  /** `a-b` with defaults, or `a-b 20`; further words: `half`, `far`, `opaque`, `tls`, `40ms`. */
  readonly links: readonly string[];
  /** `a: web mail`, or `a` alone; further words before the colon: `@east`, `draining`, `lost`, `opaque`. */
  readonly servers: readonly string[];
  readonly seenFrom?: string;
}

export function graphOf({ links, servers, seenFrom }: Sketch): GraphDocument {
  const read = servers.map(readServer);
  const own = seenFrom ?? (read[0] as AtlasServer).name;
  const dataCenter = read.find(({ name }) => name === own)?.dataCenter ?? '';
  const names = [...new Set([dataCenter, ...read.map((server) => server.dataCenter)])];
  const draft: GraphDocument = {
    version: 1,
    seenFrom: own,
    time: NOW,
    dataCenters: [],
    servers: read,
    links: links.map(readLink),
  };
  const atlas = new Atlas(draft);
  return {
    ...draft,
    servers: read.map((server) => withDistance(server, own, atlas)),
    dataCenters: names.map((name) => {
      const members = read.filter((server) => server.dataCenter === name);
      const costs = members.flatMap((server) => atlas.cost(own, server.name) ?? []);
      const way = name === dataCenter ? 0 : costs.length === 0 ? undefined : Math.min(...costs);
      return { name, isOwn: name === dataCenter, serverCount: members.length, ...(way !== undefined && { cost: way }) };
    }),
  };
}

function withDistance(server: AtlasServer, own: string, atlas: Atlas): AtlasServer {
  const distance = atlas.cost(own, server.name);
  if (!server.isReachable || distance === undefined) return { ...server, isReachable: false };
  const hops = atlas.shortest(own, server.name).flatMap(({ servers: path }) => path[1] ?? []);
  return { ...server, distance, nextHops: [...new Set(hops)].sort() };
}

function readServer(text: string): AtlasServer {
  const [head = '', services = ''] = text.split(':');
  const [name = '', ...words] = head.trim().split(/\s+/);
  const isLost = words.includes('lost');
  const isOpaque = words.includes('opaque');
  return {
    name,
    ...(!isOpaque && { id: hexOf(name), incarnation: NOW - 90_000, version: '0.2.0', load: 0 }),
    dataCenter: words.find((word) => word.startsWith('@'))?.slice(1) ?? '',
    knowledge: isOpaque ? 'opaque' : 'whole',
    ...(!isOpaque && !isLost && { upSince: NOW - 90_000 }),
    ...(isLost && { lostSince: NOW - 40 }),
    isDraining: words.includes('draining'),
    isReachable: !isLost,
    nextHops: [],
    services: services
      .split(' ')
      .filter((service) => service !== '')
      .map((service) => ({ name: service, ...(!isOpaque && { commands: ['PING', 'STATUS'] }) })),
  };
}

function readLink(text: string): AtlasLink {
  const [ends = '', ...words] = text.split(' ');
  const [from = '', to = ''] = ends.split('-');
  const roundTrip = words.find((word) => word.endsWith('ms'));
  const cost = words.map(Number).find((value) => value > 0);
  return {
    from,
    to,
    cost: cost ?? 10,
    kind: words.includes('far') ? 'data-center' : 'network',
    state: words.includes('half') ? 'half' : words.includes('coming') ? 'coming' : 'up',
    isOpaque: words.includes('opaque'),
    ...(roundTrip !== undefined && { roundTripMs: Number.parseFloat(roundTrip) }),
    ...(words.includes('tls') && { isSecure: true }),
  };
}

/** 16 hexadecimal digits that stand for a name. */
const hexOf = (name: string): string =>
  Array.from(name, (letter) => letter.charCodeAt(0).toString(16))
    .join('')
    .padEnd(16, '0')
    .slice(0, 16);

/** What the pictures are tested with. */
export const GRAPHS: Readonly<Record<string, GraphDocument>> = {
  line: graphOf({
    servers: ['alpha: web cron', 'beta: images', 'gamma', 'delta: db', 'epsilon: db mail'],
    links: ['alpha-beta 10 0.3ms', 'beta-gamma', 'gamma-delta', 'delta-epsilon'],
  }),
  ring: graphOf({
    servers: ['a: web', 'b', 'c: db', 'd', 'e: db'],
    links: ['a-b 10 0.25ms', 'b-c', 'c-d', 'd-e', 'a-e 20 4ms'],
    seenFrom: 'a',
  }),
  'two-data-centres': graphOf({
    servers: [
      'e1 @east: web cron',
      'e2 @east: images',
      'e3 @east: db',
      'w1 @west: web',
      'w2 @west: db mail',
      'w3 @west: backup',
    ],
    links: ['e1-e2', 'e2-e3', 'e1-e3', 'w1-w2', 'w2-w3', 'e1-w1 140 far tls 40ms', 'e3-w3 180 far tls 80ms'],
  }),
  mesh: graphOf({
    servers: [
      'app1: web images session',
      'app2: web images session',
      'cache1: cache',
      'cache2: cache',
      'db1: db backup',
      'db2: db',
      'edge1: proxy access_log',
      'edge2: proxy access_log',
      'mail: smtp imap spam lists archive',
      'ops: cron journal metrics alerts snapwatchdog firewall sitter log_rotate',
    ],
    links: [
      ...['app1-app2', 'app1-cache1', 'app1-db1 10 0.4ms', 'app1-edge1', 'app1-ops', 'app2-cache2', 'app2-db2'],
      ...['app2-edge2', 'cache1-cache2', 'cache1-db1', 'cache2-db2', 'db1-db2 20', 'edge1-edge2', 'edge1-mail'],
      ...['edge2-mail 12', 'edge2-ops', 'mail-ops', 'db1-ops', 'cache1-ops', 'app1-edge2'],
    ],
    seenFrom: 'app1',
  }),
  opaque: graphOf({
    servers: ['alpha: web', 'beta: images', 'old opaque: firewall sendmail'],
    links: ['alpha-beta', 'beta-old 10 opaque 1.2ms'],
  }),
  trouble: graphOf({
    servers: ['alpha: web', 'beta draining: db', 'gamma lost: mail db', 'delta: cron'],
    links: ['alpha-beta', 'beta-delta', 'beta-gamma half', 'alpha-delta half'],
  }),
  alone: graphOf({ servers: ['alpha: web'], links: [] }),
};
