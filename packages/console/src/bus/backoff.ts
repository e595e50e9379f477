// How long to pause before the next attempt to connect: growing, jittered, back to the start after a connection that held.

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** A connection that held so long counts as stable: the pauses begin anew. */
  readonly stableMs: number;
}

/** A person waits in front of the page: it tries sooner and more often than a service would. */
export const BACKOFF: BackoffOptions = { minMs: 250, maxMs: 5000, stableMs: 5000 };

/** Pauses are drawn from the upper half of a range that doubles, so that many pages do not come back at once. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #rangeMs: number;

  constructor(random: () => number, options: BackoffOptions = BACKOFF) {
    this.#random = random;
    this.#options = options;
    this.#rangeMs = options.minMs;
  }

  /** The pause before the next attempt, in milliseconds. */
  nextMs(): number {
    const rangeMs = this.#rangeMs;
    this.#rangeMs = Math.min(rangeMs * 2, this.#options.maxMs);
    return Math.round(rangeMs * (0.5 + this.#random() / 2));
  }

  /** Tells that a connection has ended that held for so long. */
  heldFor(ms: number): void {
    if (ms >= this.#options.stableMs) this.#rangeMs = this.#options.minMs;
  }
}
