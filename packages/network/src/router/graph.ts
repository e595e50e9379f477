// The graph as numbers: nodes by index, and their links that both ends advertise, in the lives that both are in.

import type { NodeId } from '../frame/frame.ts';

const NO_EDGES: readonly number[] = [];
const NO_LIVES: ReadonlyMap<NodeId, number> = new Map();

/** Indices stay below 2^20, so that a directed edge is one number. */
const EDGE_FACTOR = 2 ** 20;

export const edgeOf = (from: number, to: number): number => from * EDGE_FACTOR + to;

export class Graph {
  readonly #indices = new Map<NodeId, number>();
  readonly #ids: NodeId[] = [];
  /** What each node advertises: neighbour → cost. */
  readonly #advertised: (ReadonlyMap<NodeId, number> | undefined)[] = [];
  /** The life that each node is in, and those in which it has its neighbours; 0 or nothing: not said, any will do. */
  readonly #lives: number[] = [];
  readonly #livesOfNeighbours: ReadonlyMap<NodeId, number>[] = [];
  /** Confirmed edges: pairs of neighbour's index and cost, by neighbour's id. */
  readonly #edges: (readonly number[])[] = [];
  /** Edges that were confirmed and are not any more, since this was last taken. */
  #lost = new Set<number>();

  get size(): number {
    return this.#ids.length;
  }

  indexOf(node: NodeId): number {
    let index = this.#indices.get(node);
    if (index === undefined) {
      index = this.#ids.length;
      this.#indices.set(node, index);
      this.#ids.push(node);
      this.#advertised.push(undefined);
      this.#lives.push(0);
      this.#livesOfNeighbours.push(NO_LIVES);
      this.#edges.push(NO_EDGES);
    }
    return index;
  }

  /** The index of a node, if anything was ever said about it. */
  find(node: NodeId): number | undefined {
    return this.#indices.get(node);
  }

  idOf(index: number): NodeId {
    return this.#ids[index] as NodeId;
  }

  /** Pairs of neighbour's index and cost. */
  edgesFrom(index: number): readonly number[] {
    return this.#edges[index] as readonly number[];
  }

  /** The cost of a confirmed edge. */
  costOf(from: number, to: number): number | undefined {
    const edges = this.edgesFrom(from);
    for (let at = 0; at < edges.length; at += 2) if (edges[at] === to) return edges[at + 1];
    return undefined;
  }

  /**
   * A node advertises these links, or nothing is known of it any more. A link to another life of a node than the one
   * that is known leads nowhere yet: what is sent to the old one would be lost.
   * @param life the incarnation that the node is in
   * @param lives those that its neighbours were in when the links came up
   * @returns whether that changed a confirmed edge
   */
  advertise(
    node: NodeId,
    links: ReadonlyMap<NodeId, number> | undefined,
    life = 0,
    lives: ReadonlyMap<NodeId, number> = NO_LIVES,
  ): boolean {
    const index = this.indexOf(node);
    const said = this.#advertised[index];
    if (said === links) return false;
    const isSame =
      this.#lives[index] === life && isEqual(said, links) && isEqual(this.#livesOfNeighbours[index], lives);
    this.#advertised[index] = links;
    this.#lives[index] = life;
    this.#livesOfNeighbours[index] = lives;
    const before = this.edgesFrom(index);
    if (isSame || !this.#confirm(index)) return false;
    // A link is confirmed at both ends or at none: only those where that changed have to be looked at from there.
    const after = this.edgesFrom(index);
    for (let at = 0; at < before.length; at += 2) if (!leadsTo(after, before[at])) this.#confirm(before[at] as number);
    for (let at = 0; at < after.length; at += 2) if (!leadsTo(before, after[at])) this.#confirm(after[at] as number);
    return true;
  }

  /** The edges that were lost since the last call. */
  takeLost(): ReadonlySet<number> {
    const lost = this.#lost;
    if (lost.size > 0) this.#lost = new Set();
    return lost;
  }

  /** A life of a node ended: its links are not the ones that the next one has. */
  loseAll(node: NodeId): void {
    const index = this.indexOf(node);
    const edges = this.edgesFrom(index);
    for (let at = 0; at < edges.length; at += 2) {
      this.#lost.add(edgeOf(index, edges[at] as number)).add(edgeOf(edges[at] as number, index));
    }
  }

  /** Whether the link is to the life that the other end is in. */
  #meetsLife(from: number, to: number): boolean {
    const named = this.#livesOfNeighbours[from]?.get(this.idOf(to)) ?? 0;
    const life = this.#lives[to] ?? 0;
    return named === 0 || life === 0 || named === life;
  }

  /** Finds the confirmed edges of a node anew. @returns whether they changed */
  #confirm(index: number): boolean {
    const node = this.idOf(index);
    const links = this.#advertised[index];
    const neighbours: number[] = [];
    for (const id of links?.keys() ?? []) {
      const to = this.#indices.get(id);
      if (to === undefined || to === index || !this.#advertised[to]?.has(node)) continue;
      if (this.#meetsLife(index, to) && this.#meetsLife(to, index)) neighbours.push(to);
    }
    // By id, so that every daemon walks the same graph in the same order.
    neighbours.sort((a, b) => (this.idOf(a) < this.idOf(b) ? -1 : 1));
    const edges = neighbours.flatMap((to) => [to, links?.get(this.idOf(to)) as number]);
    const before = this.edgesFrom(index);
    if (edges.length === before.length && edges.every((value, at) => value === before[at])) return false;
    this.#edges[index] = edges;
    for (let at = 0; at < before.length; at += 2) {
      if (!leadsTo(edges, before[at])) this.#lost.add(edgeOf(index, before[at] as number));
    }
    return true;
  }
}

function leadsTo(edges: readonly number[], to: number | undefined): boolean {
  for (let at = 0; at < edges.length; at += 2) if (edges[at] === to) return true;
  return false;
}

function isEqual(a: ReadonlyMap<NodeId, number> | undefined, b: ReadonlyMap<NodeId, number> | undefined): boolean {
  if (a === undefined || b === undefined || a.size !== b.size) return a === b;
  for (const [node, value] of a) if (b.get(node) !== value) return false;
  return true;
}
