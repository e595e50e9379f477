// All adjacencies of this node: what leads to which neighbour at what cost, and when each is to be looked after.

import { incarnationOf, type NodeId } from '../frame/frame.ts';
import { Adjacency, type AdjacencyAction, type AdjacencyEvent, type AdjacencyOptions, type Peer } from './adjacency.ts';
import { Alarms } from './alarms.ts';
import type { DampedCost } from './cost.ts';
import { COST_MAX } from './link-state.ts';
import type { Port } from './machine.ts';

export interface LinkSnapshot {
  readonly link: Port;
  readonly peer: Peer;
  readonly state: string;
  readonly cost: DampedCost['cost'];
  readonly roundTripMs: number | undefined;
}

export class Adjacencies {
  readonly #options: AdjacencyOptions;
  readonly #all = new Map<Port, Adjacency>();
  /** When each is to say hello, or to be given up. */
  readonly #alarms = new Alarms<Port>();
  /** Whether no traffic is to go through this node: all its links cost as much as a link can. */
  isDraining = false;

  constructor(options: AdjacencyOptions) {
    this.#options = options;
  }

  open(link: Port, peer: Peer, now: number): void {
    this.#all.set(link, new Adjacency(peer, this.#options, now));
    this.watch(link);
  }

  get(link: Port): Adjacency | undefined {
    return this.#all.get(link);
  }

  entries(): IterableIterator<[link: Port, adjacency: Adjacency]> {
    return this.#all.entries();
  }

  /** Makes an adjacency's transition. @returns what is to be done; and whether its state is another now */
  on(link: Port, event: AdjacencyEvent): { readonly actions: readonly AdjacencyAction[]; readonly isNew: boolean } {
    const adjacency = this.#all.get(link);
    if (adjacency === undefined) return { actions: [], isNew: false };
    const before = adjacency.state;
    const actions = adjacency.on(event);
    if (adjacency.state === 'closed') {
      this.#all.delete(link);
      this.#alarms.clear(link);
    }
    return { actions, isNew: before !== adjacency.state };
  }

  nextDeadline(): number {
    return this.#alarms.next();
  }

  /** The next link that is to be looked after by now; it wants to be watched again. */
  due(now: number): Port | undefined {
    return this.#alarms.take(now);
  }

  watch(link: Port): void {
    this.#alarms.setNoLater(link, this.#all.get(link)?.nextDeadline() ?? Number.POSITIVE_INFINITY);
  }

  /** Links over which the adjacency is full. */
  full(isMeant: (peer: Peer) => boolean): Port[] {
    return [...this.#all].flatMap(([link, { state, peer }]) => (state === 'full' && isMeant(peer) ? [link] : []));
  }

  /** The neighbours with a full adjacency, and what a link to each costs. */
  costs(isMeant: (peer: Peer) => boolean): Map<NodeId, number> {
    const costs = new Map<NodeId, number>();
    for (const { peer, state, cost } of this.#all.values()) {
      if (state !== 'full' || !isMeant(peer)) continue;
      costs.set(peer.node, this.isDraining ? COST_MAX : Math.min(costs.get(peer.node) ?? COST_MAX, cost.cost));
    }
    return costs;
  }

  /** The incarnations of the neighbours with a full adjacency; of two, the later one. */
  lives(): Map<NodeId, number> {
    const lives = new Map<NodeId, number>();
    for (const { peer, state } of this.#all.values())
      if (state === 'full') lives.set(peer.node, Math.max(lives.get(peer.node) ?? 0, incarnationOf(peer.instance)));
    return lives;
  }

  /** The links to a neighbour that cost the least. */
  bestLinksTo(neighbour: NodeId): Port[] {
    let least = Number.POSITIVE_INFINITY;
    let links: Port[] = [];
    for (const [link, { peer, state, cost }] of this.#all) {
      if (peer.node !== neighbour || state !== 'full') continue;
      if (cost.cost < least) links = [];
      least = Math.min(least, cost.cost);
      if (cost.cost === least) links.push(link);
    }
    return links.sort((a, b) => a - b);
  }

  snapshot(): LinkSnapshot[] {
    return [...this.#all].map(([link, { peer, state, cost }]) => {
      return { link, peer, state, cost: this.isDraining ? COST_MAX : cost.cost, roundTripMs: cost.roundTripMs };
    });
  }
}
