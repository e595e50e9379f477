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
  | 'hold-full';
/** Why an accepted message ended undelivered. */
export type DropReason = 'queue-full' | 'closed' | 'nobody' | 'absent' | 'store' | 'stopping';

export class Counters {
  readonly invalid = new Map<WireErrorCode | 'PARAMETERS', number>();
  readonly refused = new Map<RefusalReason, number>();
  readonly dropped = new Map<DropReason, number>();
  /** Lines that connections now closed had got. */
  deliveredBefore = 0;
  expired = 0;
  /** Messages whose last daemon died holding them. */
  unknown = 0;
  commands = 0;
  datagrams = 0;
  datagramsRefused = 0;
  datagramSenders = 0;
  connectionsRefused = 0;
  broadcastsSent = 0;
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
