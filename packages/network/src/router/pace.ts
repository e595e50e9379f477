// How often something is done while changes go on: the first time after a calm at once, then with growing pauses, so that
// several changes are taken together.

export class Pace {
  readonly #pauseMsMin: number;
  readonly #pauseMsMax: number;
  readonly #calmMs: number;
  #pauseMs: number;
  #atMs = Number.NEGATIVE_INFINITY;

  /** The pause doubles each time, from the least to the greatest; after a calm of so long it begins anew. */
  constructor(pauseMsMin: number, pauseMsMax: number, calmMs: number) {
    this.#pauseMsMin = pauseMsMin;
    this.#pauseMsMax = pauseMsMax;
    this.#calmMs = calmMs;
    this.#pauseMs = pauseMsMin;
  }

  /** When it may be done again; this may be past. */
  get nextMs(): number {
    return this.#atMs + this.#pauseMs;
  }

  /** It is done now. */
  done(now: number): void {
    const isCalm = now - this.#atMs > this.#calmMs;
    this.#pauseMs = isCalm ? this.#pauseMsMin : Math.min(this.#pauseMs * 2, this.#pauseMsMax);
    this.#atMs = now;
  }
}
