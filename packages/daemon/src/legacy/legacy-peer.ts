// One C++ daemon that is linked: its socket, what it says as messages, and the destination of what goes to it.

import type { Socket } from 'node:net';
import {
  type Introduction,
  LegacyLink,
  type LegacyLinkEffect,
  type LegacyLinkOptions,
  type LegacyPort,
} from '@snapcommunicator/network/legacy';
import { decodeLine, encodeMessage, type Message } from 'snapcommunicator/wire';
import type { Destination, Outlet } from '../switch/destination.ts';
import type { Output } from '../switch/output.ts';
import { LineSplitter } from './line-splitter.ts';

/** What a link has carried since it came up. */
export interface LegacyCounters {
  linesIn: number;
  linesOut: number;
  bytesIn: number;
  bytesOut: number;
  /** Copies of messages that had come another way. */
  repeats: number;
  /** Messages in the name of a service of this machine. */
  forged: number;
}

/** Context of a line that bears its envelope already; all others get one when they go out. */
export const ENVELOPED = Symbol('enveloped');

/** What the owner does about a link; what is to be said is said already. */
export type PeerEffect = Exclude<LegacyLinkEffect, { readonly kind: 'say' }>;

export interface PeerOwner {
  /** What a message of the peer, or the time, has brought about. @param line as it came, with an LF */
  carryOut(peer: LegacyPeer, effect: PeerEffect, line: Uint8Array): void;
  /** A line is no message. */
  reject(peer: LegacyPeer, error: string, command: string): void;
  /** Lines of the cluster, as they are to go over the link. */
  envelop(peer: LegacyPeer, lines: Uint8Array): Uint8Array;
}

export interface PeerSetup {
  readonly port: LegacyPort;
  readonly socket: Socket;
  readonly introduction: Introduction;
  readonly isSecure: boolean;
  /** `IP:port` of the peer's end of the socket. */
  readonly remoteAddress: string;
  readonly link: LegacyLinkOptions;
  readonly lineBytesMax: number;
  /** How long queued lines may take to go out when the link ends in order. */
  readonly hangUpMs: number;
  readonly now: () => number;
}

interface SocketHandle {
  readonly writeQueueSize?: number;
}

const NOTHING = new Uint8Array(0);
const LINE_FEED = Buffer.from('\n');

export class LegacyPeer implements Outlet {
  readonly holdsBytes = false;
  readonly port: LegacyPort;
  readonly introduction: Introduction;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  readonly wasDialedHere: boolean;
  /** Seconds since 1970. */
  readonly upSince = Math.floor(Date.now() / 1000);
  readonly counters: LegacyCounters = { linesIn: 0, linesOut: 0, bytesIn: 0, bytesOut: 0, repeats: 0, forged: 0 };
  /** Its load average, as it last told it. */
  load: number | undefined;
  /** Servers from which messages came over this link, and when the last one did. */
  readonly servers = new Map<string, number>();
  destination: Destination | undefined;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #setup: PeerSetup;
  readonly #owner: PeerOwner;
  readonly #output: Output;
  readonly #link: LegacyLink;
  readonly #lines: LineSplitter;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(setup: PeerSetup, owner: PeerOwner, output: Output) {
    this.port = setup.port;
    this.introduction = setup.introduction;
    this.isSecure = setup.isSecure;
    this.remoteAddress = setup.remoteAddress;
    this.wasDialedHere = setup.link.wasDialedHere;
    this.#setup = setup;
    this.#owner = owner;
    this.#output = output;
    this.closed = new Promise((resolve) => void setup.socket.once('close', () => resolve()));
    this.#link = new LegacyLink(setup.introduction, setup.link, setup.now());
    this.#lines = new LineSplitter(
      setup.lineBytesMax,
      (line) => this.#take(line),
      () => owner.reject(this, 'TOO_LONG', ''),
    );
  }

  /** The peer's name. */
  get server(): string {
    return this.introduction.server;
  }

  get isLinked(): boolean {
    return this.#link.state === 'linked';
  }

  /**
   * Greets the peer and begins to read.
   * @param self what this daemon says of itself
   * @param early what the peer said before its ACCEPT
   * @param rest what was read behind it
   */
  start(self: Introduction, early: readonly Message[], rest: Uint8Array): void {
    const { socket, now } = this.#setup;
    socket.on('error', () => undefined);
    socket.on('close', () => this.end('lost'));
    socket.on('end', () => this.end('lost'));
    this.#carryOut(this.#link.open(self), NOTHING);
    for (const message of early) this.#carryOut(this.#link.receive(message, now()), NOTHING);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (rest.length > 0) this.#read(rest);
    if (socket.destroyed) this.end('lost');
    else socket.resume();
    this.#setTimer();
  }

  /** Says something in this daemon's own name. @param to `server:service`; empty: to the peer itself */
  say(command: string, parameters: Readonly<Record<string, string>>, to = ''): void {
    const { destination } = this;
    if (destination === undefined) return;
    const [server = '', service = ''] = to.split(':');
    const address = service === '' ? {} : { server, service };
    const sender = { sentFromServer: this.#setup.link.server, sentFromService: 'communicatord' };
    const line = Buffer.from(`${encodeMessage({ ...sender, ...address, command, parameters })}\n`);
    this.#output.appendTracked(destination, line, undefined, undefined, ENVELOPED);
  }

  /** Ends the link: with DISCONNECT when this daemon stops. */
  end(reason: Parameters<LegacyLink['end']>[0]): void {
    this.#carryOut(this.#link.end(reason), NOTHING);
  }

  /** The link is over: what is queued goes out, if the socket still takes it. */
  close(): void {
    const { socket, hangUpMs } = this.#setup;
    clearTimeout(this.#timer);
    const { destination } = this;
    if (destination !== undefined) {
      this.#output.flush(destination);
      this.#output.closeDestination(destination);
      this.destination = undefined;
    }
    socket.end();
    socket.resume();
    setTimeout(() => socket.destroy(), hangUpMs).unref();
  }

  write(lines: Uint8Array, count: number, done: (isWritten: boolean) => void, context: unknown): void {
    const bytes = context === ENVELOPED ? lines : this.#owner.envelop(this, lines);
    this.counters.linesOut += count;
    this.counters.bytesOut += bytes.length;
    this.#setup.socket.write(bytes, (error) => done(error === null || error === undefined));
  }

  pendingBytes(): number {
    const handle = (this.#setup.socket as Socket & { readonly _handle?: SocketHandle | null })._handle;
    return handle?.writeQueueSize ?? this.#setup.socket.writableLength;
  }

  #read(chunk: Uint8Array): void {
    this.counters.bytesIn += chunk.length;
    this.#link.heard(this.#setup.now());
    this.#lines.push(chunk);
  }

  #take(bytes: Uint8Array): void {
    if (!this.isLinked) return;
    const line = decodeLine(bytes, 0, bytes.length);
    if (line.kind === 'blank') return;
    this.counters.linesIn++;
    if (line.kind === 'invalid') this.#owner.reject(this, line.error, line.command);
    else {
      const asCame = line.form === 'text' ? bytes : Buffer.from(encodeMessage(line.message));
      this.#carryOut(this.#link.receive(line.message, this.#setup.now()), Buffer.concat([asCame, LINE_FEED]));
      if (this.#link.nextDeadline() < this.#timerAtMs) this.#setTimer();
    }
  }

  #carryOut(effects: readonly LegacyLinkEffect[], line: Uint8Array): void {
    for (const effect of effects) {
      if (effect.kind === 'say') this.say(effect.command, effect.parameters);
      else this.#owner.carryOut(this, effect, line);
    }
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const deadline = this.#link.nextDeadline();
    this.#timerAtMs = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(1, Math.ceil(deadline - this.#setup.now()));
    this.#timer = setTimeout(() => {
      this.#carryOut(this.#link.turn(this.#setup.now()), NOTHING);
      this.#setTimer();
    }, delayMs).unref();
  }
}
