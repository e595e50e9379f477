// What waits before the socket of a link: everything else ahead of message data, and little handed over at a time.

import type { Duplex } from 'node:stream';
import { type KnownFrame, splitFrame } from '@snapcommunicator/network/frame';

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

/** Pieces shorter than this are copied together: a system call for each vector of tiny ones would cost more. */
const JOINED_BYTES_MAX = 8 * 1024;

/** Bytes in the order in which they came. */
class Lane {
  bytes = 0;
  #pieces: Uint8Array[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#pieces.length;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.bytes += piece.length;
  }

  take(): Uint8Array | undefined {
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return undefined;
    this.#first++;
    this.bytes -= piece.length;
    // What was taken must not be held; moving the rest for each piece would be quadratic.
    if (this.#first === this.#pieces.length || this.#first >= 1024) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    return piece;
  }
}

export class LinkQueue {
  readonly #socket: Duplex;
  readonly #limits: QueueLimits;
  readonly #control = new Lane();
  readonly #data = new Lane();
  /** The payload of a data frame whose head has been taken: nothing may come between. */
  #payload: Uint8Array | undefined;
  #socketBytes = 0;
  #isScheduled = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;
  /** Bytes handed to the socket since the beginning. */
  bytesOut = 0;

  constructor(socket: Duplex, limits: QueueLimits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** What waits here and what the socket has not been rid of. */
  get queuedBytes(): number {
    return this.#control.bytes + this.#data.bytes + this.#socketBytes;
  }

  get isEmpty(): boolean {
    return this.queuedBytes === 0;
  }

  /** Takes a frame; its payload is passed as it is, and must not be written into again. */
  put(frame: KnownFrame): Placing {
    const { head, payload } = splitFrame(frame);
    const isData = frame.kind === 'data';
    const lane = isData ? this.#data : this.#control;
    const bytesMax = isData ? this.#limits.dataBytesMax : this.#limits.controlBytesMax;
    if (lane.bytes + head.length + payload.length > bytesMax) return isData ? 'dropped' : 'overflow';
    // In the lane of data heads and payloads take turns, also when a payload is empty.
    lane.add(head);
    if (isData || payload.length > 0) lane.add(payload);
    this.#schedule();
    return 'queued';
  }

  /** Takes a line that is no frame, ahead of data. */
  say(line: string): void {
    this.#control.add(Buffer.from(`${line}\n`));
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
  #gather(room: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    const flushSmall = (): void => {
      if (small.length > 0) pieces.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small));
      small = [];
    };
    let bytes = 0;
    while (bytes < room || this.#payload !== undefined) {
      const piece = this.#next();
      if (piece === undefined) break;
      bytes += piece.length;
      if (piece.length < JOINED_BYTES_MAX) {
        if (piece.length > 0) small.push(piece);
      } else {
        flushSmall();
        pieces.push(piece);
      }
    }
    flushSmall();
    return pieces;
  }

  #next(): Uint8Array | undefined {
    const payload = this.#payload;
    if (payload !== undefined) {
      this.#payload = undefined;
      return payload;
    }
    if (!this.#control.isEmpty) return this.#control.take();
    const head = this.#data.take();
    if (head !== undefined) this.#payload = this.#data.take();
    return head;
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 0) return;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#socketBytes += bytes;
    this.bytesOut += bytes;
    const taken = (error?: Error | null): void => {
      this.#socketBytes -= bytes;
      if (error === null || error === undefined) this.#flush();
    };
    this.#socket.cork();
    for (const [place, piece] of pieces.entries()) {
      if (place < pieces.length - 1) this.#socket.write(piece);
      else this.#socket.write(piece, taken);
    }
    this.#socket.uncork();
  }
}
