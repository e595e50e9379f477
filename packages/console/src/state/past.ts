// The graph as it was at a moment: what has happened since is undone, the latest first.

import type { AtlasLink, AtlasServer, AtlasService, GraphDocument } from '@snapcommunicator/network/atlas';
import type { HistoryEvent } from '@snapcommunicator/network/story';

/** What was seen before and is gone: so that undoing a loss can bring it back as it was. */
export interface Memory {
  readonly links: ReadonlyMap<string, AtlasLink>;
  readonly services: ReadonlyMap<string, AtlasService>;
  readonly servers: ReadonlyMap<string, AtlasServer>;
}

export const EMPTY_MEMORY: Memory = { links: new Map(), services: new Map(), servers: new Map() };

/** What the daemon would have charged, if nobody remembers. */
const COST = 10;
const REMEMBERED_MAX = 20_000;

const linkKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
const serviceKey = (server: string, service: string): string => `${server}:${service}`;

/** The same memory with what this graph shows; what is older goes first when it is too much. */
export function remember({ links, services, servers }: Memory, graph: GraphDocument): Memory {
  return {
    links: merged(links, graph.links, (link) => linkKey(link.from, link.to)),
    servers: merged(servers, graph.servers, ({ name }) => name),
    services: mergedServices(services, graph),
  };
}

function merged<T>(known: ReadonlyMap<string, T>, seen: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const all = new Map(known);
  for (const item of seen) all.set(keyOf(item), item);
  return trimmed(all);
}

function mergedServices(
  known: ReadonlyMap<string, AtlasService>,
  { servers }: GraphDocument,
): Map<string, AtlasService> {
  const all = new Map(known);
  for (const { name, services } of servers)
    for (const service of services) all.set(serviceKey(name, service.name), service);
  return trimmed(all);
}

function trimmed<T>(all: Map<string, T>): Map<string, T> {
  for (const key of all.keys()) {
    if (all.size <= REMEMBERED_MAX) break;
    all.delete(key);
  }
  return all;
}

/**
 * @param graph as it is now
 * @param events oldest first
 * @param time unix seconds
 */
export function graphAt(
  graph: GraphDocument,
  events: readonly HistoryEvent[],
  time: number,
  memory: Memory = EMPTY_MEMORY,
): GraphDocument {
  const past = new Past(graph, memory);
  for (let at = events.length - 1; at >= 0; at--) {
    const event = events[at] as HistoryEvent;
    if (event.time <= time) break;
    past.undo(event, events.slice(0, at));
  }
  return past.document(time);
}

/** How busy it was then nobody remembers, nor since when a life was up that had not begun. */
function asOf(time: number, { load: _load, upSince, ...server }: AtlasServer): AtlasServer {
  return upSince === undefined || upSince > time ? server : { ...server, upSince };
}

class Past {
  readonly #graph: GraphDocument;
  readonly #memory: Memory;
  readonly #servers: Map<string, AtlasServer>;
  readonly #links: Map<string, AtlasLink[]>;

  constructor(graph: GraphDocument, memory: Memory) {
    this.#graph = graph;
    this.#memory = memory;
    this.#servers = new Map(graph.servers.map((server) => [server.name, server]));
    this.#links = new Map();
    for (const link of graph.links) {
      const key = linkKey(link.from, link.to);
      this.#links.set(key, [...(this.#links.get(key) ?? []), link]);
    }
  }

  undo(event: HistoryEvent, earlier: readonly HistoryEvent[]): void {
    const { kind, server, peer = '', service = '' } = event;
    switch (kind) {
      case 'server-lost':
        return this.#bringBack(server);
      case 'server-up':
        return this.#takeAway(server, earlier);
      case 'link-lost':
        return this.#connect(server, peer);
      case 'link-up':
        this.#links.delete(linkKey(server, peer));
        return;
      case 'service-down':
        return this.#changeServices(server, (services) =>
          services.some(({ name }) => name === service)
            ? services
            : [...services, this.#memory.services.get(serviceKey(server, service)) ?? { name: service }].sort((a, b) =>
                a.name < b.name ? -1 : 1,
              ),
        );
      case 'service-up':
        return this.#changeServices(server, (services) => services.filter(({ name }) => name !== service));
    }
  }

  document(time: number): GraphDocument {
    const servers = [...this.#servers.values()]
      .map((server) => asOf(time, server))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const links = [...this.#links.entries()]
      .filter(([key]) => key.split(' ').every((name) => this.#servers.has(name)))
      .flatMap(([, list]) => list);
    const counts = new Map<string, number>();
    for (const { dataCenter } of this.#graph.servers) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) - 1);
    for (const { dataCenter } of servers) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) + 1);
    const dataCenters = this.#graph.dataCenters.map((center) => ({
      ...center,
      serverCount: Math.max(0, center.serverCount + (counts.get(center.name) ?? 0)),
    }));
    return { ...this.#graph, time, dataCenters, servers, links };
  }

  #bringBack(name: string): void {
    const server = this.#servers.get(name) ?? this.#memory.servers.get(name);
    if (server === undefined) return;
    const { lostSince: _lostSince, ...rest } = server;
    this.#servers.set(name, { ...rest, isReachable: true });
  }

  /** Before it came it was either lost, if it had been there, or unknown. */
  #takeAway(name: string, earlier: readonly HistoryEvent[]): void {
    const server = this.#servers.get(name);
    if (server === undefined || name === this.#graph.seenFrom) return;
    const before = earlier.findLast(
      (event) => event.server === name && (event.kind === 'server-lost' || event.kind === 'server-up'),
    );
    if (before?.kind === 'server-up') return;
    if (before === undefined) {
      this.#servers.delete(name);
      return;
    }
    const { distance: _distance, ...rest } = server;
    this.#servers.set(name, { ...rest, isReachable: false, lostSince: before.time, nextHops: [] });
  }

  #connect(from: string, to: string): void {
    const key = linkKey(from, to);
    const known = this.#links.get(key)?.filter(({ state }) => state === 'up') ?? [];
    if (known.length > 0) return;
    const remembered = this.#links.get(key)?.[0] ?? this.#memory.links.get(key);
    const link: AtlasLink = remembered ?? {
      from,
      to,
      cost: COST,
      kind: this.#kind(from, to),
      state: 'up',
      isOpaque: false,
    };
    this.#links.set(key, [{ ...link, state: 'up' }]);
  }

  #kind(from: string, to: string): AtlasLink['kind'] {
    return this.#servers.get(from)?.dataCenter === this.#servers.get(to)?.dataCenter ? 'network' : 'data-center';
  }

  #changeServices(name: string, change: (services: readonly AtlasService[]) => readonly AtlasService[]): void {
    const server = this.#servers.get(name);
    if (server !== undefined) this.#servers.set(name, { ...server, services: change(server.services) });
  }
}
