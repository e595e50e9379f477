// Pieces of one size in the arena: which are free, and how often each of the others is held.

export class Pieces {
  /** Where the first one begins, and where the last one ends, as addresses. */
  readonly start: number;
  readonly end: number;
  /** What one is to hold. */
  readonly bytes: number;
  readonly #strideBytes: number;
  readonly #free: number[] = [];
  readonly #holds: Uint32Array;

  /** @param slackBytes behind each piece, which belong to it, too */
  constructor(start: number, count: number, bytes: number, slackBytes: number) {
    this.start = start;
    this.bytes = bytes;
    this.#strideBytes = bytes + slackBytes;
    this.end = start + count * this.#strideBytes;
    this.#holds = new Uint32Array(count);
    // The last ones go in first, so that they are used from the beginning and what is never needed is never touched.
    for (let at = count - 1; at >= 0; at--) this.#free.push(start + at * this.#strideBytes);
  }

  get freeCount(): number {
    return this.#free.length;
  }

  /** Whether more than half are free: some may be held for longer than it takes to write them. */
  get isAmple(): boolean {
    return this.#free.length > this.#holds.length / 2;
  }

  has(address: number): boolean {
    return address >= this.start && address < this.end;
  }

  /** The address of a piece, held once; 0 when none is free. */
  take(): number {
    const address = this.#free.pop() ?? 0;
    if (address !== 0) this.#holds[this.#indexOf(address)] = 1;
    return address;
  }

  /** Holds the piece with this address in it once more. */
  hold(address: number): void {
    (this.#holds[this.#indexOf(address)] as number)++;
  }

  /** Gives up a hold of the piece with this address in it; with the last one it is free. */
  release(address: number): void {
    const index = this.#indexOf(address);
    const holds = --(this.#holds[index] as number);
    if (holds === 0) this.#free.push(this.start + index * this.#strideBytes);
  }

  /** How often the piece with this address in it is held. */
  holdsOf(address: number): number {
    return this.#holds[this.#indexOf(address)] as number;
  }

  #indexOf(address: number): number {
    return Math.floor((address - this.start) / this.#strideBytes);
  }
}
