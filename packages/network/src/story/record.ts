// What a daemon recorded of a message: one step of its story. The form in which RECORDS carries it.

/**
 * What became of a message at one daemon.
 * - `delivered`: given to its service, or to the daemon itself
 * - `kept`: it waits here
 * - `refused`: never accepted; `reason` says why
 * - `dropped`: accepted, and ended undelivered; `reason` says why
 * - `expired`: accepted, and its time was over before it could be delivered
 * - `sent`: it went on to another daemon
 * - `passed`: it came from one daemon and went on to another; nothing was read but its frame
 * - `returned`: it came, and nobody was there; the daemon that it came from decides again
 * - `taken`: the daemon that it was sent to has said that it has it
 * - `unknown`: the daemon that it was sent to ended before it said what became of it
 */
export const RECORDED_OUTCOMES = [
  'delivered',
  'kept',
  'refused',
  'dropped',
  'expired',
  'sent',
  'passed',
  'returned',
  'taken',
  'unknown',
] as const;
export type RecordedOutcome = (typeof RECORDED_OUTCOMES)[number];

export interface MessageRecord {
  /** Unix seconds with fractions, by the clock of the daemon's machine. */
  readonly time: number;
  /** In the order of this daemon; greater is later. */
  readonly number: number;
  /** `server:service`; either part may be empty. Empty where a message only passed, like the command. */
  readonly from: string;
  readonly to: string;
  readonly command: string;
  /** Bytes of the line; of the whole frame where it only passed. */
  readonly size: number;
  readonly outcome: RecordedOutcome;
  readonly reason?: string;
  /** `node.incarnation.stream.number`, the same on every daemon; absent where it is not known. */
  readonly id?: string;
  /** The neighbour over whose link it came. */
  readonly cameBy?: string;
  /** The neighbour over whose link it went on. */
  readonly wentBy?: string;
  /** Its parameters, where the daemon keeps them (`recorder_payloads`); what is secret is `***`. */
  readonly parameters?: Readonly<Record<string, string>>;
}
