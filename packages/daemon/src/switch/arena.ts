// The arena: one fixed piece of memory for input, output buffers, forwarding state and the recorder's ring.

import {
  BUFFER_SLACK_BYTES,
  CELL_LINE_BYTES_MAX,
  CELL_RECORDER,
  CELL_RECORDER_MASK,
  CELL_TRACES,
  MASKS,
  POOL,
  RECORD_BYTES,
} from './arena-layout.ts';

export interface ArenaOptions {
  /** Size of all output buffers together, in bytes. */
  readonly bufferBytes: number;
  /** Records in the recorder's ring; rounded up to a power of two. */
  readonly recordCount: number;
  /** Longest line with its LF, in bytes. */
  readonly lineBytesMax: number;
}

/** A small buffer serves a destination that gets a few lines a turn, a large one a whole read. */
const SMALL_BYTES = 4096;
const LARGE_BYTES = 139_264;

/** The memory, views of it, and the pool of output buffers in it. Its size never changes: growing would detach the views. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly recordCount: number;
  readonly #largeStart: number;
  readonly #freeSmall: number[] = [];
  readonly #freeLarge: number[] = [];

  constructor(options: ArenaOptions) {
    this.recordCount = 2 ** Math.ceil(Math.log2(Math.max(2, options.recordCount)));
    const largeCount = Math.max(4, Math.floor((options.bufferBytes * 7) / 8 / (LARGE_BYTES + BUFFER_SLACK_BYTES)));
    const smallCount = Math.max(16, Math.floor(options.bufferBytes / 8 / (SMALL_BYTES + BUFFER_SLACK_BYTES)));
    const smallStart = POOL + this.recordCount * RECORD_BYTES;
    this.#largeStart = smallStart + smallCount * (SMALL_BYTES + BUFFER_SLACK_BYTES);
    const end = this.#largeStart + largeCount * (LARGE_BYTES + BUFFER_SLACK_BYTES);
    const pages = Math.ceil(end / 65_536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Uint32Array(this.memory.buffer);
    for (let mask = 0; mask <= 16; mask++) this.bytes.fill(255, MASKS + mask * 16, MASKS + mask * 16 + mask);
    this.setWord(CELL_RECORDER, POOL);
    this.setWord(CELL_RECORDER_MASK, this.recordCount - 1);
    this.setWord(CELL_LINE_BYTES_MAX, options.lineBytesMax);
    // The last ones go in first, so that the pool is used from its beginning and what is never needed is never touched.
    for (let at = smallCount - 1; at >= 0; at--)
      this.#freeSmall.push(smallStart + at * (SMALL_BYTES + BUFFER_SLACK_BYTES));
    for (let at = largeCount - 1; at >= 0; at--)
      this.#freeLarge.push(this.#largeStart + at * (LARGE_BYTES + BUFFER_SLACK_BYTES));
  }

  word(address: number): number {
    return this.words[address >>> 2] as number;
  }

  setWord(address: number, value: number): void {
    this.words[address >>> 2] = value;
  }

  /** From now on lines with `traceparent` take the slow way, too. */
  traceLines(): void {
    this.setWord(CELL_TRACES, 1);
  }

  /** A buffer's address, large if asked for and there, else small; 0 when the pool is empty. */
  takeBuffer(isLarge: boolean): number {
    const address = isLarge
      ? (this.#freeLarge.pop() ?? this.#freeSmall.pop())
      : (this.#freeSmall.pop() ?? this.#freeLarge.pop());
    return address ?? 0;
  }

  giveBuffer(address: number): void {
    (address >= this.#largeStart ? this.#freeLarge : this.#freeSmall).push(address);
  }

  /** How many bytes of lines the buffer at this address takes. */
  capacityOf(address: number): number {
    return this.isLarge(address) ? LARGE_BYTES : SMALL_BYTES;
  }

  /** What a large buffer can come to hold: the last line may go beyond its capacity. */
  get largeBytesMax(): number {
    return LARGE_BYTES + BUFFER_SLACK_BYTES;
  }

  isLarge(address: number): boolean {
    return address >= this.#largeStart;
  }

  /** Whether so few large buffers are left that slow destinations must not hold any. */
  get isScarce(): boolean {
    return this.#freeLarge.length < 8;
  }
}
