// An adjacency: the confirmed state of one link to a neighbour, from its opening to its end, with its hellos.

import type { HelloFrame, Instance, NodeId } from '../frame/frame.ts';
import { DampedCost, type LinkKind } from './cost.ts';

/**
 * - `exchanging`: the link stands, the neighbour's digest has not come; nothing is routed over it
 * - `full`: both have compared their databases; the link is advertised
 * - `closed`: it is gone
 */
export type AdjacencyState = 'exchanging' | 'full' | 'closed';
export type AdjacencyEvent = 'digest' | 'silence' | 'close';
/** What the router must do at a transition. */
export type AdjacencyAction = 'answer' | 'advertise' | 'withdraw' | 'hang-up';

export interface Transition {
  readonly to: AdjacencyState;
  readonly actions: readonly AdjacencyAction[];
}

/** Complete: the compiler sees to it that each event is answered in each state. */
export const TRANSITIONS: Readonly<Record<AdjacencyState, Readonly<Record<AdjacencyEvent, Transition>>>> = {
  exchanging: {
    digest: { to: 'full', actions: ['answer', 'advertise'] },
    silence: { to: 'closed', actions: ['hang-up'] },
    close: { to: 'closed', actions: [] },
  },
  full: {
    digest: { to: 'full', actions: ['answer'] },
    silence: { to: 'closed', actions: ['hang-up', 'withdraw'] },
    close: { to: 'closed', actions: ['withdraw'] },
  },
  closed: {
    digest: { to: 'closed', actions: [] },
    silence: { to: 'closed', actions: [] },
    close: { to: 'closed', actions: [] },
  },
};

export interface AdjacencyOptions {
  readonly helloIntervalMs: number;
  /** Silence for longer ends the link: the greater of this and four round trips + 1 s, or + half of this if that is less. */
  readonly deadIntervalMs: number;
  /** From 0 to 1: where hellos get their jitter from. */
  readonly random: () => number;
}

export interface Peer {
  readonly node: NodeId;
  readonly instance: Instance;
  /** Whether it is in the same area; else only summaries cross the link. */
  readonly isInArea: boolean;
  readonly kind: LinkKind;
  /** The configured cost, if any. */
  readonly cost: number | undefined;
  /** As measured while connecting. */
  readonly roundTripMs: number | undefined;
}

/** What a long way adds to its round trips before it is taken for dead. */
const graceMsMax = 1000;
/** Serials whose sending is remembered, for measuring the round trip. */
const SENT_MAX = 16;
/** So many hellos in a row with another hash of the database, ours unchanged, and the databases are compared again. */
const DIFFERENCES_MAX = 4;

export class Adjacency {
  readonly peer: Peer;
  readonly cost: DampedCost;
  readonly #options: AdjacencyOptions;
  state: AdjacencyState = 'exchanging';
  #serial = 0;
  readonly #sentAtMs = new Map<number, number>();
  #echo = 0;
  #echoAtMs = 0;
  #heardAtMs: number;
  #helloAtMs: number;
  #differences = 0;
  #hashes = '';

  constructor(peer: Peer, options: AdjacencyOptions, now: number) {
    this.peer = peer;
    this.#options = options;
    this.cost = new DampedCost(peer.kind, peer.cost, peer.roundTripMs);
    this.#heardAtMs = now;
    this.#helloAtMs = now;
  }

  /** Makes the transition and says what is to be done. */
  on(event: AdjacencyEvent): readonly AdjacencyAction[] {
    const { to, actions } = TRANSITIONS[this.state][event];
    this.state = to;
    return actions;
  }

  /** Any bytes came. */
  heard(now: number): void {
    this.#heardAtMs = now;
  }

  get deadIntervalMs(): number {
    const { deadIntervalMs } = this.#options;
    const roundTripMs = this.cost.roundTripMs ?? 0;
    // A short interval is kept on a short link; on a long one it leaves room for hellos that are late.
    return Math.max(deadIntervalMs, 4 * roundTripMs + Math.min(graceMsMax, deadIntervalMs / 2));
  }

  isSilent(now: number): boolean {
    return now >= this.#heardAtMs + this.deadIntervalMs;
  }

  /** When a hello is to be sent, or the neighbour is dead. */
  nextDeadline(): number {
    return Math.min(this.#helloAtMs, this.#heardAtMs + this.deadIntervalMs);
  }

  /** A hello, if it is time for one. */
  hello(databaseHash: number, now: number): HelloFrame | undefined {
    if (now < this.#helloAtMs) return undefined;
    const { helloIntervalMs, random } = this.#options;
    this.#helloAtMs = now + helloIntervalMs * (0.75 + 0.5 * random());
    const serial = ++this.#serial;
    this.#sentAtMs.set(serial, now);
    this.#sentAtMs.delete(serial - SENT_MAX);
    const heldUs = this.#echo === 0 ? 0 : Math.round((now - this.#echoAtMs) * 1000);
    return { kind: 'hello', serial, echo: this.#echo, heldUs, databaseHash };
  }

  /** A hello came. @returns whether the cost changed, and whether the databases have been different for long */
  greeted(frame: HelloFrame, databaseHash: number, now: number): { costChanged: boolean; differs: boolean } {
    this.#echo = frame.serial;
    this.#echoAtMs = now;
    const sentAtMs = this.#sentAtMs.get(frame.echo);
    let costChanged = false;
    if (sentAtMs !== undefined) {
      this.#sentAtMs.delete(frame.echo);
      costChanged = this.cost.measure(Math.max(0, now - sentAtMs - frame.heldUs / 1000), now);
    }
    // While either changes they are on their way to each other; standing still and different, something was lost.
    const hashes = `${frame.databaseHash} ${databaseHash}`;
    this.#differences = frame.databaseHash !== databaseHash && hashes === this.#hashes ? this.#differences + 1 : 0;
    this.#hashes = hashes;
    const differs = this.#differences >= DIFFERENCES_MAX;
    if (differs) this.#differences = 0;
    return { costChanged, differs };
  }
}
