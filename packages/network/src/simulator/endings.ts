// How messages of simulated services begin and end.

import type { Instance } from '../frame/frame.ts';
import type { KeptEntry, MessageId } from '../keeper/keeper.ts';
import type { Port } from '../router/router.ts';

/** A message that a simulated daemon accepts from a service of its own. */
export interface Accepted {
  /** `server:service`; empty when unknown. */
  readonly sender: string;
  /** The address, as in the message. */
  readonly server: string;
  readonly service: string;
  /** The stamped line with its LF. It may be held: nobody may write into it again. */
  readonly bytes: Uint8Array;
  readonly ttlMs: number;
  /** Whether it may wait for its destination; else it is refused when nobody is there. */
  readonly isKept: boolean;
  /** Whether it is to be on disk until the last daemon has it: it survives a crash of this one. */
  readonly isDurable: boolean;
  /** The caller's own context, given back with the outcome; undefined after a restart. */
  readonly token: unknown;
}

/** Why a message was not accepted. */
export type AcceptRefusal = 'absent' | 'full' | 'contradiction' | 'count' | 'bytes' | 'destination-bytes';

/**
 * How an accepted message ended, as far as its first daemon knows.
 * - `delivered`: to a service of this machine
 * - `taken`: the last daemon has it
 * - `refused`: it was not to be kept, and nobody was there
 * - `unknown`: its last daemon died, or was forgotten, while it was under way
 */
export type Ending = 'delivered' | 'taken' | 'expired' | 'refused' | 'dropped' | 'unknown';

export type LocalEffect =
  /** A line for a service of this machine; `id` names it everywhere. */
  | {
      readonly kind: 'deliver';
      readonly port: Port;
      readonly bytes: Uint8Array;
      readonly origin: Instance;
      readonly id: string;
    }
  /** A line for this daemon itself. */
  | { readonly kind: 'daemon'; readonly bytes: Uint8Array; readonly origin: Instance; readonly id: string }
  /** A line for every service of this machine that lists its command. */
  | { readonly kind: 'broadcast'; readonly bytes: Uint8Array; readonly origin: Instance; readonly id: string }
  /** A message came back undelivered, and goes to another instance, or waits for one. */
  | { readonly kind: 'returned'; readonly accepted: Accepted }
  /** An accepted message has ended. */
  | {
      readonly kind: 'ending';
      readonly ending: Ending;
      readonly accepted: Accepted;
      /** Whether it was sent in a way that left open whether it arrived; only of durable ones. */
      readonly mayHaveArrived: boolean;
    }
  /** What a durable message asks of the disk; `stored` is called when it is there. */
  | { readonly kind: 'store-put'; readonly entry: KeptEntry }
  | { readonly kind: 'store-delete'; readonly id: MessageId }
  /** A durable message is on disk, and its sender may rely on that. */
  | { readonly kind: 'cached'; readonly accepted: Accepted };
