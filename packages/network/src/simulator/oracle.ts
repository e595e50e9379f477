// What the routes must be once all is quiet, computed in another way than the router does: by relaxing every edge until
// nothing changes (Bellman and Ford), over the links that really stand.

import { COST_MAX } from '../router/link-state.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Cable } from './network.ts';

export interface Oracle {
  /** Machines that can be reached from this one, with the cost of the way. */
  readonly distances: ReadonlyMap<string, number>;
  /** By machine: the neighbours with which a cheapest way begins. */
  readonly hops: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Directed edges by machine, then neighbour: the least cost of the links that both ends have in full. */
export type Edges = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * @param isWide whether links between data centres count, too
 * @param lost a cable that is gone, though its ends may not know it yet
 */
export function edgesOf(machines: readonly SimulatedMachine[], isWide = false, lost?: Cable): Edges {
  const half = new Map<string, Map<string, number>>();
  for (const machine of machines) {
    const costs = new Map<string, number>();
    half.set(machine.setup.id, costs);
    for (const { link, peer, state, cost: derived } of machine.node?.router.graph?.links() ?? []) {
      if (lost !== undefined && machine.links.endOf(link)?.cable === lost) continue;
      const cost = machine.isDraining ? COST_MAX : derived;
      if (state === 'full' && (isWide || peer.isInArea))
        costs.set(peer.node, Math.min(costs.get(peer.node) ?? cost, cost));
    }
  }
  const edges = new Map<string, Map<string, number>>();
  for (const [from, costs] of half) {
    edges.set(from, new Map([...costs].filter(([to]) => half.get(to)?.has(from))));
  }
  return edges;
}

/** Distances from one machine to all. */
export function distancesFrom(root: string, edges: Edges): Map<string, number> {
  const distances = new Map([[root, 0]]);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const [from, costs] of edges) {
      const before = distances.get(from);
      if (before === undefined) continue;
      for (const [to, cost] of costs) {
        if ((distances.get(to) ?? Number.POSITIVE_INFINITY) <= before + cost) continue;
        distances.set(to, before + cost);
        isChanged = true;
      }
    }
  }
  return distances;
}

/** Everything about one machine; `all` holds the distances from each of its neighbours. */
export function oracleOf(root: string, edges: Edges, all: ReadonlyMap<string, ReadonlyMap<string, number>>): Oracle {
  const distances = all.get(root) ?? new Map<string, number>();
  const hops = new Map<string, Set<string>>();
  for (const [to, distance] of distances) {
    if (to === root) continue;
    const first = new Set<string>();
    for (const [neighbour, cost] of edges.get(root) ?? []) {
      if (cost + (all.get(neighbour)?.get(to) ?? Number.POSITIVE_INFINITY) === distance) first.add(neighbour);
    }
    hops.set(to, first);
  }
  return { distances, hops };
}
