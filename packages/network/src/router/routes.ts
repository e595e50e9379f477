// The routes: from the graph to the slots by which each node is reached, recomputed when they may have changed.

import type { NodeId } from '../frame/frame.ts';
import type { Graph } from './graph.ts';
import type { Port } from './machine.ts';
import { brokenBy, type ShortestPaths, shortestPaths, UNREACHABLE } from './shortest-path.ts';

const NO_SLOTS: readonly Port[] = [];

/** Trees that are remembered at a time. */
const TREES_MAX = 256;

export interface RouteChange {
  readonly node: NodeId;
  /** Ports of equal cost; empty when the node cannot be reached. */
  readonly slots: readonly Port[];
}

export class Routes {
  readonly #graph: Graph;
  readonly #root: number;
  /** The best links to a neighbour: several if they cost the same. */
  readonly #linksTo: (neighbour: NodeId) => readonly Port[];
  #paths: ShortestPaths;
  #slots: (readonly Port[])[] = [];
  /** By origin, this node's children in its tree; until the routes are computed anew. */
  readonly #trees = new Map<NodeId, readonly NodeId[]>();

  constructor(graph: Graph, self: NodeId, linksTo: (neighbour: NodeId) => readonly Port[]) {
    this.#graph = graph;
    this.#root = graph.indexOf(self);
    this.#linksTo = linksTo;
    this.#paths = shortestPaths(graph, this.#root);
  }

  /**
   * Computes the routes anew.
   * @returns what changed, to whom a path was broken by the loss of links since last time, and whether any node is farther or
   *   nearer than it was, which may be so although it is reached by the same ports
   */
  compute(): { changes: RouteChange[]; broken: NodeId[]; hasMoved: boolean } {
    const graph = this.#graph;
    const lost = graph.takeLost();
    const broken = lost.size === 0 ? [] : brokenBy(lost, this.#paths).map((index) => graph.idOf(index));
    const { distances: before } = this.#paths;
    this.#paths = shortestPaths(graph, this.#root);
    const { distances: after } = this.#paths;
    this.#trees.clear();
    let hasMoved = false;
    const bySet = new Map<readonly number[], readonly Port[]>();
    const changes: RouteChange[] = [];
    for (let index = 0; index < graph.size; index++) {
      if (index === this.#root) continue;
      hasMoved ||= (before[index] ?? UNREACHABLE) !== after[index];
      const hops = this.#paths.hops[index] as readonly number[];
      let slots = bySet.get(hops);
      if (slots === undefined) {
        slots = this.#slotsOf(hops);
        bySet.set(hops, slots);
      }
      if (isEqual(this.#slots[index] ?? NO_SLOTS, slots)) continue;
      this.#slots[index] = slots;
      changes.push({ node: graph.idOf(index), slots });
    }
    return { changes, broken, hasMoved };
  }

  isReachable(node: NodeId): boolean {
    return this.distanceTo(node) < UNREACHABLE;
  }

  /** The cost of the shortest path, or UNREACHABLE. */
  distanceTo(node: NodeId): number {
    const index = this.#graph.find(node);
    return index === undefined ? UNREACHABLE : (this.#paths.distances[index] ?? UNREACHABLE);
  }

  slotsTo(node: NodeId): readonly Port[] {
    return this.#slots[this.#graph.find(node) ?? -1] ?? NO_SLOTS;
  }

  /** The neighbours with which a shortest path begins. */
  nextHops(node: NodeId): NodeId[] {
    const hops = this.#paths.hops[this.#graph.find(node) ?? -1] ?? [];
    return hops.map((index) => this.#graph.idOf(index)).sort();
  }

  /** This node's children in the tree of another, which all nodes compute alike; undefined if that cannot be reached. */
  childrenIn(origin: NodeId): readonly NodeId[] | undefined {
    const known = this.#trees.get(origin);
    if (known !== undefined) return known;
    const graph = this.#graph;
    const root = graph.find(origin);
    if (root === undefined) return undefined;
    const { distances, before } = shortestPaths(graph, root);
    if (distances[this.#root] === UNREACHABLE) return undefined;
    const self = graph.idOf(this.#root);
    const children: NodeId[] = [];
    const edges = graph.edgesFrom(this.#root);
    for (let at = 0; at < edges.length; at += 2) {
      const parents = (before[edges[at] as number] ?? []).map((index) => graph.idOf(index));
      // Of several that come before a node, the one with the least id is its parent.
      if (parents.includes(self) && parents.every((parent) => self <= parent))
        children.push(graph.idOf(edges[at] as number));
    }
    if (this.#trees.size >= TREES_MAX) this.#trees.clear();
    this.#trees.set(origin, children);
    return children;
  }

  #slotsOf(hops: readonly number[]): readonly Port[] {
    if (hops.length === 0) return NO_SLOTS;
    const ids = hops.map((index) => this.#graph.idOf(index)).sort();
    return ids.flatMap((id) => this.#linksTo(id));
  }
}

function isEqual(a: readonly Port[], b: readonly Port[]): boolean {
  return a === b || (a.length === b.length && a.every((port, at) => port === b[at]));
}
