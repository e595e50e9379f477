// The cluster's words: which machines are known and can be reached, and what services are told when that changes.

import type { Values } from './speaker.ts';

export interface ClusterParts {
  readonly server: string;
  /** Tells every service of this machine that lists the command. */
  readonly announce: (command: string, values: Values) => void;
  /** Names of the machines of this data centre that can be reached now, this one left out. */
  readonly reachable: () => Iterable<string>;
  /** How many configured addresses there are behind which none of the known machines was found. */
  readonly unmetAddresses: (isKnown: (server: string) => boolean) => number;
  readonly nowMs: () => number;
}

export interface ClusterStatus {
  /** Machines that are known, this one included. */
  readonly known: number;
  /** Those of them that can be reached, this one included. */
  readonly reachable: number;
  /** More than half of them can be reached. */
  readonly isUp: boolean;
  readonly isComplete: boolean;
}

/** A machine that was not seen for so long is not known any more. */
const KNOWN_MS = 24 * 3_600_000;
/** Names that are remembered; more are only counted while they can be reached. */
const NAMES_MAX = 10_000;

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #seenAtMs = new Map<string, number>();
  /** Links by the machine behind them: several may lead to one. */
  readonly #links = new Map<string, number>();
  #told: ClusterStatus = { known: 1, reachable: 1, isUp: true, isComplete: true };
  #isScheduled = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  linkUp(server: string): void {
    const count = this.#links.get(server) ?? 0;
    this.#links.set(server, count + 1);
    if (count === 0) this.#parts.announce('NEW_REMOTE_CONNECTION', { server_name: server });
    this.changed();
  }

  linkDown(server: string, isOrderly: boolean): void {
    const count = this.#links.get(server) ?? 0;
    if (count > 1) {
      this.#links.set(server, count - 1);
      return;
    }
    if (this.#links.delete(server))
      this.#parts.announce(isOrderly ? 'DISCONNECTED' : 'HANGUP', { server_name: server });
    this.changed();
  }

  /** A machine is not expected to come back. @returns whether it was known */
  forget(server: string): boolean {
    const wasKnown = this.#seenAtMs.delete(server);
    this.changed();
    return wasKnown;
  }

  /** Machines can be reached that could not, or the other way round: services are told once all news of this turn is in. */
  changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#tell();
    });
  }

  status(): ClusterStatus {
    const now = this.#parts.nowMs();
    const reachable = new Set(this.#parts.reachable());
    for (const server of reachable) {
      this.#seenAtMs.delete(server);
      if (this.#seenAtMs.size < NAMES_MAX) this.#seenAtMs.set(server, now);
    }
    let known = 1;
    for (const [server, seenAtMs] of this.#seenAtMs) {
      if (now - seenAtMs > KNOWN_MS) this.#seenAtMs.delete(server);
      else known++;
    }
    known += this.#parts.unmetAddresses((server) => this.#seenAtMs.has(server));
    const count = reachable.size + 1;
    return { known, reachable: count, isUp: count * 2 > known, isComplete: count >= known };
  }

  /** What CLUSTER_STATUS is answered with. */
  words(): { readonly command: ClusterWord; readonly values: Values }[] {
    return wordsOf(this.status());
  }

  #tell(): void {
    const before = this.#told;
    const now = this.status();
    this.#told = now;
    const [up, complete] = wordsOf(now);
    const isCountNew = before.known !== now.known;
    if (isCountNew || before.isUp !== now.isUp) this.#parts.announce(up.command, up.values);
    if (isCountNew || before.isComplete !== now.isComplete) this.#parts.announce(complete.command, complete.values);
  }
}

export type ClusterWord = 'CLUSTER_UP' | 'CLUSTER_DOWN' | 'CLUSTER_COMPLETE' | 'CLUSTER_INCOMPLETE';
type Word = { readonly command: ClusterWord; readonly values: Values };

function wordsOf({ known, isUp, isComplete }: ClusterStatus): [up: Word, complete: Word] {
  const values = { neighbors_count: known };
  return [
    { command: isUp ? 'CLUSTER_UP' : 'CLUSTER_DOWN', values },
    { command: isComplete ? 'CLUSTER_COMPLETE' : 'CLUSTER_INCOMPLETE', values },
  ];
}
