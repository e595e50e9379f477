// Counts of what became of messages: the daemon's ledger.

import type { WireErrorCode } from 'snapcommunicator/wire';

/** Why a message was refused: it was never accepted. */
export type RefusalReason =
  | 'queue-full'
  | 'closed'
  | 'unregistered'
  | 'absent'
  | 'keeper-full'
  | 'stopping'
  | 'contradiction'
  | 'hold-full'
  /** A durable message of another machine, which sends it again. */
  | 'unconfirmed';
/** Why an accepted message ended undelivered. */
export type DropReason = 'queue-full' | 'closed' | 'nobody' | 'absent' | 'store' | 'stopping' | 'repeat';

/** What became of messages for each service of this machine, as far as they did not reach it. */
export class ServiceCounts {
  readonly #counts = new Map<string, { refused: number; expired: number }>();

  refused(service: string, lines = 1): void {
    this.#of(service).refused += lines;
  }

  expired(service: string): void {
    this.#of(service).expired++;
  }

  names(): Iterable<string> {
    return this.#counts.keys();
  }

  of(service: string): { readonly refused: number; readonly expired: number } {
    return this.#counts.get(service) ?? { refused: 0, expired: 0 };
  }

  /** Names cost a sender nothing: those beyond the limit are counted together, under none. */
  #of(service: string): { refused: number; expired: number } {
    const name = this.#counts.has(service) || this.#counts.size < SERVICES_MAX ? service : '';
    let counts = this.#counts.get(name);
    if (counts === undefined) {
      counts = { refused: 0, expired: 0 };
      this.#counts.set(name, counts);
    }
    return counts;
  }
}

const SERVICES_MAX = 4096;

export class Counters {
  readonly services = new ServiceCounts();
  readonly invalid = new Map<WireErrorCode | 'PARAMETERS', number>();
  readonly refused = new Map<RefusalReason, number>();
  readonly dropped = new Map<DropReason, number>();
  /** Of connections that are closed: lines that they sent and got, and what they had not taken of that. */
  readonly before = { sent: 0, delivered: 0, lost: 0 };
  expired = 0;
  /** Messages whose last daemon died holding them. */
  unknown = 0;
  /** For this daemon itself. */
  commands = 0;
  datagrams = 0;
  /** Of those, what was a message for somebody. */
  datagramMessages = 0;
  datagramsRefused = 0;
  datagramSenders = 0;
  connectionsRefused = 0;
  /** Broadcasts for which nobody was here. */
  broadcastsUnheard = 0;
  /** Broadcasts to other machines. */
  broadcastsSent = 0;
  /** The daemon's own messages. */
  own = 0;
  fromOpaque = 0;
  toOpaque = 0;
  /** Lines that arrived and are no messages here. */
  arrivedInvalid = 0;
  /** Messages that had gone on from here and wait here again, unless their stream gave them back. */
  again = 0;
}

/** Adds to one count of a map. */
export function count<K>(map: Map<K, number>, key: K, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

export const total = (map: ReadonlyMap<unknown, number>): number => {
  let sum = 0;
  for (const value of map.values()) sum += value;
  return sum;
};
