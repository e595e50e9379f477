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
import { Pieces } from './pieces.ts';

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

/** What links read into: long enough for several frames, so that few are spread over two. Untouched memory costs nothing. */
const SLAB_BYTES = 1024 * 1024;
const SLAB_COUNT = 128;

/** The memory, views of it, and what is given out of it. Its size never changes: growing would detach the views. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly recordCount: number;
  /** Input of links: whole lines in it can be read where they are. */
  readonly slabs: Pieces;
  readonly #small: Pieces;
  readonly #large: Pieces;

  constructor(options: ArenaOptions) {
    this.recordCount = 2 ** Math.ceil(Math.log2(Math.max(2, options.recordCount)));
    const largeCount = Math.max(4, Math.floor((options.bufferBytes * 7) / 8 / (LARGE_BYTES + BUFFER_SLACK_BYTES)));
    const smallCount = Math.max(16, Math.floor(options.bufferBytes / 8 / (SMALL_BYTES + BUFFER_SLACK_BYTES)));
    this.#small = new Pieces(POOL + this.recordCount * RECORD_BYTES, smallCount, SMALL_BYTES, BUFFER_SLACK_BYTES);
    this.#large = new Pieces(this.#small.end, largeCount, LARGE_BYTES, BUFFER_SLACK_BYTES);
    this.slabs = new Pieces(this.#large.end, SLAB_COUNT, SLAB_BYTES, BUFFER_SLACK_BYTES);
    const pages = Math.ceil(this.slabs.end / 65_536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Uint32Array(this.memory.buffer);
    for (let mask = 0; mask <= 16; mask++) this.bytes.fill(255, MASKS + mask * 16, MASKS + mask * 16 + mask);
    this.setWord(CELL_RECORDER, POOL);
    this.setWord(CELL_RECORDER_MASK, this.recordCount - 1);
    this.setWord(CELL_LINE_BYTES_MAX, options.lineBytesMax);
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

  /** Whether these bytes lie in it. */
  has({ buffer }: Uint8Array): boolean {
    return buffer === this.memory.buffer;
  }

  /** A buffer's address, large if asked for and there, else small; 0 when the pool is empty. */
  takeBuffer(isLarge: boolean): number {
    return isLarge ? this.#large.take() || this.#small.take() : this.#small.take() || this.#large.take();
  }

  giveBuffer(address: number): void {
    this.#bufferAt(address).release(address);
  }

  /** The pieces of which one is the buffer, or slab, with these bytes; undefined if they lie elsewhere. */
  piecesWith(bytes: Uint8Array): Pieces | undefined {
    if (!this.has(bytes)) return undefined;
    const { byteOffset } = bytes;
    if (this.slabs.has(byteOffset)) return this.slabs;
    return byteOffset >= this.#small.start ? this.#bufferAt(byteOffset) : undefined;
  }

  /** How many bytes of lines the buffer at this address takes. */
  capacityOf(address: number): number {
    return this.#bufferAt(address).bytes;
  }

  isLarge(address: number): boolean {
    return address >= this.#large.start;
  }

  /** Whether so few large buffers are left that slow destinations must not hold any. */
  get isScarce(): boolean {
    return this.#large.freeCount < 8;
  }

  /** Whether enough large buffers are left that some may be held for longer than it takes to write them. */
  get isAmple(): boolean {
    return this.#large.isAmple;
  }

  #bufferAt(address: number): Pieces {
    return this.isLarge(address) ? this.#large : this.#small;
  }
}
