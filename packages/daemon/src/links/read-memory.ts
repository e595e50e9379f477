// Memory that links read into, used again and again: what passes through this daemon is sent on from where it was read.

import { Socket, type SocketConstructorOpts } from 'node:net';
import type { WaitingRoom } from '@snapcommunicator/network/stream';
import type { Arena } from '../switch/arena.ts';

/** A read gets at least and at most so much room. */
const READ_BYTES_MIN = 64 * 1024;
const READ_BYTES_MAX = 256 * 1024;
/** The beginning of a frame is brought to where its end will be read, if it is no longer than this. */
const MOVED_BYTES_MAX = 256 * 1024;
/** What is shorter and cannot be taken yet is copied: it would keep a whole slab from others. */
const KEPT_BYTES_MIN = 32 * 1024;
/** So many slabs outside the arena that nobody needs are kept. */
const SPARE_COUNT_MAX = 8;

/**
 * Slabs, and how often each is held: by the link that reads into it, and for each payload in it that is to be sent. They lie in
 * the arena, where the switch can read lines without a copy; when all of those are taken, outside of it. What is to be sent may
 * also lie in an output buffer of the arena.
 */
export class ReadMemory implements WaitingRoom {
  readonly #arena: Arena;
  readonly #spare: Buffer[] = [];
  /** Of slabs outside the arena. Weak: one whose holder was lost together with its socket is the collector's. */
  readonly #holds = new WeakMap<ArrayBufferLike, number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** A slab, held once. */
  take(): Buffer {
    const { slabs, bytes } = this.#arena;
    const address = slabs.take();
    if (address !== 0) return bytes.subarray(address, address + slabs.bytes);
    const slab = this.#spare.pop() ?? Buffer.allocUnsafeSlow(slabs.bytes);
    this.#holds.set(slab.buffer, 1);
    return slab;
  }

  /** Sees to it that these bytes are not written over. @returns whether that must be ended with `release` */
  hold(bytes: Uint8Array): boolean {
    const pieces = this.#arena.piecesWith(bytes);
    const holds = this.#holds.get(bytes.buffer);
    if (pieces !== undefined) pieces.hold(bytes.byteOffset);
    else if (holds !== undefined) this.#holds.set(bytes.buffer, holds + 1);
    return pieces !== undefined || holds !== undefined;
  }

  release(bytes: Uint8Array): void {
    const pieces = this.#arena.piecesWith(bytes);
    if (pieces !== undefined) return pieces.release(bytes.byteOffset);
    const { buffer } = bytes;
    const holds = this.#holds.get(buffer) ?? 0;
    if (holds > 1) {
      this.#holds.set(buffer, holds - 1);
      return;
    }
    this.#holds.delete(buffer);
    if (holds === 1 && this.#spare.length < SPARE_COUNT_MAX) this.#spare.push(Buffer.from(buffer));
  }

  keep(payload: Uint8Array): Uint8Array {
    const { slabs } = this.#arena;
    const stays = payload.length >= KEPT_BYTES_MIN && slabs.isAmple && this.#arena.piecesWith(payload) === slabs;
    if (!stays) return new Uint8Array(payload);
    slabs.hold(payload.byteOffset);
    return payload;
  }

  /** Whether these bytes were read: they lie in a slab. */
  isSlab(bytes: Uint8Array): boolean {
    return this.#arena.piecesWith(bytes) === this.#arena.slabs || this.#holds.has(bytes.buffer);
  }

  /** Whether nobody but its reader holds a slab. */
  isHeldOnce(slab: Uint8Array): boolean {
    const pieces = this.#arena.piecesWith(slab);
    return (pieces?.holdsOf(slab.byteOffset) ?? this.#holds.get(slab.buffer)) === 1;
  }
}

/** Who takes what was read. */
export interface ChunkTaker {
  /** Takes it at once. @returns how many bytes, up to the end of it, are still needed, besides what is held */
  take(chunk: Uint8Array): number;
  /** What is still needed lies here now. */
  restMoved(rest: Uint8Array): void;
}

type RawSocket = Socket & { _handle: { readStop(): void; reading: boolean } | null | undefined };

/**
 * Takes over a socket that somebody else has read from until now.
 * @param unread gets what lies read in the old socket
 * @returns the socket to use from now on. Only one made anew reads into memory that it is given: the handle moves over. Where
 *   that cannot be, it is the old one, and gives its `data`.
 */
export function takeOver(old: Socket, memory: ReadMemory, taker: ChunkTaker, unread: Uint8Array[]): Socket {
  const raw = old as RawSocket;
  const handle = raw._handle;
  // Under TLS it is OpenSSL that reads, and a socket that is over, or a test's, has nothing to read with.
  if (old.constructor !== Socket || handle === null || handle === undefined) return old;
  for (let chunk: Buffer | null = old.read(); chunk !== null; chunk = old.read()) unread.push(chunk);
  handle.readStop();
  handle.reading = false;
  old.removeAllListeners();
  raw._handle = null;
  old.destroy();
  const reading = new Reading(memory, taker);
  // This is undocumented, and works on Node 20, 22 and 24, as for connections of services.
  const onread = { buffer: reading.room, callback: reading.took };
  const socket = new Socket({ handle, onread } as unknown as SocketConstructorOpts);
  socket.once('close', reading.end);
  return socket;
}

/** Where the next bytes go: behind the last ones, so that a frame which comes in pieces lies in one. */
class Reading {
  readonly #memory: ReadMemory;
  readonly #taker: ChunkTaker;
  #slab: Buffer;
  #filled = 0;
  /** So many of the last bytes are still needed. */
  #restBytes = 0;
  /** The slab before, in which the beginning of a very long frame may lie whose end comes in the new one. */
  #before: Buffer | undefined;
  #isOver = false;

  constructor(memory: ReadMemory, taker: ChunkTaker) {
    this.#memory = memory;
    this.#taker = taker;
    this.#slab = memory.take();
  }

  readonly room = (): Buffer => {
    if (this.#slab.length - this.#filled < READ_BYTES_MIN) this.#turnOver();
    return this.#slab.subarray(this.#filled, this.#filled + READ_BYTES_MAX);
  };

  readonly took = (byteCount: number): boolean => {
    const chunk = this.#slab.subarray(this.#filled, this.#filled + byteCount);
    this.#filled += byteCount;
    this.#restBytes = this.#taker.take(chunk);
    if (this.#before !== undefined) this.#memory.release(this.#before);
    this.#before = undefined;
    // The beginning of the slab is what the processor knows best, and an idle link touches no more than that.
    if (this.#restBytes === 0 && this.#memory.isHeldOnce(this.#slab)) this.#filled = 0;
    return true;
  };

  readonly end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#memory.release(this.#slab);
    if (this.#before !== undefined) this.#memory.release(this.#before);
  };

  /** Goes on in another slab. */
  #turnOver(): void {
    const full = this.#slab;
    this.#slab = this.#memory.take();
    if (this.#restBytes > MOVED_BYTES_MAX) {
      this.#before = full;
      this.#filled = 0;
      return;
    }
    full.copy(this.#slab, 0, this.#filled - this.#restBytes, this.#filled);
    this.#filled = this.#restBytes;
    if (this.#restBytes > 0) this.#taker.restMoved(this.#slab.subarray(0, this.#restBytes));
    this.#memory.release(full);
  }
}
