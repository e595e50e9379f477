// The first daemon's end of a stream: what is not acknowledged, in order, and when it is sent (again).
//
// Again goes out all of it when the path that it took is broken, or no acknowledgement comes for too long; and a single
// frame when repeated acknowledgements show that it is missing, as TCP does it (RFC 5681, section 3.2, with the partial
// acknowledgements and the recovery point of RFC 6582).

import {
  type AckFrame,
  type DataFrame,
  type FrameId,
  HOPS_MAX,
  type Instance,
  incarnationOf,
  type Range,
} from '../frame/frame.ts';
import { sliceLines } from './lines.ts';

export interface StreamOptions {
  /** Bytes of lines that may wait for their acknowledgement in one stream. */
  readonly windowBytes: number;
  /** Bytes of lines in one frame; a longer line has a frame of its own. */
  readonly frameBytesMax: number;
  /** So much is under way at first when no acknowledgement came in time, and the least after losses. */
  readonly flightBytesMin: number;
  /** How long an acknowledgement is waited for at least, and at most. */
  readonly resendMsMin: number;
  readonly resendMsMax: number;
  /** A stream that is acknowledged and idle for so long is forgotten. */
  readonly idleMs: number;
  /** Lives of other nodes that are over and whose numbers are remembered, in case they are not. */
  readonly endedMax: number;
  /** An acknowledgement waits so long for more to acknowledge, */
  readonly ackDelayMs: number;
  /** unless so many bytes have been taken since the last one: who waits for room in its window is to have it soon. */
  readonly ackBytesMin: number;
  /** While bytes come without a pause it is twice as many each time, up to this and to a quarter of the window. */
  readonly ackBytesMax: number;
}

export const STREAM_OPTIONS: StreamOptions = {
  windowBytes: 4 * 1024 * 1024,
  frameBytesMax: 64 * 1024,
  flightBytesMin: 64 * 1024,
  resendMsMin: 200,
  resendMsMax: 5000,
  idleMs: 60_000,
  endedMax: 4096,
  ackDelayMs: 5,
  ackBytesMin: 128 * 1024,
  ackBytesMax: 1024 * 1024,
};

/** Lines that are sent together: consecutive ids, one deadline, one token of the caller. */
export interface Parcel<T> {
  /** `count` lines, each with its LF. */
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The id of the first line, if it got one before; else its place in the stream is its id. */
  readonly id: FrameId | undefined;
  /** When the time of the messages is over. */
  readonly deadlineMs: number;
  readonly token: T;
}

/**
 * What became of (a part of) a parcel.
 * - `taken`: the last daemon has queued, kept or refused it
 * - `returned`: nobody was there; it was not delivered
 * - `expired`: its time is over, and it was not delivered
 * - `unsent`: the stream ended before it was ever sent
 * - `unknown`: the stream ended while it was under way
 */
export type Fate = 'taken' | 'returned' | 'expired' | 'unsent' | 'unknown';

export interface Outcome<T> {
  readonly fate: Fate;
  /** The id of the first line: the one it had, or its place in this stream. */
  readonly id: FrameId;
  readonly parcel: Parcel<T>;
}

/** So many acknowledgements must say the same before a frame is missing: fewer come of mere changes of order. */
const REPEATS_MIN = 3;

interface Entry<T> {
  parcel: Parcel<T>;
  sequence: number;
  /** A frame began with it when it was last sent. */
  isFirst: boolean;
  wasSent: boolean;
  /** Its numbers are void: its time is over, or it was taken back. */
  isVoid: boolean;
}

export class OutgoingStream<T> {
  readonly last: Instance;
  readonly number: number;
  readonly #origin: Instance;
  readonly #options: StreamOptions;
  #entries: Entry<T>[] = [];
  /** Entries before this one are under way. */
  #cursor = 0;
  #nextSequence = 1;
  #base = 1;
  #heldBytes = 0;
  #flightBytes = 0;
  #flightBytesMax: number;
  #resendMs: number;
  #resendAtMs: number | undefined;
  #smoothedMs: number | undefined;
  #deviationMs = 0;
  /** The number whose acknowledgement is timed; 0 for none. */
  #timedSequence = 0;
  #timedAtMs = 0;
  #activeAtMs: number;
  #expiryMs = Number.POSITIVE_INFINITY;
  /** The last number that has ever been sent. */
  #sentSequence = 0;
  /** How often the last acknowledgement has come again. */
  #repeats = 0;
  /** Up to this number something was sent again: until more is acknowledged, repeats may be due to that. */
  #resentThrough = -1;
  /** What was sent again up to there was one frame after the other, each when it was known to be missing. */
  #isMending = false;
  /** The first frame under way is missing at the other end. */
  #isFirstMissing = false;

  constructor(origin: Instance, last: Instance, number: number, options: StreamOptions, now: number) {
    this.#origin = origin;
    this.last = last;
    this.number = number;
    this.#options = options;
    this.#flightBytesMax = Math.min(options.windowBytes, 4 * options.flightBytesMin);
    this.#resendMs = options.resendMsMin;
    this.#activeAtMs = now;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Lines of which it is not known yet what became of them. */
  get openLines(): number {
    let lines = 0;
    // What was void before it was ever sent has had its outcome.
    for (const { parcel, isVoid, wasSent } of this.#entries) if (!isVoid || wasSent) lines += parcel.count;
    return lines;
  }

  hasRoom(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.#options.windowBytes;
  }

  /** Takes a parcel, unless the window is full. A parcel larger than the window is taken when nothing else waits. */
  offer(parcel: Parcel<T>, now: number): boolean {
    if (!this.hasRoom(parcel.bytes.length)) return false;
    const sequence = this.#nextSequence;
    this.#entries.push({ parcel, sequence, isFirst: false, wasSent: false, isVoid: false });
    this.#nextSequence += parcel.count;
    this.#heldBytes += parcel.bytes.length;
    this.#activeAtMs = now;
    this.#expiryMs = Math.min(this.#expiryMs, parcel.deadlineMs);
    return true;
  }

  /** The frames that may go out now. */
  pump(now: number): DataFrame[] {
    const frames: DataFrame[] = [];
    const { frameBytesMax } = this.#options;
    if (this.#isFirstMissing) frames.push(...this.#firstAgain(now));
    while (this.#cursor < this.#entries.length) {
      const first = this.#entries[this.#cursor] as Entry<T>;
      const size = first.isVoid ? 0 : first.parcel.bytes.length;
      if (this.#flightBytes > 0 && this.#flightBytes + size > this.#flightBytesMax) break;
      const batch: Entry<T>[] = [];
      let bytes = 0;
      for (let entry: Entry<T> | undefined = first; entry !== undefined; entry = this.#entries[this.#cursor]) {
        if (batch.length > 0 && !follows(batch[batch.length - 1] as Entry<T>, entry)) break;
        const length = entry.isVoid ? 0 : entry.parcel.bytes.length;
        if (batch.length > 0 && bytes + length > frameBytesMax) break;
        batch.push(entry);
        bytes += length;
        this.#cursor++;
      }
      this.#flightBytes += bytes;
      frames.push(this.#frameOf(batch, bytes, now));
    }
    if (this.#cursor > 0) this.#resendAtMs ??= now + this.#resendMs;
    return frames;
  }

  /** An acknowledgement came. Older ones than those before it say nothing new. */
  acknowledge({ sequence, returned }: AckFrame, now: number): Outcome<T>[] {
    if (sequence === this.#base - 1) this.#repeated();
    if (sequence < this.#base || sequence >= this.#nextSequence) return [];
    const outcomes: Outcome<T>[] = [];
    let done = 0;
    for (const entry of this.#entries) {
      if (entry.sequence > sequence) break;
      const end = entry.sequence + entry.parcel.count;
      if (end > sequence + 1) {
        this.#entries[done] = this.#settle(entry, sequence + 1, returned, outcomes);
        break;
      }
      this.#settle(entry, end, returned, outcomes);
      done++;
    }
    this.#entries.splice(0, done);
    this.#cursor = Math.max(0, this.#cursor - done);
    this.#base = sequence + 1;
    this.#activeAtMs = now;
    this.#repeats = 0;
    if (sequence >= this.#resentThrough) this.#isMending = false;
    // What was missing has come, and still not all that was sent before it: then the next frame is missing, too.
    else if (this.#isMending) this.#isFirstMissing = true;
    this.#flightBytesMax = Math.min(this.#options.windowBytes, this.#flightBytesMax * 2);
    if (this.#timedSequence > 0 && sequence >= this.#timedSequence) this.#measure(now - this.#timedAtMs);
    this.#resendMs = this.#patienceMs();
    this.#resendAtMs = this.#cursor > 0 ? now + this.#resendMs : undefined;
    return outcomes;
  }

  /** All that is not acknowledged goes out again with the next `pump`: the path that it took is broken. */
  resend(): void {
    this.#cursor = 0;
    this.#flightBytes = 0;
    this.#timedSequence = 0;
    this.#resendAtMs = undefined;
    this.#resentThrough = this.#sentSequence;
    this.#isMending = false;
    this.#isFirstMissing = false;
  }

  /** Time passes: messages expire, acknowledgements fail to come. */
  wake(now: number): Outcome<T>[] {
    if (this.#resendAtMs !== undefined && this.#resendAtMs <= now) {
      this.resend();
      this.#resendMs = Math.min(this.#resendMs * 2, this.#options.resendMsMax);
      // Little at first: perhaps it is only the acknowledgement that is late, and then the next one covers all.
      this.#flightBytesMax = this.#options.flightBytesMin;
    }
    return this.#expiryMs <= now ? this.#expire(now) : [];
  }

  /** When `wake` has something to do. */
  nextDeadline(): number {
    return Math.min(this.#resendAtMs ?? Number.POSITIVE_INFINITY, this.#expiryMs);
  }

  /** The number of the last message that was given to it; 0 for none. */
  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  /** The number up to which all is acknowledged. */
  get settledSequence(): number {
    return this.#base - 1;
  }

  /** When the stream may be forgotten, if nothing more is sent. */
  get forgetAtMs(): number {
    return this.isEmpty ? this.#activeAtMs + this.#options.idleMs : Number.POSITIVE_INFINITY;
  }

  /** Takes back what was never sent and can therefore not have arrived; its numbers become void. */
  takeBack(): Outcome<T>[] {
    return this.#void((entry) => !entry.wasSent, 'unsent');
  }

  /** The last daemon is gone: what was under way may have arrived or not. */
  end(): Outcome<T>[] {
    const outcomes: Outcome<T>[] = [];
    for (const { parcel, sequence, wasSent, isVoid } of this.#entries) {
      if (wasSent) outcomes.push(this.#outcome('unknown', parcel, sequence));
      else if (!isVoid) outcomes.push(this.#outcome('unsent', parcel, sequence));
    }
    this.#entries = [];
    this.#cursor = 0;
    return outcomes;
  }

  #expire(now: number): Outcome<T>[] {
    const expired = this.#void((entry) => entry.parcel.deadlineMs <= now, 'expired');
    this.#expiryMs = Number.POSITIVE_INFINITY;
    for (const { parcel, isVoid } of this.#entries) {
      if (!isVoid) this.#expiryMs = Math.min(this.#expiryMs, parcel.deadlineMs);
    }
    return expired;
  }

  /** Voids entries. Of those that were sent, the acknowledgement will tell whether they had arrived before. */
  #void(isMeant: (entry: Entry<T>) => boolean, fate: Fate): Outcome<T>[] {
    const outcomes: Outcome<T>[] = [];
    for (const entry of this.#entries) {
      if (entry.isVoid || !isMeant(entry)) continue;
      entry.isVoid = true;
      this.#heldBytes -= entry.parcel.bytes.length;
      if (!entry.wasSent) outcomes.push(this.#outcome(fate, entry.parcel, entry.sequence));
    }
    return outcomes;
  }

  /** The last acknowledgement has come again: something arrived out of order, or a second time. */
  #repeated(): void {
    if (this.#cursor === 0 || this.#base - 1 <= this.#resentThrough || ++this.#repeats < REPEATS_MIN) return;
    this.#isFirstMissing = true;
    this.#isMending = true;
    this.#resentThrough = this.#sentSequence;
    this.#timedSequence = 0;
    this.#flightBytesMax = Math.max(this.#options.flightBytesMin, Math.floor(this.#flightBytesMax / 2));
  }

  /** The first frame under way, as it was when it was last sent, or what is left of it. */
  #firstAgain(now: number): DataFrame[] {
    this.#isFirstMissing = false;
    if (this.#cursor === 0) return [];
    let end = 1;
    while (end < this.#cursor && !this.#entries[end]?.isFirst) end++;
    const batch = this.#entries.slice(0, end);
    // What became void meanwhile is not in a frame with what did not.
    const odd = batch.findIndex((entry, at) => at > 0 && !follows(batch[at - 1] as Entry<T>, entry));
    if (odd > 0) batch.length = odd;
    return [this.#frameOf(batch, sizeOf(batch), now)];
  }

  /** Settles the numbers of an entry below `end`. @returns what is left of it */
  #settle(entry: Entry<T>, end: number, returned: readonly Range[], outcomes: Outcome<T>[]): Entry<T> {
    const { parcel, sequence, isVoid, wasSent } = entry;
    let first = sequence;
    while (first < end) {
      const isReturned = contains(returned, first);
      let next = returned.length === 0 ? end : first + 1;
      while (next < end && contains(returned, next) === isReturned) next++;
      const part = partOf(parcel, first - sequence, next - sequence);
      if (!isVoid) outcomes.push(this.#outcome(isReturned ? 'returned' : 'taken', part, first));
      else if (wasSent) outcomes.push(this.#outcome(isReturned ? 'expired' : 'taken', part, first));
      first = next;
    }
    const rest = partOf(parcel, end - sequence, parcel.count);
    if (!isVoid) this.#heldBytes -= parcel.bytes.length - rest.bytes.length;
    this.#flightBytes = Math.max(0, this.#flightBytes - (parcel.bytes.length - rest.bytes.length));
    return { ...entry, parcel: rest, sequence: end };
  }

  #outcome(fate: Fate, parcel: Parcel<T>, sequence: number): Outcome<T> {
    const id = parcel.id ?? { incarnation: incarnationOf(this.#origin), stream: this.number, number: sequence };
    return { fate, parcel, id };
  }

  #frameOf(batch: readonly Entry<T>[], bytes: number, now: number): DataFrame {
    const first = batch[0] as Entry<T>;
    const last = batch[batch.length - 1] as Entry<T>;
    this.#sentSequence = Math.max(this.#sentSequence, last.sequence + last.parcel.count - 1);
    let payload = first.isVoid ? first.parcel.bytes.subarray(0, 0) : first.parcel.bytes;
    if (batch.length > 1 && bytes > 0) {
      payload = new Uint8Array(bytes);
      let at = 0;
      for (const { parcel } of batch) {
        payload.set(parcel.bytes, at);
        at += parcel.bytes.length;
      }
    }
    let count = 0;
    let isFirstTime = true;
    for (const entry of batch) {
      count += entry.parcel.count;
      entry.isFirst = entry === first;
      isFirstTime &&= !entry.wasSent && !entry.isVoid;
      // What was void before it was ever sent has had its outcome: that its numbers go out changes nothing.
      entry.wasSent ||= !entry.isVoid;
    }
    if (isFirstTime && this.#timedSequence === 0) {
      this.#timedSequence = first.sequence + count - 1;
      this.#timedAtMs = now;
    }
    return {
      kind: 'data',
      hops: HOPS_MAX,
      origin: this.#origin,
      last: this.last,
      stream: this.number,
      base: this.#base,
      sequence: first.sequence,
      count,
      id: first.parcel.id,
      payload,
    };
  }

  #measure(ms: number): void {
    this.#timedSequence = 0;
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#deviationMs = ms / 2;
      return;
    }
    this.#deviationMs += (Math.abs(ms - this.#smoothedMs) - this.#deviationMs) / 4;
    this.#smoothedMs += (ms - this.#smoothedMs) / 8;
  }

  #patienceMs(): number {
    const { resendMsMin, resendMsMax } = this.#options;
    const ms = (this.#smoothedMs ?? 0) + 4 * this.#deviationMs;
    return Math.min(Math.max(ms, resendMsMin), resendMsMax);
  }
}

/** Bytes of the lines in a frame of these entries. */
function sizeOf<T>(batch: readonly Entry<T>[]): number {
  let bytes = 0;
  for (const { isVoid, parcel } of batch) if (!isVoid) bytes += parcel.bytes.length;
  return bytes;
}

/** Whether an entry may follow another in the same frame: both void or neither, and their ids go on. */
function follows<T>(before: Entry<T>, after: Entry<T>): boolean {
  if (before.isVoid !== after.isVoid) return false;
  const a = before.parcel.id;
  const b = after.parcel.id;
  if (before.isVoid || (a === undefined && b === undefined)) return true;
  if (a === undefined || b === undefined) return false;
  return a.incarnation === b.incarnation && a.stream === b.stream && a.number + before.parcel.count === b.number;
}

const contains = (ranges: readonly Range[], number: number): boolean =>
  ranges.some(([first, last]) => first <= number && number <= last);

/** Lines of a parcel, from one to before another. */
function partOf<T>(parcel: Parcel<T>, first: number, end: number): Parcel<T> {
  if (first === 0 && end === parcel.count) return parcel;
  const { id, bytes } = parcel;
  return {
    ...parcel,
    // Nothing is looked for when nothing is left, which is how parcels end as a rule.
    bytes: first === parcel.count ? bytes.subarray(bytes.length) : sliceLines(bytes, first, end),
    count: end - first,
    id: id === undefined ? undefined : { ...id, number: id.number + first },
  };
}
