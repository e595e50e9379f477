// What the switch knows of a connection that lines come from.

import type { Destination } from './destination.ts';

export interface Source {
  /** Unique among all sources, never 0; a new one voids what the flow cache holds about this source. */
  serial: number;
  /** The stamp put before each of its lines, `<server:service `; empty for lines that go on without a sender. */
  prefix: Uint8Array;
  /** How many lines of it were handled, those that are no messages left out. The switch counts what the inner loop handles. */
  lines: number;
  /** Its lines bear their senders already, and keep them; they are all handled at once, for who reads them waits. */
  readonly isStamped: boolean;
  /** The beginning of a line whose rest has not come yet. */
  carry: Uint8Array | undefined;
  /** A line too long for the arena, while it is being received. */
  longLine: LongLine | undefined;
  /** Bytes that were read and wait for the next turn. */
  backlog: Uint8Array | undefined;
  /** Destinations because of which this source is paused. */
  blockedBy: Set<Destination> | undefined;
  /** The destination at the other end of the same connection. */
  readonly destination: Destination | undefined;
  pause(): void;
  resume(): void;
}

/** A line that is longer than the arena's headroom. */
export interface LongLine {
  pieces: Uint8Array[];
  bytes: number;
  /** It is longer than allowed: only its end is looked for. */
  isDiscarded: boolean;
}
