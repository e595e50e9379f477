// The simulated network: cables between machines, and the connections over them. Bytes keep their order and are not
// altered; a connection may be closed, or fall silent in one direction or both, and nobody is told.

import { encodeFrame } from '../frame/encoder.ts';
import type { Frame } from '../frame/frame.ts';
import { FrameReader } from '../frame/reader.ts';
import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';
import type { TopologyLink } from './topology.ts';

/** One end of a connection, as the machine there sees it. */
export interface Endpoint {
  /** What came over the connection: a frame. */
  receive(frame: Frame): void;
  /** A line of the handshake, before any frame. */
  hear(line: string): void;
  /** The other end closed, or the connection broke. */
  closed(): void;
}

/** An end of a cable: 0 is the link's `a`, 1 its `b`. */
export type Side = 0 | 1;

type SentFrame = Exclude<Frame, { kind: 'unknown' }>;

/** What gets over a cable: all; nothing; only what one side sends; nothing, and both ends are told. */
export type CableState = 'up' | 'silent' | 'one-way' | 'down';

/** Bytes that a link has handed to its socket and that are not on the cable yet. */
const SOCKET_BYTES_MAX = 16 * 1024;
/** Bytes of messages that wait for the socket; more are dropped, and sent again by their streams. */
const BACKLOG_BYTES_MAX = 64 * 1024;

/** So many frames arrive in two pieces. */
const CUT_SHARE = 0.25;

const both: readonly Side[] = [0, 1];
const otherOf = (side: Side): Side => (side === 0 ? 1 : 0);

/** What lies between two machines. */
export class Cable {
  readonly link: TopologyLink;
  /** Tells cables between the same two machines apart: each belongs to a network of its own. */
  readonly number: number;
  state: CableState = 'up';
  delayMs: number;
  /** Each frame takes up to so much longer, as if packets were lost and sent again. */
  jitterMs = 0;
  bytesPerSecond: number | undefined;
  readonly connections = new Set<Connection>();

  constructor(link: TopologyLink, number: number) {
    this.link = link;
    this.number = number;
    this.delayMs = link.delayMs;
    this.bytesPerSecond = link.bytesPerSecond;
  }

  /** The pair of addresses, as the handshake compares it. */
  get path(): string {
    return `${this.link.a} ${this.link.b} ${this.number}`;
  }

  /** Silent: nobody is told. */
  cut(): void {
    this.state = 'silent';
    for (const connection of [...this.connections]) connection.lose(both);
  }

  /** What one side sends is lost. */
  cutFrom(side: Side): void {
    this.state = 'one-way';
    for (const connection of [...this.connections]) connection.lose([side]);
  }

  /** Both ends are told. */
  unplug(): void {
    this.state = 'down';
    for (const connection of [...this.connections]) connection.close();
  }

  mend(): void {
    this.state = 'up';
  }

  /** As it was when it was new. */
  restore(): void {
    this.mend();
    this.delayMs = this.link.delayMs;
    this.jitterMs = 0;
    this.bytesPerSecond = this.link.bytesPerSecond;
  }
}

interface Parcel {
  readonly size: number;
  readonly arrive: (end: Endpoint | undefined) => void;
}

/** One direction of a connection. */
interface Lane {
  /** Until when the cable is busy with what was sent before. */
  busyUntilMs: number;
  arrivedAtMs: number;
  /** What was under way when the cable fell silent is gone, and a lane with a hole in it never goes on. */
  hasHole: boolean;
  /** What waits for the socket: what daemons say to each other goes before messages. */
  readonly control: Parcel[];
  readonly data: Parcel[];
  backlogBytes: number;
  isWaiting: boolean;
}

const newLane = (): Lane => ({
  busyUntilMs: 0,
  arrivedAtMs: 0,
  hasHole: false,
  control: [],
  data: [],
  backlogBytes: 0,
  isWaiting: false,
});

/** A connection between two machines; what is sent at one end arrives at the other, in order, or never. */
export class Connection {
  readonly #cable: Cable;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #isByteExact: boolean;
  readonly #ends: [Endpoint | undefined, Endpoint | undefined] = [undefined, undefined];
  readonly #readers = [new FrameReader(), new FrameReader()] as const;
  /** By the side that sends. */
  readonly #lanes = [newLane(), newLane()] as const;
  isOpen = true;
  frames = 0;
  bytes = 0;
  /** Frames with messages for which there was no room. */
  dropped = 0;

  /** @param isByteExact every frame goes through encoder and reader, cut anywhere */
  constructor(cable: Cable, queue: EventQueue, random: Random, isByteExact: boolean) {
    this.#cable = cable;
    this.#queue = queue;
    this.#random = random;
    this.#isByteExact = isByteExact;
    cable.connections.add(this);
  }

  attach(side: Side, end: Endpoint): void {
    this.#ends[side] = end;
  }

  /** A line of the handshake. */
  say(side: Side, line: string): void {
    this.#send(side, { size: line.length, arrive: (end) => end?.hear(line) }, false);
  }

  send(side: Side, frame: SentFrame): void {
    const bytes = this.#isByteExact ? encodeFrame(frame) : undefined;
    const arrive: Parcel['arrive'] =
      bytes === undefined ? (end) => end?.receive(frame) : () => this.#feed(otherOf(side), bytes);
    this.#send(side, { size: bytes?.length ?? sizeOf(frame), arrive }, frame.kind === 'data');
  }

  #send(side: Side, parcel: Parcel, isData: boolean): void {
    const lane = this.#lanes[side];
    if (!this.isOpen || lane.hasHole) return;
    this.frames++;
    this.bytes += parcel.size;
    if (!lane.isWaiting && this.#hasRoom(lane)) return this.#carry(side, parcel);
    if (isData) {
      if (lane.backlogBytes > 0 && lane.backlogBytes + parcel.size > BACKLOG_BYTES_MAX) {
        this.dropped++;
        return;
      }
      lane.backlogBytes += parcel.size;
    }
    (isData ? lane.data : lane.control).push(parcel);
    this.#awaitRoom(side);
  }

  /** Whether the socket takes more; what is larger than it is taken when it is empty. */
  #hasRoom(lane: Lane): boolean {
    const { bytesPerSecond } = this.#cable;
    if (bytesPerSecond === undefined) return true;
    return ((lane.busyUntilMs - this.#queue.nowMs) * bytesPerSecond) / 1000 < SOCKET_BYTES_MAX;
  }

  #awaitRoom(side: Side): void {
    const lane = this.#lanes[side];
    if (lane.isWaiting) return;
    lane.isWaiting = true;
    const { bytesPerSecond = Number.POSITIVE_INFINITY } = this.#cable;
    const roomAtMs = lane.busyUntilMs - (SOCKET_BYTES_MAX / 2 / bytesPerSecond) * 1000;
    this.#queue.at(roomAtMs, () => {
      lane.isWaiting = false;
      while (this.#hasRoom(lane)) {
        const parcel = lane.control.shift() ?? lane.data.shift();
        if (parcel === undefined) break;
        this.#carry(side, parcel);
      }
      lane.backlogBytes = lane.data.reduce((sum, { size }) => sum + size, 0);
      if (lane.control.length + lane.data.length > 0) this.#awaitRoom(side);
    });
  }

  #carry(side: Side, { size, arrive }: Parcel): void {
    const lane = this.#lanes[side];
    const { delayMs, jitterMs, bytesPerSecond } = this.#cable;
    const start = Math.max(this.#queue.nowMs, lane.busyUntilMs);
    const end = start + (bytesPerSecond === undefined ? 0 : (size / bytesPerSecond) * 1000);
    lane.busyUntilMs = end;
    const lateMs = jitterMs === 0 ? 0 : this.#random.next() * jitterMs;
    lane.arrivedAtMs = Math.max(lane.arrivedAtMs, end + delayMs + lateMs);
    const other = otherOf(side);
    this.#queue.at(lane.arrivedAtMs, () => {
      if (this.isOpen && !lane.hasHole) arrive(this.#ends[other]);
    });
  }

  /** It is closed; both ends are told, as far as the cable lets them be. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#forget();
    if (this.#cable.state === 'silent') return;
    for (const side of both) this.#tell(side);
  }

  /** A machine died: its end says nothing any more; the other is told by the system of the machine, if that still runs. */
  die(side: Side, isTold: boolean): void {
    this.#ends[side] = undefined;
    if (!isTold) return this.lose(both);
    this.isOpen = false;
    this.#forget();
    if (this.#cable.state !== 'silent') this.#tell(otherOf(side));
  }

  /** What these sides send from now on, and what is under way from them, is lost. */
  lose(sides: readonly Side[]): void {
    for (const side of sides) this.#lanes[side].hasHole = true;
    if (sides.length === 2) this.#forget();
  }

  #tell(side: Side): void {
    const end = this.#ends[side];
    if (this.#lanes[otherOf(side)].hasHole && this.#cable.state !== 'up') return;
    this.#queue.after(this.#cable.delayMs, () => end?.closed());
  }

  #forget(): void {
    this.#cable.connections.delete(this);
  }

  #feed(side: Side, bytes: Uint8Array): void {
    const reader = this.#readers[side];
    const lane = this.#lanes[otherOf(side)];
    // Mostly whole, as they come from sockets; else cut anywhere. Each frame has bytes of its own, so views will do.
    const cut = this.#random.chance(CUT_SHARE) ? this.#random.integer(1, bytes.length) : bytes.length;
    for (const chunk of cut === bytes.length ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (!this.isOpen || lane.hasHole) return;
        this.#ends[side]?.receive(frame);
      }
    }
  }
}

/** About how long a frame is as bytes. */
function sizeOf(frame: Frame): number {
  switch (frame.kind) {
    case 'data':
      return 90 + frame.payload.length;
    case 'update':
    case 'summary':
      return 50 + frame.items.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + 6, 0);
    case 'digest':
    case 'summary-digest':
      return 20 + 32 * frame.entries.length;
    case 'vector':
      return 20 + 50 * frame.states.length;
    case 'hello':
      return encodeFrame(frame).length;
    default:
      return 80;
  }
}
