// The cost of a link: set, or derived from its kind and its round-trip time, damped so that noise never reroutes.

import { COST_MAX } from './link-state.ts';

/** Where a link leads: within the data centre, or to another one. */
export type LinkKind = 'network' | 'data-center';

const BASE: Readonly<Record<LinkKind, number>> = { network: 10, 'data-center': 100 };

/** A change below this share of the cost, or this many units, is noise. */
const SHARE_MIN = 0.25;
const UNITS_MIN = 4;
/** A change must last so long before the cost follows. */
const LASTING_MS = 10_000;

export class DampedCost {
  readonly #set: number | undefined;
  readonly #base: number;
  #cost: number;
  #smoothedMs: number | undefined;
  /** Since when the round-trip time asks for another cost, and on which side of the present one. */
  #asking: { readonly since: number; readonly isHigher: boolean } | undefined;

  /** @param set the cost that was configured, if any: it never changes */
  constructor(kind: LinkKind, set: number | undefined, roundTripMs: number | undefined) {
    this.#base = BASE[kind];
    this.#set = set === undefined ? undefined : clamp(set);
    this.#smoothedMs = roundTripMs;
    this.#cost = this.#set ?? clamp(this.#base + (roundTripMs ?? 0));
  }

  get cost(): number {
    return this.#cost;
  }

  /** The smoothed round-trip time, once it has been measured. */
  get roundTripMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** Takes a measurement. @returns whether the cost changed by it */
  measure(roundTripMs: number, now: number): boolean {
    this.#smoothedMs =
      this.#smoothedMs === undefined ? roundTripMs : this.#smoothedMs + (roundTripMs - this.#smoothedMs) / 8;
    if (this.#set !== undefined) return false;
    const wanted = clamp(this.#base + this.#smoothedMs);
    const difference = wanted - this.#cost;
    if (Math.abs(difference) < Math.max(UNITS_MIN, this.#cost * SHARE_MIN)) {
      this.#asking = undefined;
      return false;
    }
    const isHigher = difference > 0;
    if (this.#asking?.isHigher !== isHigher) this.#asking = { since: now, isHigher };
    if (now - this.#asking.since < LASTING_MS) return false;
    this.#asking = undefined;
    this.#cost = wanted;
    return true;
  }
}

const clamp = (cost: number): number => Math.min(Math.max(Math.round(cost), 1), COST_MAX);
