// What is said over links by and about the graph: hellos, digests, link states and summaries; and when a link counts.

import type { Frame, NodeId } from '../frame/frame.ts';
import type { Adjacencies } from './adjacencies.ts';
import type { AdjacencyAction, AdjacencyEvent, Peer } from './adjacency.ts';
import type { Areas } from './areas.ts';
import type { Database } from './database.ts';
import type { GraphEffect } from './effects.ts';
import type { Flooding } from './flooding.ts';
import { mix } from './hash.ts';
import type { Port } from './machine.ts';

export interface ExchangeParts {
  readonly adjacencies: Adjacencies;
  readonly database: Database;
  readonly flooding: Flooding;
  readonly areas: Areas;
  readonly emit: (effect: GraphEffect) => void;
  /** A link to a neighbour counts, or not any more, or costs something else. */
  readonly linkChanged: (peer: Peer, now: number) => void;
}

export class Exchange {
  readonly #parts: ExchangeParts;
  /** Links whose neighbour has said what it has, and of which only a former life has been heard so far. */
  readonly #unready = new Set<Port>();

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  open(link: Port, peer: Peer, now: number): void {
    this.#parts.adjacencies.open(link, peer, now);
    this.#sayDigests(link, peer, false);
  }

  close(link: Port, now: number): void {
    this.#event(link, 'close', now);
  }

  /** Any bytes came. */
  heard(link: Port, now: number): void {
    this.#parts.adjacencies.get(link)?.heard(now);
  }

  receive(link: Port, frame: Frame, now: number): void {
    const { adjacencies, flooding, areas, linkChanged } = this.#parts;
    const adjacency = adjacencies.get(link);
    if (adjacency === undefined) return;
    adjacency.heard(now);
    const { peer } = adjacency;
    if (frame.kind === 'update') {
      if (peer.isInArea) flooding.receiveUpdate(link, frame, now);
    } else if (frame.kind === 'summary') areas.flooding.receiveUpdate(link, frame, now);
    else if (frame.kind === 'digest' && peer.isInArea) {
      flooding.receiveDigest(link, frame);
      if (frame.isWhole) this.#compared(link, peer, now);
    } else if (frame.kind === 'summary-digest') {
      areas.flooding.receiveDigest(link, frame);
      if (frame.isWhole && !peer.isInArea) this.#compared(link, peer, now);
    } else if (frame.kind === 'hello') {
      const { costChanged, differs } = adjacency.greeted(frame, this.#hashFor(peer), now);
      if (costChanged) linkChanged(peer, now);
      if (differs) this.#sayDigests(link, peer, true);
    }
  }

  /** Says hello where it is time to, and gives up what is silent. */
  wake(now: number): void {
    const { adjacencies } = this.#parts;
    for (let link = adjacencies.due(now); link !== undefined; link = adjacencies.due(now)) this.#greet(link, now);
  }

  /** A border was heard of: links that waited for it may count. */
  heardOf(node: NodeId, now: number): void {
    for (const link of this.#unready) {
      const peer = this.#parts.adjacencies.get(link)?.peer;
      if (peer !== undefined && (peer.node !== node || !this.#isUpToDate(peer))) continue;
      this.#unready.delete(link);
      this.#event(link, 'digest', now);
    }
  }

  #greet(link: Port, now: number): void {
    const { adjacencies, emit } = this.#parts;
    const adjacency = adjacencies.get(link);
    if (adjacency?.isSilent(now) !== false) return this.#event(link, 'silence', now);
    const frame = adjacency.hello(this.#hashFor(adjacency.peer), now);
    if (frame !== undefined) emit({ kind: 'send', link, frame });
    adjacencies.watch(link);
  }

  #sayDigests(link: Port, peer: Peer, wantsAnswer: boolean): void {
    const { flooding, areas } = this.#parts;
    if (peer.isInArea) flooding.sendDigest(link, wantsAnswer);
    areas.flooding.sendDigest(link, wantsAnswer);
  }

  /**
   * Both sides have compared what they know. A link to another area counts once what is known of the border there is
   * not from a former life: that would be believed of this one. (Links within the area name the lives at their ends.)
   */
  #compared(link: Port, peer: Peer, now: number): void {
    if (this.#isUpToDate(peer)) this.#event(link, 'digest', now);
    else this.#unready.add(link);
  }

  #isUpToDate({ instance, isInArea }: Peer): boolean {
    return isInArea || !this.#parts.areas.isBehind(instance);
  }

  /** A hash over all that is exchanged with a neighbour. */
  #hashFor({ isInArea }: Peer): number {
    const { database, areas } = this.#parts;
    const { hash } = areas.summaries;
    return isInArea ? (database.hash ^ mix(hash)) >>> 0 : hash;
  }

  /** An event of an adjacency: makes its transition and does what belongs to it. */
  #event(link: Port, event: AdjacencyEvent, now: number): void {
    const { adjacencies } = this.#parts;
    const peer = adjacencies.get(link)?.peer;
    if (peer === undefined) return;
    if (event !== 'digest') this.#unready.delete(link);
    const { actions, isNew } = adjacencies.on(link, event);
    for (const action of actions) this.#act(action, link, peer, isNew, now);
  }

  #act(action: AdjacencyAction, link: Port, peer: Peer, isNew: boolean, now: number): void {
    const { emit, linkChanged } = this.#parts;
    if (action === 'hang-up') emit({ kind: 'hang-up', link, reason: 'silence' });
    if (!isNew || (action !== 'advertise' && action !== 'withdraw')) return;
    emit({ kind: 'adjacency', link, isFull: action === 'advertise' });
    linkChanged(peer, now);
  }
}
