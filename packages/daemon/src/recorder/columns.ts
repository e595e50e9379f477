// Columns of numbers that lie in one piece of memory: the system gives that page by page, as it is used.

export class Columns {
  readonly #buffer: ArrayBuffer;
  readonly #countMax: number;
  #at = 0;

  /** @param rowBytes of one row over all columns */
  constructor(countMax: number, rowBytes: number) {
    this.#countMax = countMax;
    this.#buffer = new ArrayBuffer(countMax * rowBytes);
  }

  /** Numbers of 64 bits; these columns come first, for they must be aligned. */
  wide(): Float64Array {
    return new Float64Array(this.#buffer, this.#take(8), this.#countMax);
  }

  /** Numbers of 32 bits. */
  narrow(): Uint32Array {
    return new Uint32Array(this.#buffer, this.#take(4), this.#countMax);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += bytes * this.#countMax;
    return at;
  }
}
