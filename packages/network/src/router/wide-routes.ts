// The ways to other areas: shortest paths over the own area and the borders of all others, and the tree of areas that a
// broadcast follows.
//
// A part of an area is what hangs together without leaving it: the borders with the same speaker. Who and what is in it
// comes from the speaker's summary. All is computed when somebody asks, and again when something has changed.

import type { NodeId } from '../frame/frame.ts';
import type { Adjacencies } from './adjacencies.ts';
import type { Database } from './database.ts';
import { Graph } from './graph.ts';
import type { LinkState } from './link-state.ts';
import type { Port } from './machine.ts';
import type { Routes } from './routes.ts';
import { brokenBy, type ShortestPaths, shortestPaths, UNREACHABLE } from './shortest-path.ts';
import { type Summary, summaryOf } from './summary.ts';

export interface WideRoutesParts {
  readonly self: NodeId;
  readonly database: Database;
  readonly routes: Routes;
  readonly adjacencies: Adjacencies;
  readonly summaries: Database;
}

/** A part of an area, as it is reached from here. */
export interface Part {
  readonly speaker: NodeId;
  readonly area: string;
  readonly borders: readonly NodeId[];
  /** Whether this node is in it. */
  readonly isOwn: boolean;
  /** What the speaker says; undefined until it has been heard. */
  readonly content: Summary | undefined;
  /** To its nearest border, or UNREACHABLE. */
  readonly distance: number;
  /** Its nearest borders: several if they are equally near. */
  readonly nearest: readonly NodeId[];
  /** The neighbours with which the shortest paths begin. */
  readonly hops: readonly NodeId[];
  readonly slots: readonly Port[];
}

/** The way of a broadcast of another part: where it comes into this one, and whither this node passes it on. */
export interface Crossing {
  readonly entry: NodeId | undefined;
  readonly across: readonly NodeId[];
}

export interface WideChange {
  /** Parts that are reached at another distance than before, or not any more; as they were, and as they are. */
  readonly changed: readonly (Part | undefined)[];
  /** Speakers of parts to which a path lost a link. */
  readonly broken: ReadonlySet<NodeId>;
}

const NO_LINKS: ReadonlyMap<NodeId, number> = new Map();

/** Nodes whose part is remembered. */
const FOUND_MAX = 65_536;

export class WideRoutes {
  readonly #parts: WideRoutesParts;
  readonly #graph = new Graph();
  readonly #root: number;
  /** From what each node's links were made. */
  readonly #madeFrom = new Map<NodeId, readonly [LinkState | undefined, LinkState | undefined]>();
  #paths: ShortestPaths;
  #bySpeaker = new Map<NodeId, Part>();
  /** Whether what is here may be out of date. */
  #isStale = true;
  readonly #found = new Map<NodeId, Part | undefined>();
  readonly #crossings = new Map<NodeId, Crossing | undefined>();

  constructor(parts: WideRoutesParts) {
    this.#parts = parts;
    this.#root = this.#graph.indexOf(parts.self);
    this.#paths = shortestPaths(this.#graph, this.#root);
  }

  /** Something changed: links, routes of the own area, or summaries. */
  invalidate(): void {
    this.#isStale = true;
    this.#found.clear();
  }

  /** Brings all up to date. @returns what changed since the last time */
  compute(): WideChange {
    const before = this.#bySpeaker;
    const broken = new Set<NodeId>();
    this.#isStale = false;
    this.#found.clear();
    this.#crossings.clear();
    this.#advertiseAll();
    const lost = this.#graph.takeLost();
    if (lost.size > 0) {
      const nodes = new Set(brokenBy(lost, this.#paths).map((index) => this.#graph.idOf(index)));
      for (const { speaker, nearest } of before.values())
        if (nearest.some((node) => nodes.has(node))) broken.add(speaker);
    }
    this.#paths = shortestPaths(this.#graph, this.#root);
    this.#bySpeaker = this.#gather();
    const changed: (Part | undefined)[] = [];
    for (const [speaker, part] of this.#bySpeaker) {
      const old = before.get(speaker);
      if (old?.distance !== part.distance || old.isOwn !== part.isOwn) changed.push(old, part);
    }
    for (const [speaker, part] of before) if (!this.#bySpeaker.has(speaker)) changed.push(part);
    return { changed, broken };
  }

  /** All parts of which a border has been heard, the own one included. */
  all(): Iterable<Part> {
    if (this.#isStale) this.compute();
    return this.#bySpeaker.values();
  }

  /** The parts of other areas, or of this one that were cut off, which can be reached. */
  *reachable(): Generator<Part> {
    for (const part of this.all()) if (!part.isOwn && part.distance < UNREACHABLE) yield part;
  }

  /** The nearest part in which a node is, of those that can be reached. */
  partOf(node: NodeId): Part | undefined {
    if (this.#isStale) this.compute();
    if (this.#found.has(node)) return this.#found.get(node);
    let found: Part | undefined;
    for (const part of this.reachable()) {
      if (part.content?.servers.has(node) && part.distance < (found?.distance ?? UNREACHABLE)) found = part;
    }
    if (this.#found.size >= FOUND_MAX) this.#found.clear();
    this.#found.set(node, found);
    return found;
  }

  distanceTo(border: NodeId): number {
    if (this.#isStale) this.compute();
    const index = this.#graph.find(border);
    return index === undefined ? UNREACHABLE : (this.#paths.distances[index] ?? UNREACHABLE);
  }

  /**
   * How a broadcast that began in a part comes into this one, and over which of this node's links it goes on. All nodes
   * compute it alike: each part is entered at the border nearest to the first part, over one link.
   */
  crossingFrom(speaker: NodeId): Crossing | undefined {
    if (this.#isStale) this.compute();
    if (!this.#crossings.has(speaker)) this.#crossings.set(speaker, this.#computeCrossing(speaker));
    return this.#crossings.get(speaker);
  }

  #computeCrossing(speaker: NodeId): Crossing | undefined {
    const graph = this.#graph;
    const first = this.#bySpeaker.get(speaker);
    if (first === undefined) return undefined;
    const roots = first.borders.map((border) => graph.indexOf(border));
    const { distances, before } = shortestPaths(graph, ...roots);
    let entry: NodeId | undefined;
    const across: NodeId[] = [];
    for (const part of this.#bySpeaker.values()) {
      if (part === first) continue;
      const into = least(part.borders, (border) => distances[graph.indexOf(border)] ?? UNREACHABLE);
      if (into === undefined) continue;
      const { across: links = NO_LINKS } = this.#summary(into) ?? {};
      const from = (before[graph.indexOf(into)] ?? []).map((index) => graph.idOf(index)).filter((id) => links.has(id));
      if (part.isOwn) entry = into;
      else if (from.sort()[0] === this.#parts.self) across.push(into);
    }
    return { entry, across };
  }

  #summary(border: NodeId): Summary | undefined {
    const state = this.#parts.summaries.get(border);
    return state === undefined ? undefined : summaryOf(state);
  }

  #advertiseAll(): void {
    const { self, database, routes, summaries, adjacencies } = this.#parts;
    const gone = new Set(this.#madeFrom.keys());
    for (const state of database.states()) {
      const { origin } = state;
      if (origin === self || !routes.isReachable(origin)) continue;
      gone.delete(origin);
      this.#advertise(origin, state, summaries.get(origin));
    }
    for (const state of summaries.states()) {
      if (state.origin === self || routes.isReachable(state.origin)) continue;
      gone.delete(state.origin);
      this.#advertise(state.origin, undefined, state);
    }
    for (const node of gone) {
      this.#madeFrom.delete(node);
      this.#graph.advertise(node, undefined);
    }
    const costs = adjacencies.costs(() => true);
    this.#graph.advertise(self, costs, database.own.facts.start, adjacencies.lives());
  }

  /** @param own the link state of a node of the own area that can be reached within it */
  #advertise(node: NodeId, own: LinkState | undefined, border: LinkState | undefined): void {
    const before = this.#madeFrom.get(node);
    if (before !== undefined && before[0] === own && before[1] === border) return;
    this.#madeFrom.set(node, [own, border]);
    const summary = border === undefined ? undefined : summaryOf(border);
    const near = own?.facts.links ?? summary?.inside ?? NO_LINKS;
    const far = summary?.across ?? NO_LINKS;
    const links = far.size === 0 ? near : new Map([...near, ...far]);
    this.#graph.advertise(node, links, own?.facts.start, own?.facts.linkLives);
  }

  #gather(): Map<NodeId, Part> {
    const { self, summaries, routes } = this.#parts;
    const borders = new Map<NodeId, NodeId[]>();
    for (const state of summaries.states()) {
      const { across, speaker } = summaryOf(state);
      if (across.size === 0 || speaker === undefined) continue;
      const known = borders.get(speaker);
      if (known === undefined) borders.set(speaker, [state.origin]);
      else known.push(state.origin);
    }
    const parts = new Map<NodeId, Part>();
    for (const [speaker, list] of borders) {
      const isOwn = list.some((border) => border === self || routes.isReachable(border));
      parts.set(speaker, this.#describe(speaker, list, isOwn));
    }
    return parts;
  }

  #describe(speaker: NodeId, borders: readonly NodeId[], isOwn: boolean): Part {
    const graph = this.#graph;
    const distance = borders.reduce((least, border) => Math.min(least, this.distanceTo(border)), UNREACHABLE);
    const nearest = distance === UNREACHABLE ? [] : borders.filter((border) => this.distanceTo(border) === distance);
    const indices = nearest.flatMap((border) => this.#paths.hops[graph.indexOf(border)] ?? []);
    const hops = [...new Set(indices)].map((index) => graph.idOf(index)).sort();
    const slots = hops.flatMap((hop) => this.#parts.adjacencies.bestLinksTo(hop));
    const content = this.#summary(speaker);
    const area = content?.area ?? this.#summary(borders[0] as NodeId)?.area ?? '';
    return { speaker, area, borders, isOwn, content, distance, nearest, hops, slots };
  }
}

/** The node at the least distance, of several the one with the least id; undefined if none can be reached. */
function least(nodes: readonly NodeId[], distanceOf: (node: NodeId) => number): NodeId | undefined {
  let best: NodeId | undefined;
  let bestDistance = UNREACHABLE;
  for (const node of nodes) {
    const distance = distanceOf(node);
    if (distance > bestDistance || distance === UNREACHABLE) continue;
    if (distance === bestDistance && best !== undefined && node > best) continue;
    best = node;
    bestDistance = distance;
  }
  return best;
}
