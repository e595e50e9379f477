// What waits before the socket of a link: everything else ahead of message data, and little handed over at a time.

import type { Duplex } from 'node:stream';
import { type KnownFrame, splitFrame } from '@snapcommunicator/network/frame';
import type { ReadMemory } from './read-memory.ts';

export interface QueueLimits {
  /** Bytes handed to the socket and not yet taken by the system; a single frame may be longer. */
  readonly socketBytesMax: number;
  /** Bytes of data frames behind that. */
  readonly dataBytesMax: number;
  /** Bytes of everything else behind that. */
  readonly controlBytesMax: number;
}

/** A frame is queued; dropped because there is no room for data; or there is none for control, and the link cannot go on. */
export type Placing = 'queued' | 'dropped' | 'overflow';

/** Payloads shorter than this are copied behind their heads, and what is short goes to the socket joined. */
const JOINED_BYTES_MAX = 8 * 1024;

/** A payload is sent from where it was read while no more than this waits; a slow link must not hold others' memory. */
const HELD_BACKLOG_BYTES_MAX = 256 * 1024;

/** A frame on its way: its head and, if that is long, what follows it. */
interface Piece {
  readonly head: Uint8Array;
  readonly payload: Uint8Array | undefined;
  /** The payload lies in memory that is used again, and must be released. */
  readonly isHeld: boolean;
}

/** Frames in the order in which they came. */
class Lane {
  bytes = 0;
  #pieces: Piece[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#pieces.length;
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
    this.bytes += bytesOf(piece);
  }

  take(): Piece | undefined {
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return undefined;
    this.#first++;
    this.bytes -= bytesOf(piece);
    // What was taken must not be held; moving the rest for each piece would be quadratic.
    if (this.#first === this.#pieces.length || this.#first >= 1024) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    return piece;
  }
}

const bytesOf = ({ head, payload }: Piece): number => head.length + (payload?.length ?? 0);

export class LinkQueue {
  readonly #socket: Duplex;
  readonly #limits: QueueLimits;
  readonly #memory: ReadMemory;
  readonly #control = new Lane();
  readonly #data = new Lane();
  #socketBytes = 0;
  #isScheduled = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;
  /** Bytes handed to the socket since the beginning. */
  bytesOut = 0;

  /** @param memory where payloads may lie that came over other links, or are to be sent by this daemon's streams */
  constructor(socket: Duplex, limits: QueueLimits, memory: ReadMemory) {
    this.#socket = socket;
    this.#limits = limits;
    this.#memory = memory;
  }

  /** What waits here and what the socket has not been rid of. */
  get queuedBytes(): number {
    return this.#control.bytes + this.#data.bytes + this.#socketBytes;
  }

  get isEmpty(): boolean {
    return this.queuedBytes === 0;
  }

  /** Takes a frame. A long payload is passed as it is, and must not be written into again unless it was read by a link. */
  put(frame: KnownFrame): Placing {
    const { head, payload } = splitFrame(frame);
    const isData = frame.kind === 'data';
    const lane = isData ? this.#data : this.#control;
    const bytesMax = isData ? this.#limits.dataBytesMax : this.#limits.controlBytesMax;
    if (lane.bytes + head.length + payload.length > bytesMax) return isData ? 'dropped' : 'overflow';
    lane.add(this.#pieceOf(head, payload));
    this.#schedule();
    return 'queued';
  }

  /** Takes a line that is no frame, ahead of data. */
  say(line: string): void {
    this.#control.add({ head: Buffer.from(`${line}\n`), payload: undefined, isHeld: false });
    this.#schedule();
  }

  /** Calls back once when all is gone; never, if the socket closes before. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#onEmpty = undefined;
    for (const lane of [this.#control, this.#data])
      for (let piece = lane.take(); piece !== undefined; piece = lane.take()) this.#release([piece]);
  }

  #pieceOf(head: string, payload: Uint8Array): Piece {
    if (payload.length < JOINED_BYTES_MAX) {
      const bytes = Buffer.allocUnsafe(head.length + payload.length);
      bytes.write(head, 'latin1');
      bytes.set(payload, head.length);
      return { head: bytes, payload: undefined, isHeld: false };
    }
    if (this.#data.bytes >= HELD_BACKLOG_BYTES_MAX && this.#memory.isSlab(payload))
      return { head: Buffer.from(head, 'latin1'), payload: new Uint8Array(payload), isHeld: false };
    return { head: Buffer.from(head, 'latin1'), payload, isHeld: this.#memory.hold(payload) };
  }

  /** What is sent within one turn goes out together. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const room = this.#limits.socketBytesMax - this.#socketBytes;
    if (room > 0) this.#write(this.#gather(room));
    if (this.isEmpty && this.#onEmpty !== undefined) {
      const callback = this.#onEmpty;
      this.#onEmpty = undefined;
      callback();
    }
  };

  /** Whole frames, control first, until there is no room. */
  #gather(room: number): Piece[] {
    const pieces: Piece[] = [];
    for (let bytes = 0; bytes < room; ) {
      const piece = this.#control.take() ?? this.#data.take();
      if (piece === undefined) break;
      bytes += bytesOf(piece);
      pieces.push(piece);
    }
    return pieces;
  }

  #write(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    const chunks = chunksOf(pieces);
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#socketBytes += bytes;
    this.bytesOut += bytes;
    const taken = (error?: Error | null): void => {
      this.#socketBytes -= bytes;
      this.#release(pieces);
      if (error === null || error === undefined) this.#flush();
    };
    const last = chunks.pop() as Uint8Array;
    if (chunks.length > 0) this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.write(last, taken);
    if (chunks.length > 0) this.#socket.uncork();
  }

  #release(pieces: readonly Piece[]): void {
    for (const { payload, isHeld } of pieces) if (isHeld) this.#memory.release(payload as Uint8Array);
  }
}

/** What is handed to the socket: a system call for each vector of tiny ones would cost more than to copy them together. */
function chunksOf(pieces: readonly Piece[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flushSmall = (): void => {
    if (small.length > 0) chunks.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small));
    small = [];
  };
  for (const { head, payload } of pieces) {
    small.push(head);
    if (payload === undefined) continue;
    flushSmall();
    chunks.push(payload);
  }
  flushSmall();
  return chunks;
}
