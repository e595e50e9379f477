// All streams of one daemon: those it began, by the node they lead to, and those that come in, by their origin.
//
// A state machine without clock or input and output of its own: frames and the time go in; `takeFrames` and
// `takeOutcomes` give what came of it.

import {
  type AckFrame,
  type DataFrame,
  HOPS_MAX,
  type Instance,
  isScopeMark,
  type ResetFrame,
  type RoutedFrame,
} from '../frame/frame.ts';
import { Alarms } from '../router/alarms.ts';
import { IncomingStream, type Taker, type WaitingRoom } from './incoming.ts';
import { isLines, type LineCounter } from './lines.ts';
import { type Outcome, OutgoingStream, type Parcel, type StreamOptions } from './outgoing.ts';

export { type Arrival, IncomingStream, type Taker, type WaitingRoom } from './incoming.ts';
export type { LineCounter } from './lines.ts';
export {
  type Fate,
  type Outcome,
  OutgoingStream,
  type Parcel,
  STREAM_OPTIONS,
  type StreamOptions,
} from './outgoing.ts';

export interface StreamCounters {
  /** Frames for another incarnation than this. */
  misaddressed: number;
  /** Frames whose origin the link-state database does not know. */
  unknownOrigins: number;
  /** Frames whose lines are not what their head says. */
  refused: number;
  resets: number;
}

export interface StreamsParts {
  /** This daemon, in this life. */
  readonly self: Instance;
  readonly options: StreamOptions;
  /** Whether a path to a node is known, and the node is in that incarnation. */
  readonly isReachable: (last: Instance) => boolean;
  /** Whether the link-state database knows the node in that incarnation. */
  readonly isKnown: (origin: Instance) => boolean;
  readonly taker: Taker;
  readonly countLines?: LineCounter | undefined;
  /** Default: the heap, for copies. */
  readonly waitingRoom?: WaitingRoom | undefined;
}

export class Streams<T> {
  readonly #parts: StreamsParts;
  readonly #outgoing = new Map<Instance, OutgoingStream<T>>();
  readonly #incoming = new Map<Instance, IncomingStream>();
  /** When each stream that came in is to be acknowledged. */
  readonly #acksDue = new Alarms<Instance>();
  /** When each outgoing stream wants to be woken, or may be forgotten. */
  readonly #alarms = new Alarms<OutgoingStream<T>>();
  readonly counters: StreamCounters = { misaddressed: 0, unknownOrigins: 0, refused: 0, resets: 0 };
  /** Outgoing streams that may have something to send at once. */
  readonly #ready = new Set<OutgoingStream<T>>();
  /** Lives that are over, or seem to be, oldest first, of whose streams the numbers are remembered. */
  readonly #ended = new Set<Instance>();
  #frames: RoutedFrame[] = [];
  #outcomes: Outcome<T>[] = [];
  #streamNumber = 0;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
  }

  /**
   * Puts a parcel into the stream to a node, or says that its window is full, or that the node cannot be reached: then
   * what was never sent was taken back, and what is newer must not go before it.
   */
  send(last: Instance, parcel: Parcel<T>, now: number): boolean {
    if (!this.#parts.isReachable(last)) return false;
    let stream = this.#outgoing.get(last);
    if (stream === undefined) {
      stream = new OutgoingStream<T>(this.#parts.self, last, ++this.#streamNumber, this.#parts.options, now);
      this.#outgoing.set(last, stream);
    }
    if (!stream.offer(parcel, now)) return false;
    this.#ready.add(stream);
    this.#watch(stream);
    return true;
  }

  /** Bytes that may be unacknowledged in one stream. */
  get windowBytes(): number {
    return this.#parts.options.windowBytes;
  }

  /** Whether a parcel of this size would be taken. */
  hasRoom(last: Instance, bytes: number): boolean {
    return this.#parts.isReachable(last) && (this.#outgoing.get(last)?.hasRoom(bytes) ?? true);
  }

  /** A frame whose `last` is this node came in. */
  receive(frame: RoutedFrame, now: number): void {
    const { self, isKnown } = this.#parts;
    if (!isKnown(frame.origin)) {
      this.counters.unknownOrigins++;
    } else if (frame.last !== self) {
      this.counters.misaddressed++;
      if (frame.kind === 'data' && !isScopeMark(frame.last)) this.#frames.push(this.#resetOf(frame, frame.last));
    } else if (frame.kind === 'data') this.#receiveData(frame, now);
    else if (frame.kind === 'ack') this.#receiveAck(frame, now);
    else this.#receiveReset(frame);
  }

  /** The path to a node lost a link, or the node can be reached again: what is under way may be lost. */
  pathBroken(last: Instance): void {
    const stream = this.#outgoing.get(last);
    if (stream === undefined || stream.isEmpty) return;
    stream.resend();
    this.#ready.add(stream);
  }

  /** A node cannot be reached now: takes back what was never sent to it. */
  takeBack(last: Instance): void {
    const stream = this.#outgoing.get(last);
    if (stream !== undefined) this.#outcomes.push(...stream.takeBack());
  }

  /** An incarnation of a node is over, or forgotten. */
  end(instance: Instance): void {
    const stream = this.#outgoing.get(instance);
    if (stream !== undefined) {
      this.#forget(stream);
      this.#outcomes.push(...stream.end());
    }
    this.#acksDue.clear(instance);
    const incoming = this.#incoming.get(instance);
    if (incoming === undefined) return;
    // Its numbers are kept: a node whose clock was set back can seem to be over, until it has outbid its former life.
    incoming.suspend();
    this.#ended.delete(instance);
    this.#ended.add(instance);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#parts.options.endedMax) break;
      this.#ended.delete(oldest);
      this.#incoming.delete(oldest);
    }
  }

  /** The stream to a node and the number of the last message given to it; undefined if there is none. */
  markOf(last: Instance): { readonly stream: number; readonly sequence: number } | undefined {
    const stream = this.#outgoing.get(last);
    return stream === undefined ? undefined : { stream: stream.number, sequence: stream.lastSequence };
  }

  /** Whether all up to a mark is settled: acknowledged, or over with its stream. */
  isSettled(last: Instance, mark: { readonly stream: number; readonly sequence: number }): boolean {
    const stream = this.#outgoing.get(last);
    return stream?.number !== mark.stream || stream.settledSequence >= mark.sequence;
  }

  /** Whom streams lead to. */
  destinations(): Iterable<Instance> {
    return this.#outgoing.keys();
  }

  /** Lines in the stream to a node of which it is not known yet what became of them. */
  openLines(last: Instance): number {
    return this.#outgoing.get(last)?.openLines ?? 0;
  }

  /** Bytes that are not acknowledged, in all streams. */
  get heldBytes(): number {
    let bytes = 0;
    for (const stream of this.#outgoing.values()) bytes += stream.heldBytes;
    return bytes;
  }

  wake(now: number): void {
    for (let stream = this.#alarms.take(now); stream !== undefined; stream = this.#alarms.take(now)) {
      if (stream.nextDeadline() <= now) {
        this.#outcomes.push(...stream.wake(now));
        this.#ready.add(stream);
      }
      if (stream.forgetAtMs <= now) this.#forget(stream);
      else this.#watch(stream);
    }
  }

  nextDeadline(): number | undefined {
    const next = Math.min(this.#alarms.next(), this.#acksDue.next());
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Frames to be sent on, each towards its `last`. */
  takeFrames(now: number): RoutedFrame[] {
    for (const stream of this.#ready) {
      if (!this.#parts.isReachable(stream.last)) continue;
      this.#frames.push(...stream.pump(now));
      this.#watch(stream);
    }
    this.#ready.clear();
    for (let origin = this.#acksDue.take(now); origin !== undefined; origin = this.#acksDue.take(now)) {
      this.#frames.push(this.#ackOf(this.#incoming.get(origin) as IncomingStream));
    }
    const frames = this.#frames;
    if (frames.length > 0) this.#frames = [];
    return frames;
  }

  /** What this node holds back of an origin may be taken again. */
  resume(origin: Instance, now: number): void {
    const stream = this.#incoming.get(origin);
    if (stream === undefined) return;
    const before = stream.taken;
    stream.resume(this.#parts.taker);
    if (stream.taken > before) this.#acksDue.setNoLater(origin, now);
  }

  takeOutcomes(): Outcome<T>[] {
    const outcomes = this.#outcomes;
    if (outcomes.length > 0) this.#outcomes = [];
    return outcomes;
  }

  #receiveData(frame: DataFrame, now: number): void {
    const { taker, options, countLines, waitingRoom } = this.#parts;
    if (frame.stream === 0 || (frame.payload.length > 0 && !isLines(frame.payload, frame.count, countLines))) {
      this.counters.refused++;
      return;
    }
    let stream = this.#incoming.get(frame.origin);
    if (stream === undefined) {
      stream = new IncomingStream(frame.origin, options, waitingRoom);
      this.#incoming.set(frame.origin, stream);
    }
    this.#ended.delete(frame.origin);
    const before = stream.taken;
    const hadEarly = stream.earlyBytes > 0;
    const isNew = stream.number !== frame.stream;
    if (!stream.accept(frame, options.windowBytes, taker)) return;
    // What brought nothing new is a repeat or came early, and what brought more than itself was missing: the origin
    // should hear at once how things stand (RFC 5681, section 4.2).
    const isOutOfOrder = (stream.taken === before && !isNew) || hadEarly;
    const dueMs = isOutOfOrder || stream.isAckDue ? now : now + options.ackDelayMs;
    this.#acksDue.setNoLater(frame.origin, dueMs);
  }

  #receiveAck(frame: AckFrame, now: number): void {
    const stream = this.#outgoing.get(frame.origin);
    if (stream?.number !== frame.stream) return;
    this.#outcomes.push(...stream.acknowledge(frame, now));
    this.#ready.add(stream);
    this.#watch(stream);
  }

  #receiveReset(frame: ResetFrame): void {
    const stream = this.#outgoing.get(frame.addressed);
    if (stream?.number !== frame.stream) return;
    this.counters.resets++;
    this.#forget(stream);
    this.#outcomes.push(...stream.end());
  }

  #watch(stream: OutgoingStream<T>): void {
    this.#alarms.setNoLater(stream, Math.min(stream.nextDeadline(), stream.forgetAtMs));
  }

  #forget(stream: OutgoingStream<T>): void {
    this.#outgoing.delete(stream.last);
    this.#ready.delete(stream);
    this.#alarms.clear(stream);
  }

  #ackOf(stream: IncomingStream): AckFrame {
    stream.acknowledged();
    return {
      kind: 'ack',
      hops: HOPS_MAX,
      origin: this.#parts.self,
      last: stream.origin,
      stream: stream.number,
      sequence: stream.taken,
      returned: stream.returned,
    };
  }

  #resetOf(frame: DataFrame, addressed: Instance): ResetFrame {
    const { self } = this.#parts;
    return { kind: 'reset', hops: HOPS_MAX, origin: self, last: frame.origin, stream: frame.stream, addressed };
  }
}
