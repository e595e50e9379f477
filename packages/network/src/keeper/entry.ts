// What the keeper keeps: a message as the switch hands it over, as it is held, and as it comes back from the store.

/** The id that a message got from its first daemon; the keeper only compares it. */
export type MessageId = string | bigint;

/** What the sender wants to hear about its message (`transmission_report`): nothing, cached and failed, or each step. */
export type ReportLevel = 'none' | 'failure' | 'always';

/** A message that is to be kept. */
export interface Entry {
  readonly id: MessageId;
  /** Whom it is for, as addressed: `service` or `server:service`. */
  readonly destination: string;
  /** Who sent it, `server:service`; empty when unknown. */
  readonly sender: string;
  /** The whole stamped line with its LF. The keeper holds on to it, so the caller must not write into it again. */
  readonly bytes: Uint8Array;
  /** How long it may wait, in ms; brought within the keeper's limits. */
  readonly ttlMs: number;
  /** Whether it must be in the store before its sender is told `cached`. */
  readonly isDurable: boolean;
  readonly report: ReportLevel;
  /** The caller's own context, passed through; it does not survive a restart. */
  readonly token: unknown;
}

/** A message as the keeper holds it and gives it out. Immutable. */
export interface KeptEntry extends Entry {
  /** Its place in the order of arrival; greater is later. Goes on counting after a restart. */
  readonly sequence: number;
  /** When its time is over, on the clock of the `now` parameters. */
  readonly deadlineMs: number;
  /** Whether its destination may have got it before: it goes out with `redelivered=1`. */
  readonly isRedelivered: boolean;
}

/** A durable message as the store gives it back after a restart. */
export type StoredEntry = Pick<
  KeptEntry,
  'id' | 'destination' | 'sender' | 'bytes' | 'report' | 'sequence' | 'deadlineMs'
>;
