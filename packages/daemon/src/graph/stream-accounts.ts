// What was given to the streams to other nodes and what became of it, and what arrived by theirs: counts for the ledger.

import type { Instance } from '@snapcommunicator/network/frame';
import type { Fate } from '@snapcommunicator/network/stream';

export type OutgoingCounts = { given: number } & Record<Fate, number>;
export interface IncomingCounts {
  lines: number;
  returned: number;
}

/** Lives that are over, of which the counts are told one by one; those before them are told as one sum. */
const OVER_MAX = 256;

export class StreamAccounts {
  readonly outgoing = new Accounts<OutgoingCounts>(() => ({
    given: 0,
    taken: 0,
    returned: 0,
    expired: 0,
    unknown: 0,
    unsent: 0,
  }));
  readonly incoming = new Accounts<IncomingCounts>(() => ({ lines: 0, returned: 0 }));
  readonly broadcasts = new Accounts<{ lines: number }>(() => ({ lines: 0 }));

  given(instance: Instance, lines: number): void {
    this.outgoing.alive(instance).given += lines;
  }

  settled(instance: Instance, fate: Fate, lines: number): void {
    this.outgoing.of(instance)[fate] += lines;
  }

  arrived(instance: Instance, lines: number, returned: number): void {
    const counts = this.incoming.alive(instance);
    counts.lines += lines;
    counts.returned += returned;
  }

  broadcastArrived(instance: Instance): void {
    this.broadcasts.alive(instance).lines++;
  }

  /** A life of a node is over. */
  end(instance: Instance): void {
    for (const accounts of [this.outgoing, this.incoming, this.broadcasts]) accounts.end(instance);
  }
}

/** Counts for each life of each node. */
class Accounts<C extends Record<keyof C, number>> {
  readonly #empty: () => C;
  readonly #counts = new Map<Instance, C>();
  readonly #over = new Set<Instance>();
  /** Of lives that are told of no more. */
  readonly #rest: C;

  constructor(empty: () => C) {
    this.#empty = empty;
    this.#rest = empty();
  }

  of(instance: Instance): C {
    let counts = this.#counts.get(instance);
    if (counts === undefined) {
      counts = this.#empty();
      this.#counts.set(instance, counts);
    }
    return counts;
  }

  /** The same, of a life that is not over: others may have thought so too early. */
  alive(instance: Instance): C {
    this.#over.delete(instance);
    return this.of(instance);
  }

  end(instance: Instance): void {
    if (!this.#counts.has(instance)) return;
    this.#over.delete(instance);
    this.#over.add(instance);
    for (const oldest of this.#over) {
      if (this.#over.size <= OVER_MAX) break;
      const counts = this.#counts.get(oldest);
      this.#over.delete(oldest);
      this.#counts.delete(oldest);
      const rest = this.#rest as Record<keyof C, number>;
      for (const key in counts) rest[key] += counts[key];
    }
  }

  /** With those of forgotten lives, under an empty name, if there are any. */
  *list(): Generator<{ readonly instance: Instance; readonly isOver: boolean; readonly counts: Readonly<C> }> {
    for (const [instance, counts] of this.#counts) yield { instance, isOver: this.#over.has(instance), counts };
    if (Object.values<number>(this.#rest).some((count) => count > 0))
      yield { instance: '', isOver: true, counts: this.#rest };
  }
}
