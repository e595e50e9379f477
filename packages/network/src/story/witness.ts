// What one daemon says about messages, or why it says nothing: the evidence from which a story is put together.

import type { MessageRecord } from './record.ts';

/**
 * Why a daemon tells nothing.
 * - `lost`: no way leads to its machine now
 * - `silent`: it did not answer in time
 * - `refused`: it does not tell who asks from there
 * - `old`: its version keeps no records
 * - `opaque`: it is a daemon of another kind (C++), which keeps none
 */
export type Silence = 'lost' | 'silent' | 'refused' | 'old' | 'opaque';

export interface Witness {
  readonly server: string;
  /** 16 hexadecimal digits: the first part of the ids of messages that began there. */
  readonly node?: string | undefined;
  /** Unix seconds by its own clock: when this life of it began. What it knew before is gone. */
  readonly upSince?: number | undefined;
  /** Unix seconds by its own clock: what was before is not held any more. */
  readonly oldest?: number | undefined;
  /** By how much its clock is ahead of that of who asks. */
  readonly clock?: ClockEstimate | undefined;
  readonly silence?: Silence | undefined;
  readonly records: readonly MessageRecord[];
}

export interface ClockEstimate {
  readonly aheadSeconds: number;
  /** The estimate may be wrong by so much. */
  readonly errorSeconds: number;
}

/**
 * How far the clock of who answered is ahead. Its `now` was taken between question and answer; the middle is right if
 * both took equally long, and half of the time between them is the most by which it can be wrong (Cristian 1989). A clock
 * that may be right by that is taken to be right: most machines are set by better means than this.
 * @param askedAt unix seconds by the clock of who asks, like `answeredAt`
 */
export function clockFrom(askedAt: number, answeredAt: number, now: number): ClockEstimate {
  const aheadSeconds = now - (askedAt + answeredAt) / 2;
  // Daemons tell the time in whole milliseconds.
  const errorSeconds = Math.max(0, answeredAt - askedAt) / 2 + 0.001;
  return { aheadSeconds: Math.abs(aheadSeconds) <= errorSeconds ? 0 : aheadSeconds, errorSeconds };
}

/** The better of two estimates of one clock: the one from the quicker answer. */
export function betterClock(a: ClockEstimate | undefined, b: ClockEstimate | undefined): ClockEstimate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.errorSeconds < a.errorSeconds ? b : a;
}

/** The same moment by the clock of who asks. @param time unix seconds by the clock of the witness */
export const byOwnClock = ({ clock }: Pick<Witness, 'clock'>, time: number): number =>
  time - (clock?.aheadSeconds ?? 0);
