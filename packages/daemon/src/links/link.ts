// One link that stands: frames in and out of its socket, until it is hung up or lost.

import type { Socket } from 'node:net';
import { type Frame, FrameError, type FrameLimits, FrameReader } from '@snapcommunicator/network/frame';
import type { Identity } from '@snapcommunicator/network/handshake';
import { decodeText } from 'snapcommunicator/wire';
import { LinkQueue, type QueueLimits } from './link-queue.ts';
import { type ReadMemory, takeOver } from './read-memory.ts';

/** The number of a link in this daemon's graph, from 1. */
export type Port = number;

/** What a link has carried since it came up. */
export interface LinkCounters {
  framesIn: number;
  framesOut: number;
  /** In data frames. */
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  /** Data frames for which there was no room. Streams send what was in them again. */
  framesDropped: number;
}

/** How a link ended: announced by either side or not, and why, for the log. */
export interface LinkEnd {
  readonly isOrderly: boolean;
  readonly reason: string;
}

export interface LinkOwner {
  frame(link: Link, frame: Frame): void;
  readEnd(link: Link): void;
  /** The peer tells of neighbours: addresses, comma-separated. */
  told(link: Link, neighbors: string): void;
  ended(link: Link, end: LinkEnd): void;
}

export interface LinkSetup {
  readonly port: Port;
  /** The same at both ends, and of no other link. */
  readonly id: string;
  readonly socket: Socket;
  readonly peer: Identity;
  /** This daemon's name, for what it says besides frames. */
  readonly server: string;
  readonly path: string;
  readonly remoteAddress: string;
  readonly remoteHost: string;
  readonly isSecure: boolean;
  readonly wasDialedHere: boolean;
  readonly cost: number | undefined;
  readonly queueLimits: QueueLimits;
  readonly frameLimits: FrameLimits;
  readonly memory: ReadMemory;
  /** How long queued data may take to go out when the link is hung up in order. */
  readonly hangUpMs: number;
}

const NOTHING = new Uint8Array(0);

export class Link {
  readonly port: Port;
  /** The same at both ends, and of no other link. */
  readonly id: string;
  readonly peer: Identity;
  /** `ownIP-peerIP`, with `/tls` behind it under TLS. Links over other pairs stand beside this one. */
  readonly path: string;
  /** `IP:port` of the peer's end of the socket. */
  readonly remoteAddress: string;
  /** Its IP address alone. */
  readonly remoteHost: string;
  readonly isSecure: boolean;
  readonly wasDialedHere: boolean;
  /** As configured, from 1 to 65535; undefined: as measured. */
  readonly cost: number | undefined;
  /** Seconds since 1970. */
  readonly upSince: number = Math.floor(Date.now() / 1000);
  readonly #upAtMs = performance.now();
  readonly #setup: LinkSetup;
  readonly #socket: Socket;
  /** What nobody had read when the socket was taken over. */
  readonly #unread: Uint8Array[] = [];
  readonly #owner: LinkOwner;
  readonly #queue: LinkQueue;
  readonly #reader: FrameReader;
  #framesIn = 0;
  #framesOut = 0;
  #messagesIn = 0;
  #messagesOut = 0;
  #bytesIn = 0;
  #framesDropped = 0;
  #isLeaving = false;
  #isOver = false;
  #isOrderly = false;
  #reason = 'the connection was closed';
  #timer: NodeJS.Timeout | undefined;

  constructor(setup: LinkSetup, owner: LinkOwner) {
    this.port = setup.port;
    this.id = setup.id;
    this.peer = setup.peer;
    this.path = setup.path;
    this.remoteAddress = setup.remoteAddress;
    this.remoteHost = setup.remoteHost;
    this.isSecure = setup.isSecure;
    this.wasDialedHere = setup.wasDialedHere;
    this.cost = setup.cost;
    this.#setup = setup;
    this.#owner = owner;
    const reader = new FrameReader(setup.frameLimits, this.#hear);
    this.#reader = reader;
    const taker = { take: this.#read, restMoved: (rest: Uint8Array) => reader.restMoved(rest) };
    this.#socket = takeOver(setup.socket, setup.memory, taker, this.#unread);
    this.#queue = new LinkQueue(this.#socket, setup.queueLimits, setup.memory);
  }

  get counters(): LinkCounters {
    return {
      framesIn: this.#framesIn,
      framesOut: this.#framesOut,
      messagesIn: this.#messagesIn,
      messagesOut: this.#messagesOut,
      bytesIn: this.#bytesIn,
      bytesOut: this.#queue.bytesOut,
      framesDropped: this.#framesDropped,
    };
  }

  /** How long it has stood, in ms. */
  get stoodMs(): number {
    return performance.now() - this.#upAtMs;
  }

  /** Bytes that wait for the system to take them. */
  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  /** Begins to read. @param rest what came behind the handshake */
  start(rest: Uint8Array = NOTHING): void {
    const socket = this.#socket;
    socket.on('error', (error) => {
      this.#reason = error.message;
    });
    socket.on('close', this.#closed);
    for (const chunk of [rest, ...this.#unread.splice(0)]) if (chunk.length > 0) this.#read(chunk);
    socket.on('data', this.#read);
    if (socket.destroyed) this.#closed();
    else socket.resume();
  }

  /**
   * Sends a frame: everything but data goes ahead of data. Data frames for which there is no room are dropped and counted.
   * Never throws. The payload must not be written into again.
   */
  send(frame: Frame): void {
    if (this.#isLeaving || this.#isOver || frame.kind === 'unknown') return;
    const placing = this.#queue.put(frame);
    if (placing === 'queued') {
      this.#framesOut++;
      if (frame.kind === 'data') this.#messagesOut += frame.count;
    } else if (placing === 'dropped') this.#framesDropped++;
    else this.#cut(`more than ${this.#setup.queueLimits.controlBytesMax} bytes wait to be taken`);
  }

  /** Sends a message that is no frame: `COMMAND name=value`, with this daemon as its sender. */
  say(text: string): void {
    if (!this.#isLeaving && !this.#isOver) this.#queue.say(`<${this.#setup.server}:communicatord ${text}`);
  }

  /**
   * Ends the link. In order: the peer is told, what is queued goes out; `down` comes when the socket has closed.
   * @param isOrderly false: at once
   */
  hangUp(isOrderly: boolean): void {
    if (!isOrderly) {
      this.#cut('hung up');
      return;
    }
    if (this.#isLeaving || this.#isOver) return;
    const socket = this.#socket;
    this.say('DISCONNECT');
    this.#isLeaving = true;
    this.#isOrderly = true;
    this.#reason = 'hung up in order';
    this.#queue.whenEmpty(() => socket.end());
    this.#timer = setTimeout(() => socket.destroy(), this.#setup.hangUpMs).unref();
  }

  #cut(reason: string): void {
    if (this.#isOver) return;
    if (!this.#isLeaving) this.#reason = reason;
    this.#isLeaving = true;
    this.#socket.destroy();
  }

  /** @returns how many bytes, up to the end of the chunk, are still needed, besides what is held */
  readonly #read = (chunk: Uint8Array): number => {
    this.#bytesIn += chunk.length;
    this.#reader.push(chunk);
    try {
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        this.#framesIn++;
        if (frame.kind === 'data') this.#messagesIn += frame.count;
        this.#owner.frame(this, frame);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#cut(`it sent what is no frame: ${error.message}`);
    }
    this.#owner.readEnd(this);
    return this.#reader.restBytes;
  };

  /** Lines between frames. What a later version may say there is passed over. */
  readonly #hear = (text: string): void => {
    const line = decodeText(text);
    if (line.kind !== 'message') return;
    const { command, parameters } = line.message;
    if (command === 'DISCONNECT') {
      this.#isOrderly = true;
      this.#reason = 'it took its leave';
    } else if (command === 'GOSSIP') this.#owner.told(this, parameters['neighbors'] ?? '');
    else if (command === 'REFUSE') this.#cut(`refused: ${parameters['reason'] ?? 'it gave no reason'}`);
  };

  readonly #closed = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#queue.close();
    this.#owner.ended(this, { isOrderly: this.#isOrderly, reason: this.#reason });
  };
}
