// The graph as numbers: nodes by index, and their links that both ends advertise, in the lives that both are in.

import type { NodeId } from '../frame/frame.ts';

const NO_EDGES = new Int32Array(0);
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
  readonly #edges: Int32Array[] = [];
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
  edgesFrom(index: number): Int32Array {
    return this.#edges[index] as Int32Array;
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
    const before = this.#advertised[index];
    if (before === links) return false;
    this.#advertised[index] = links;
    this.#lives[index] = life;
    this.#livesOfNeighbours[index] = lives;
    const touched = new Set([index]);
    for (const neighbour of before?.keys() ?? []) touched.add(this.indexOf(neighbour));
    for (const neighbour of links?.keys() ?? []) touched.add(this.indexOf(neighbour));
    let isChanged = false;
    for (const each of touched) isChanged = this.#confirm(each) || isChanged;
    return isChanged;
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

  #confirm(index: number): boolean {
    const node = this.idOf(index);
    const pairs: { readonly id: NodeId; readonly to: number; readonly cost: number }[] = [];
    for (const [id, cost] of this.#advertised[index] ?? []) {
      const to = this.indexOf(id);
      if (to === index || !this.#advertised[to]?.has(node)) continue;
      if (this.#meetsLife(index, to) && this.#meetsLife(to, index)) pairs.push({ id, to, cost });
    }
    // By id, so that every daemon walks the same graph in the same order.
    pairs.sort((a, b) => (a.id < b.id ? -1 : 1));
    const edges = new Int32Array(pairs.length * 2);
    pairs.forEach(({ to, cost }, place) => {
      edges[2 * place] = to;
      edges[2 * place + 1] = cost;
    });
    const before = this.edgesFrom(index);
    this.#edges[index] = edges;
    if (isEqual(before, edges)) return false;
    for (let at = 0; at < before.length; at += 2) {
      const to = before[at] as number;
      if (this.costOf(index, to) === undefined) this.#lost.add(edgeOf(index, to));
    }
    return true;
  }
}

function isEqual(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
