// What is to be sent: all of one turn of the event loop in one write, and what waits while there is no connection.

import type { Transport } from '../transport/transport.ts';

export interface OutboxOptions {
  /** Most that may wait here and in the socket, in bytes. */
  readonly queueBytesMax: number;
  /** From so many waiting bytes on a sender that awaits is slowed down. */
  readonly highWaterBytes: number;
  /** Whether lines are kept for the next connection while there is none. */
  readonly keepsWhileDisconnected: boolean;
}

/** Why a line was not taken. */
export type OutboxRefusal = 'FULL' | 'DISCONNECTED';

/** A batch that has grown so long goes out without waiting for the end of the turn, in UTF-16 code units. */
const batchLengthMax = 64 * 1024;

const ROOM: Promise<void> = Promise.resolve();

const encoder = new TextEncoder();
const byteLength: (text: string) => number =
  typeof Buffer === 'undefined' ? (text) => encoder.encode(text).length : Buffer.byteLength;
// A browser has no setImmediate; a timer without delay comes after the turn as well.
const atEndOfTurn: (flush: () => void) => void =
  typeof setImmediate === 'undefined' ? (flush) => setTimeout(flush, 0) : setImmediate;

/**
 * Lines on their way to the communicator, in the order in which they came.
 *
 * Each line taken gets a ticket, a number that grows by one; `handedBefore` tells which of them are with the socket, whose
 * fate nobody knows when the connection breaks. The others are sent over the next one.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #transport: Transport | undefined;
  #isCongested = false;
  #isScheduled = false;
  /** What goes out with the next write: lines, each with its LF. */
  #batch = '';
  #batchBytes = 0;
  /** Lines that came without a connection, apart, so that they can be taken back; the first one's ticket. */
  #held: string[] = [];
  #heldFirst = 0;
  #heldBytes = 0;
  #next = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  /** Lines with a smaller ticket have been handed to a socket. */
  handedBefore = 0;
  readonly #flush = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#batchBytes + this.#heldBytes + (this.#transport?.bufferedBytes ?? 0);
  }

  /** Takes one line without its LF. @returns its ticket, or why it was not taken */
  push(line: string): number | OutboxRefusal {
    const bytes = byteLength(line) + 1;
    if (this.waitingBytes + bytes > this.#options.queueBytesMax) return 'FULL';
    if (this.#transport === undefined) {
      if (!this.#options.keepsWhileDisconnected) return 'DISCONNECTED';
      this.#held.push(line);
      this.#heldBytes += bytes;
      return this.#next++;
    }
    this.#batch += `${line}\n`;
    this.#batchBytes += bytes;
    if (this.#batch.length >= batchLengthMax) this.flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      atEndOfTurn(this.#flush);
    }
    return this.#next++;
  }

  /** Takes back a line that waits for a connection. @returns whether it did; any other line goes out */
  cancel(ticket: number): boolean {
    const at = ticket - this.#heldFirst;
    const line = this.#held[at];
    if (line === undefined || line === '') return false;
    this.#held[at] = '';
    this.#heldBytes -= byteLength(line) + 1;
    return true;
  }

  /** Resolves when there is room for more: at once, or when the communicator has taken enough. The same promise for all. */
  room(): Promise<void> {
    if (this.#transport === undefined || this.waitingBytes < this.#options.highWaterBytes) return ROOM;
    if (this.#room === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  /** Writes what waits, unless the socket has to drain first. */
  flush(): void {
    if (this.#transport === undefined || this.#isCongested || this.#batch === '') return;
    const batch = this.#batch;
    this.#batch = '';
    this.#batchBytes = 0;
    this.handedBefore = this.#next;
    this.#isCongested = !this.#transport.write(batch);
  }

  /** The socket has drained. */
  drained(): void {
    this.#isCongested = false;
    this.flush();
    if (this.#room !== undefined && this.waitingBytes < this.#options.highWaterBytes) this.#releaseRoom();
  }

  /** A registered connection is there: what waited goes out at once, ahead of all that comes. */
  attach(transport: Transport): void {
    this.#transport = transport;
    this.#isCongested = false;
    for (const line of this.#held) if (line !== '') this.#batch += `${line}\n`;
    this.#batchBytes += this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    this.flush();
  }

  /** The connection is gone. @returns how many bytes went down with it, unsent; those of the batch wait for the next */
  detach(): number {
    const lostBytes = this.#transport?.bufferedBytes ?? 0;
    this.#transport = undefined;
    this.#heldFirst = this.#next;
    this.#releaseRoom();
    return lostBytes;
  }

  #releaseRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
