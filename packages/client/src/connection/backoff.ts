// How long to pause before the next attempt: growing, jittered, back to the start after a connection that held.

export interface BackoffOptions {
  /** The first pause, in milliseconds (200). */
  readonly minMs?: number;
  /** The longest pause, in milliseconds (30,000). */
  readonly maxMs?: number;
  /** A connection that held so long counts as stable, in milliseconds (10,000): the pauses begin anew. */
  readonly stableMs?: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/**
 * Each pause is drawn from the upper half of its range, and ranges double: a thousand services that lost the same daemon
 * come back spread out, none of them at once.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #stableMs: number;
  readonly #random: () => number;
  #rangeMs: number;

  constructor(options: BackoffOptions = {}) {
    this.#minMs = options.minMs ?? 200;
    this.#maxMs = options.maxMs ?? 30_000;
    this.#stableMs = options.stableMs ?? 10_000;
    this.#random = options.random ?? Math.random;
    this.#rangeMs = this.#minMs;
  }

  /** The pause before the next attempt, in milliseconds. */
  nextMs(): number {
    const rangeMs = this.#rangeMs;
    this.#rangeMs = Math.min(rangeMs * 2, this.#maxMs);
    return Math.round(rangeMs * (0.5 + this.#random() / 2));
  }

  /** Tells that a connection has ended that held for so long. */
  heldFor(ms: number): void {
    if (ms >= this.#stableMs) this.#rangeMs = this.#minMs;
  }
}
