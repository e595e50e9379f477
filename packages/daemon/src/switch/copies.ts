// Copies of what is flushed, for outlets that keep it for long, in memory that is used again.

/** Shorter ones are left to the collector, so that little is not held in much. */
const REUSED_BYTES_MIN = 32 * 1024;
/** So many pieces that nobody needs are kept. */
const SPARE_COUNT_MAX = 64;

export class Copies {
  readonly #bytesMax: number;
  readonly #spare: Buffer[] = [];

  /** @param bytesMax of one copy */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** New memory of that size for each flush would cost more than the copy. */
  of(bytes: Buffer): Buffer {
    if (bytes.length < REUSED_BYTES_MIN || bytes.length > this.#bytesMax) return Buffer.from(bytes);
    const memory = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bytesMax);
    bytes.copy(memory);
    return memory.subarray(0, bytes.length);
  }

  /** Nobody reads the copy any more. */
  give({ buffer, length }: Buffer): void {
    const isOurs = length >= REUSED_BYTES_MIN && buffer.byteLength === this.#bytesMax;
    if (isOurs && this.#spare.length < SPARE_COUNT_MAX) this.#spare.push(Buffer.from(buffer));
  }
}
