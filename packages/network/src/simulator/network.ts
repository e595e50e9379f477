// The simulated network: cables between machines, and the connections over them. Bytes keep their order and are not
// altered; a connection may be closed, or fall silent, and nobody is told.

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

/** Why nothing gets over a cable. */
export type CableState = 'up' | 'silent' | 'down';

/** What lies between two machines. */
export class Cable {
  readonly link: TopologyLink;
  state: CableState = 'up';
  delayMs: number;
  readonly connections = new Set<Connection>();

  constructor(link: TopologyLink) {
    this.link = link;
    this.delayMs = link.delayMs;
  }

  /** Silent: nobody is told. */
  cut(): void {
    this.state = 'silent';
    for (const connection of [...this.connections]) connection.loseAll();
  }

  /** Both ends are told. */
  unplug(): void {
    this.state = 'down';
    for (const connection of [...this.connections]) connection.close();
  }

  mend(): void {
    this.state = 'up';
  }
}

/** A connection between two machines; what is sent at one end arrives at the other, in order, or never. */
export class Connection {
  readonly #cable: Cable;
  readonly #queue: EventQueue;
  readonly #random: Random | undefined;
  readonly #ends: [Endpoint | undefined, Endpoint | undefined] = [undefined, undefined];
  readonly #readers = [new FrameReader(), new FrameReader()] as const;
  /** Until when the cable is busy with what was sent before, each way. */
  readonly #busyUntilMs: [number, number] = [0, 0];
  readonly #arrivedAtMs: [number, number] = [0, 0];
  isOpen = true;
  /** What was under way when the cable fell silent is gone, and a connection with a hole in it never goes on. */
  #hasHole = false;
  frames = 0;
  bytes = 0;

  /** @param random given: every frame goes through encoder and reader, cut anywhere */
  constructor(cable: Cable, queue: EventQueue, random: Random | undefined) {
    this.#cable = cable;
    this.#queue = queue;
    this.#random = random;
    cable.connections.add(this);
  }

  attach(side: 0 | 1, end: Endpoint): void {
    this.#ends[side] = end;
  }

  /** A line of the handshake. */
  say(side: 0 | 1, line: string): void {
    this.#carry(side, line.length, (end) => end?.hear(line));
  }

  send(side: 0 | 1, frame: Exclude<Frame, { kind: 'unknown' }>): void {
    const bytes = this.#random === undefined ? undefined : encodeFrame(frame);
    this.#carry(side, bytes?.length ?? sizeOf(frame), (end) => {
      if (bytes === undefined) end?.receive(frame);
      else this.#feed(side === 0 ? 1 : 0, bytes);
    });
  }

  #carry(side: 0 | 1, size: number, arrive: (end: Endpoint | undefined) => void): void {
    if (!this.isOpen || this.#hasHole) return;
    const { link, delayMs } = this.#cable;
    const now = this.#queue.nowMs;
    this.frames++;
    this.bytes += size;
    const start = Math.max(now, this.#busyUntilMs[side]);
    const end = start + (link.bytesPerSecond === undefined ? 0 : (size / link.bytesPerSecond) * 1000);
    this.#busyUntilMs[side] = end;
    this.#arrivedAtMs[side] = Math.max(this.#arrivedAtMs[side], end + delayMs);
    const other = side === 0 ? 1 : 0;
    this.#queue.at(this.#arrivedAtMs[side], () => {
      if (this.isOpen && !this.#hasHole) arrive(this.#ends[other]);
    });
  }

  /** It is closed; both ends are told, unless nothing gets over the cable. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#forget();
    if (this.#cable.state === 'silent') return;
    for (const end of this.#ends) this.#queue.after(this.#cable.delayMs, () => end?.closed());
  }

  /** A machine died: its end says nothing any more; the other is told by the system of the machine, if that still runs. */
  die(side: 0 | 1, isTold: boolean): void {
    const other = this.#ends[side === 0 ? 1 : 0];
    this.#ends[side] = undefined;
    if (!isTold) return this.loseAll();
    this.isOpen = false;
    this.#forget();
    this.#queue.after(this.#cable.delayMs, () => other?.closed());
  }

  loseAll(): void {
    this.#hasHole = true;
    this.#forget();
  }

  #forget(): void {
    this.#cable.connections.delete(this);
  }

  #feed(side: 0 | 1, bytes: Uint8Array): void {
    const reader = this.#readers[side];
    const cut = this.#random?.integer(0, bytes.length) ?? 0;
    // A copy: what a reader gives may be a view, and must not change when the sender goes on.
    for (const chunk of [bytes.slice(0, cut), bytes.slice(cut)]) {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (!this.isOpen || this.#hasHole) return;
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
    default:
      return 80;
  }
}
