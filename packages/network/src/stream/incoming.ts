// The last daemon's end of a stream: order, repeats, and what was acknowledged or returned.

import type { DataFrame, FrameId, Instance, Range } from '../frame/frame.ts';
import { incarnationOf } from '../frame/frame.ts';
import { sliceLines } from './lines.ts';
import type { StreamOptions } from './outgoing.ts';

/** Lines that arrived in order, for the first time. */
export interface Arrival {
  readonly origin: Instance;
  /** The id of the first line; the others follow. */
  readonly id: FrameId;
  readonly bytes: Uint8Array;
  readonly count: number;
}

export interface Taker {
  /** Queues, keeps or refuses each line. @returns the places of those that found nobody there */
  take(arrival: Arrival): readonly number[];
  /** Whether what arrives from there can be taken now. If not, it waits here until `resume`. Default: always. */
  mayTake?(origin: Instance): boolean;
}

/** Where payloads wait that cannot be taken yet. */
export interface WaitingRoom {
  /** @returns the bytes as they stay until `release`: a copy, or these, if nothing is written where they lie */
  keep(payload: Uint8Array): Uint8Array;
  release(kept: Uint8Array): void;
}

const COPIES: WaitingRoom = { keep: (payload) => new Uint8Array(payload), release: () => undefined };

/** When to acknowledge: see `StreamOptions`. */
export type AckOptions = Pick<StreamOptions, 'ackBytesMin' | 'ackBytesMax' | 'windowBytes'>;

const NONE: readonly Range[] = [];

/** The stream from one origin. A new number begins a new stream; nothing of an older one is taken any more. */
export class IncomingStream {
  readonly origin: Instance;
  #number = 0;
  /** The first number that has not been taken. */
  #expected = 1;
  #early = new Map<number, DataFrame>();
  #earlyBytes = 0;
  #returned: Range[] = [];
  #unsaidBytes = 0;
  /** With so many of them an acknowledgement is due. */
  #ackBytes: number;
  readonly #ackBytesMin: number;
  readonly #ackBytesMax: number;
  readonly #room: WaitingRoom;

  constructor(origin: Instance, { ackBytesMin, ackBytesMax, windowBytes }: AckOptions, room = COPIES) {
    this.origin = origin;
    this.#room = room;
    this.#ackBytesMax = Math.min(ackBytesMax, windowBytes / 4);
    this.#ackBytesMin = Math.min(ackBytesMin, this.#ackBytesMax);
    this.#ackBytes = this.#ackBytesMin;
  }

  get number(): number {
    return this.#number;
  }

  /** The last number of those that were all taken. */
  get taken(): number {
    return this.#expected - 1;
  }

  /** Numbers that were returned and of which the origin may not know yet. */
  get returned(): readonly Range[] {
    return this.#returned.length === 0 ? NONE : [...this.#returned];
  }

  /** So much was taken since the last acknowledgement that the next one is not to wait. */
  get isAckDue(): boolean {
    return this.#unsaidBytes >= this.#ackBytes;
  }

  /**
   * An acknowledgement goes out. If it is due to what was taken, the next one may cover twice as much: who sends may have
   * twice as much under way now (see `OutgoingStream.acknowledge`). If time or disorder called for it, it may be less.
   */
  acknowledged(): void {
    this.#ackBytes = this.isAckDue ? Math.min(2 * this.#ackBytes, this.#ackBytesMax) : this.#ackBytesMin;
    this.#unsaidBytes = 0;
  }

  /** Bytes that wait for something before them. */
  get earlyBytes(): number {
    return this.#earlyBytes;
  }

  /**
   * A frame of this stream arrived.
   * @param windowBytes how much may wait for what is missing before it, or for `resume`
   * @returns whether it is to be acknowledged; a frame of an older stream is not, nor one that has to wait for `resume`
   */
  accept(frame: DataFrame, windowBytes: number, taker: Taker): boolean {
    if (frame.stream < this.#number) return false;
    if (frame.stream > this.#number) this.#begin(frame.stream);
    this.#forgetReturned(frame.base);
    const isHeldBack = !mayTake(taker, this.origin);
    if (frame.sequence > this.#expected || (isHeldBack && frame.sequence + frame.count > this.#expected)) {
      const bytes = frame.payload.length;
      const known = this.#early.get(frame.sequence);
      if (known !== undefined && known.count >= frame.count) return !isHeldBack;
      // With nothing there yet it is taken however large: else a long line could never come early.
      if (this.#early.size > 0 && this.#earlyBytes + bytes > windowBytes) return !isHeldBack;
      this.#earlyBytes += bytes - (known?.payload.length ?? 0);
      if (known !== undefined) this.#room.release(known.payload);
      this.#early.set(frame.sequence, { ...frame, payload: this.#room.keep(frame.payload) });
      return !isHeldBack;
    }
    this.#take(frame, taker);
    this.resume(taker);
    return true;
  }

  /** Takes what goes on where the taken numbers end, as far as it is there and may be taken. */
  resume(taker: Taker): void {
    while (this.#early.size > 0 && mayTake(taker, this.origin)) {
      const next = this.#nextEarly();
      if (next === undefined) break;
      this.#early.delete(next.sequence);
      this.#earlyBytes -= next.payload.length;
      this.#take(next, taker);
      this.#room.release(next.payload);
    }
  }

  /** Forgets all but its numbers. */
  suspend(): void {
    for (const { payload } of this.#early.values()) this.#room.release(payload);
    this.#early.clear();
    this.#earlyBytes = 0;
  }

  #begin(number: number): void {
    this.suspend();
    this.#number = number;
    this.#expected = 1;
    this.#returned = [];
  }

  #take(frame: DataFrame, taker: Taker): void {
    const skip = this.#expected - frame.sequence;
    if (skip >= frame.count) return;
    const count = frame.count - skip;
    const first = this.#expected;
    this.#expected += count;
    this.#unsaidBytes += frame.payload.length;
    if (frame.payload.length === 0) {
      this.#return(first, first + count - 1);
      return;
    }
    const bytes = skip === 0 ? frame.payload : sliceLines(frame.payload, skip, frame.count);
    const id = frame.id ?? { incarnation: incarnationOf(this.origin), stream: frame.stream, number: frame.sequence };
    for (const place of taker.take({ origin: this.origin, id: { ...id, number: id.number + skip }, bytes, count })) {
      this.#return(first + place, first + place);
    }
  }

  /** An early frame that goes on where the taken ones end; usually the one that begins there. */
  #nextEarly(): DataFrame | undefined {
    const exact = this.#early.get(this.#expected);
    if (exact !== undefined) return exact;
    for (const frame of this.#early.values()) if (frame.sequence < this.#expected) return frame;
    return undefined;
  }

  #return(first: number, last: number): void {
    const before = this.#returned[this.#returned.length - 1];
    if (before !== undefined && before[1] + 1 === first) this.#returned[this.#returned.length - 1] = [before[0], last];
    else this.#returned.push([first, last]);
  }

  /** What is below the base, the origin knows. */
  #forgetReturned(base: number): void {
    if ((this.#returned[0]?.[1] ?? base) < base) this.#returned = this.#returned.filter(([, last]) => last >= base);
  }
}

const mayTake = (taker: Taker, origin: Instance): boolean => taker.mayTake?.(origin) ?? true;
