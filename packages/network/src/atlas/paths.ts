// Paths in a graph document: the shortest, the next best, and servers and links that nothing stands in for.

import { Graph } from '../router/graph.ts';
import { type ShortestPaths, shortestPaths, UNREACHABLE } from '../router/shortest-path.ts';
import { type AtlasLink, type AtlasServer, compareTexts, type GraphDocument } from './document.ts';

/** A way through the graph. */
export interface AtlasPath {
  /** From the first to the last. */
  readonly servers: readonly string[];
  readonly cost: number;
}

/** What is taken away: a server, or all links between two. */
export type Removal =
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'link'; readonly ends: readonly [from: string, to: string] };

/** The part of the graph that is left connected, by name. */
export type Part = readonly string[];

/**
 * The way out of an opaque server costs so much more that no path goes through it: what it passes on, nobody knows.
 * More than any path of 64 hops costs.
 */
const THROUGH_OPAQUE = 10_000_000;

/** Links that are thought away in search of the next best path: beyond, only the first ones are tried. */
const DETOURS_MAX = 1000;

export class Atlas {
  readonly document: GraphDocument;
  readonly #servers: ReadonlyMap<string, AtlasServer>;
  readonly #graph = new Graph();
  readonly #paths = new Map<string, ShortestPaths>();

  /** @param removals what is thought away */
  constructor(document: GraphDocument, ...removals: readonly Removal[]) {
    this.document = removals.reduce(without, document);
    this.#servers = new Map(this.document.servers.map((server) => [server.name, server]));
    const advertised = new Map<string, Map<string, number>>(this.document.servers.map(({ name }) => [name, new Map()]));
    for (const { from, to, cost, costBack = cost, state } of this.document.links) {
      if (state !== 'up') continue;
      advertise(advertised, from, to, cost + this.#penalty(from));
      advertise(advertised, to, from, costBack + this.#penalty(to));
    }
    for (const [name, links] of advertised) this.#graph.advertise(name, links);
  }

  server(name: string): AtlasServer | undefined {
    return this.#servers.get(name);
  }

  /** The least cost from one to another; undefined: there is no way. */
  cost(from: string, to: string): number | undefined {
    const cost = (this.#from(from).distances[this.#graph.indexOf(to)] ?? UNREACHABLE) - this.#penalty(from);
    return from === to ? 0 : cost < THROUGH_OPAQUE ? cost : undefined;
  }

  /** All paths of least cost, at most so many, in the order of the names on them; none: there is no way. */
  shortest(from: string, to: string, countMax = 16): AtlasPath[] {
    const cost = this.cost(from, to);
    if (cost === undefined) return [];
    const { before } = this.#from(from);
    const found: AtlasPath[] = [];
    const walk = (at: number, behind: readonly string[]): void => {
      const servers = [this.#graph.idOf(at), ...behind];
      if (servers[0] === from) found.push({ servers, cost });
      else for (const previous of before[at] ?? []) if (found.length < countMax) walk(previous, servers);
    };
    walk(this.#graph.indexOf(to), []);
    return found.sort((a, b) => compareTexts(a.servers.join(' '), b.servers.join(' ')));
  }

  /**
   * The best path that is none of the shortest ones: what is left when one of their links is lost. After J. Y. Yen,
   * "Finding the K Shortest Loopless Paths in a Network" (1971), for K = 2, with the shortest ones as one.
   */
  nextBest(from: string, to: string): AtlasPath | undefined {
    const shortest = this.shortest(from, to);
    const taken = new Set(shortest.map(({ servers }) => servers.join(' ')));
    const links = new Set(
      shortest.flatMap(({ servers }) => servers.slice(1).map((end, at) => `${servers[at]} ${end}`)),
    );
    let best: AtlasPath | undefined;
    for (const link of [...links].slice(0, DETOURS_MAX)) {
      const ends = link.split(' ') as [string, string];
      for (const path of new Atlas(this.document, { kind: 'link', ends }).shortest(from, to)) {
        if (taken.has(path.servers.join(' '))) continue;
        if (best === undefined || path.cost < best.cost) best = path;
      }
    }
    return best;
  }

  /** Who hangs together: each part by name, the greatest first. Links that are up count, whichever way is cheaper. */
  parts(): Part[] {
    const left = new Set(this.#servers.keys());
    const parts: Part[] = [];
    const opaqueLast = [...this.#servers.keys()].sort((a, b) => this.#penalty(a) - this.#penalty(b));
    for (const name of opaqueLast) {
      if (!left.has(name)) continue;
      const met = this.#from(name).order.map((index) => this.#graph.idOf(index));
      const part = met.filter((member) => left.has(member) && this.cost(name, member) !== undefined);
      for (const member of part) left.delete(member);
      parts.push(part.sort());
    }
    return parts.sort((a, b) => b.length - a.length || compareTexts(a[0] as string, b[0] as string));
  }

  /** The links between two servers. */
  linksBetween(a: string, b: string): AtlasLink[] {
    return this.document.links.filter(({ from, to }) => (from === a && to === b) || (from === b && to === a));
  }

  #penalty(name: string): number {
    return this.#servers.get(name)?.knowledge === 'opaque' ? THROUGH_OPAQUE : 0;
  }

  #from(name: string): ShortestPaths {
    let paths = this.#paths.get(name);
    if (paths === undefined) {
      paths = shortestPaths(this.#graph, this.#graph.indexOf(name));
      this.#paths.set(name, paths);
    }
    return paths;
  }
}

/**
 * Servers and links without which the graph falls apart, by name: cut vertices and bridges after R. Tarjan, "Depth-First
 * Search and Linear Graph Algorithms" (1972).
 */
export function weakSpots(document: GraphDocument): { servers: string[]; links: (readonly [string, string])[] } {
  const neighbors = new Map<string, Map<string, number>>(document.servers.map(({ name }) => [name, new Map()]));
  for (const { from, to, state } of document.links) {
    if (state !== 'up' || from === to) continue;
    // Two links between the same two stand in for each other.
    neighbors.get(from)?.set(to, (neighbors.get(from)?.get(to) ?? 0) + 1);
    neighbors.get(to)?.set(from, (neighbors.get(to)?.get(from) ?? 0) + 1);
  }
  const found = new Map<string, number>();
  const lowest = new Map<string, number>();
  const servers = new Set<string>();
  const links: (readonly [string, string])[] = [];
  for (const root of neighbors.keys()) {
    if (found.has(root)) continue;
    let rootChildren = 0;
    const stack = [{ name: root, parent: '', left: [...(neighbors.get(root) as Map<string, number>).keys()] }];
    found.set(root, found.size);
    lowest.set(root, found.size - 1);
    while (stack.length > 0) {
      const here = stack.at(-1) as (typeof stack)[number];
      const next = here.left.pop();
      if (next === undefined) {
        stack.pop();
        const above = stack.at(-1)?.name;
        if (above === undefined) break;
        const low = lowest.get(here.name) as number;
        lowest.set(above, Math.min(lowest.get(above) as number, low));
        if (low > (found.get(above) as number) && neighbors.get(above)?.get(here.name) === 1) {
          links.push(above < here.name ? [above, here.name] : [here.name, above]);
        }
        if (above === root) rootChildren++;
        else if (low >= (found.get(above) as number)) servers.add(above);
      } else if (!found.has(next)) {
        found.set(next, found.size);
        lowest.set(next, found.size - 1);
        stack.push({ name: next, parent: here.name, left: [...(neighbors.get(next) as Map<string, number>).keys()] });
      } else if (next !== here.parent) {
        lowest.set(here.name, Math.min(lowest.get(here.name) as number, found.get(next) as number));
      }
    }
    if (rootChildren > 1) servers.add(root);
  }
  return { servers: [...servers].sort(), links: links.sort((a, b) => compareTexts(a.join(' '), b.join(' '))) };
}

function without(document: GraphDocument, removal: Removal): GraphDocument {
  if (removal.kind === 'server') {
    const { server } = removal;
    return {
      ...document,
      servers: document.servers.filter(({ name }) => name !== server),
      links: document.links.filter(({ from, to }) => from !== server && to !== server),
    };
  }
  const [a, b] = removal.ends;
  const links = document.links.filter(({ from, to }) => !((from === a && to === b) || (from === b && to === a)));
  return { ...document, links };
}

function advertise(advertised: Map<string, Map<string, number>>, from: string, to: string, cost: number): void {
  const links = advertised.get(from);
  // Of several between the same two, the cheapest counts. What costs nothing would make a way of any length as good.
  links?.set(to, Math.max(1, Math.min(cost, links.get(to) ?? Number.POSITIVE_INFINITY)));
}
