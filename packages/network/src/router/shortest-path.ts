// Shortest paths from one node to all: Dijkstra's algorithm on a binary heap, with every first hop of equal cost.

import { edgeOf, type Graph } from './graph.ts';

export const UNREACHABLE = 0x7fffffff;

const NO_HOPS: readonly number[] = [];

/** Nodes by tentative distance, equal ones by index. An improved node is added again; old places are passed over. */
class Heap {
  #keys = new Float64Array(64);
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  push(distance: number, node: number): void {
    if (this.#size === this.#keys.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    const keys = this.#keys;
    const key = edgeOf(distance, node);
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = keys[parent] as number;
      if (above <= key) break;
      keys[at] = above;
      at = parent;
    }
    keys[at] = key;
  }

  /** The least key: distance × 2^20 + node. */
  pop(): number {
    const keys = this.#keys;
    const top = keys[0] as number;
    const key = keys[--this.#size] as number;
    const half = this.#size >> 1;
    let at = 0;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < this.#size && (keys[child + 1] as number) < (keys[child] as number)) child++;
      if ((keys[child] as number) >= key) break;
      keys[at] = keys[child] as number;
      at = child;
    }
    keys[at] = key;
    return top;
  }
}

export interface ShortestPaths {
  readonly roots: readonly number[];
  /** Of each node, or UNREACHABLE. */
  readonly distances: Int32Array;
  /** Of each node: the neighbours of the root with which a shortest path begins, in the order of the root's links. */
  readonly hops: readonly (readonly number[])[];
  /** Of each node: who may come before it on a shortest path. */
  readonly before: readonly (readonly number[])[];
  /** The nodes that can be reached, nearest first. */
  readonly order: readonly number[];
}

/**
 * Computes them all. With 1,000 nodes and 4,000 edges that takes well below a millisecond.
 * @param roots where paths may begin: mostly one
 */
export function shortestPaths(graph: Graph, ...roots: readonly number[]): ShortestPaths {
  const size = graph.size;
  const distances = new Int32Array(size).fill(UNREACHABLE);
  const hops: (readonly number[])[] = Array.from({ length: size }, () => NO_HOPS);
  const before: (readonly number[])[] = Array.from({ length: size }, () => NO_HOPS);
  const order: number[] = [];
  const isSettled = new Uint8Array(size);
  const heap = new Heap();
  for (const root of roots) {
    distances[root] = 0;
    heap.push(0, root);
  }
  while (!heap.isEmpty) {
    const node = heap.pop() % 2 ** 20;
    if (isSettled[node]) continue;
    isSettled[node] = 1;
    order.push(node);
    const distance = distances[node] as number;
    const edges = graph.edgesFrom(node);
    for (let at = 0; at < edges.length; at += 2) {
      const to = edges[at] as number;
      const through = Math.min(distance + (edges[at + 1] as number), UNREACHABLE - 1);
      const known = distances[to] as number;
      if (through > known || isSettled[to]) continue;
      const first = distance === 0 ? [to] : (hops[node] as readonly number[]);
      if (through < known) {
        distances[to] = through;
        hops[to] = first;
        before[to] = [node];
        heap.push(through, to);
      } else {
        hops[to] = union(hops[to] as readonly number[], first);
        before[to] = [...(before[to] as readonly number[]), node];
      }
    }
  }
  return { roots, distances, hops, before, order };
}

/** The nodes some of whose shortest paths went over an edge that is lost. */
export function brokenBy(lost: ReadonlySet<number>, { order, before, roots }: ShortestPaths): number[] {
  const broken = new Set<number>();
  for (const node of order) {
    if (roots.includes(node)) continue;
    const isBroken = before[node]?.some((from) => broken.has(from) || lost.has(edgeOf(from, node)));
    if (isBroken) broken.add(node);
  }
  return [...broken];
}

/** Both lists in one, ascending, each once. */
function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a === b || b.every((value) => a.includes(value))) return a;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
