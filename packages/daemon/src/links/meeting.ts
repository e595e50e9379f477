// One connection on its way to become a link: reads lines, drives the handshake, within limits of time and size.

import type { Socket } from 'node:net';
import {
  Handshake,
  type HandshakeMessage,
  type HandshakeStep,
  type HandshakeVerdict,
  type Identity,
  type Surroundings,
} from '@snapcommunicator/network/handshake';
import { decodeLine, encodeMessage, type Message } from 'snapcommunicator/wire';
import { formatEndpoint, plainHost } from './ip-address.ts';
import type { Link } from './link.ts';
import type { Refusal } from './refusals.ts';
import type { Target } from './targets.ts';

/** How a connection came to be, and what is known of it before anything is said. */
export interface MeetingSetup {
  readonly socket: Socket;
  readonly isSecure: boolean;
  /** Whom this side dialed; undefined: it was accepted. */
  readonly target: Target | undefined;
  readonly nonce: string;
  readonly server: string;
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

export type Verdict = Exclude<HandshakeVerdict, { kind: 'wait' }>;

export interface MeetingHost {
  /** What the handshake needs to know, now. */
  around(meeting: Meeting): Surroundings;
  /**
   * A message came, before anything is done about it: time to look at passwords.
   * @returns false if the meeting is over or the message belongs to somebody else
   */
  examine(meeting: Meeting, message: Message): boolean | Promise<boolean>;
  /** It ended, other than by failing. The socket is the host's from now on, but for `refused`. */
  ended(meeting: Meeting, verdict: Verdict): void;
  /** It ended without anybody having said why. */
  failed(meeting: Meeting, refusal: Refusal | undefined, detail: string | undefined): void;
}

const AT = 64;
const LF = 10;
const NOTHING = Buffer.alloc(0);

export class Meeting {
  readonly setup: MeetingSetup;
  readonly handshake = new Handshake();
  /** `IP:port` of both ends, and the hosts alone. */
  readonly ownHost: string;
  readonly peerHost: string;
  readonly remoteAddress: string;
  readonly path: string;
  /** What `links` of the surroundings meant when they were asked for last, in that order. */
  rivals: readonly (Link | Meeting)[] = [];
  /** Why whoever comes by this connection is refused; set by who examines. */
  objection: Surroundings['objection'];
  /** More about that, for the log. */
  detail: string | undefined;
  /** Set once the acceptor has agreed: what the link will be, if the dialer agrees too. */
  agreed: (Verdict & { readonly kind: 'linked' }) | undefined;
  readonly #host: MeetingHost;
  #received: Buffer = NOTHING;
  #isBusy = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(setup: MeetingSetup, host: MeetingHost) {
    const { socket, isSecure } = setup;
    this.setup = setup;
    this.#host = host;
    this.ownHost = plainHost(socket.localAddress);
    this.peerHost = plainHost(socket.remoteAddress);
    this.remoteAddress = formatEndpoint({ host: this.peerHost, port: socket.remotePort ?? 0 });
    this.path = `${this.ownHost}-${this.peerHost}${isSecure ? '/tls' : ''}`;
    this.#timer = setTimeout(() => this.#fail('silent'), setup.timeoutMs).unref();
    socket.on('data', this.#read);
    socket.on('error', this.#lost);
    socket.on('close', this.#lost);
    socket.resume();
  }

  get peer(): Identity | undefined {
    return this.handshake.peer;
  }

  /** The dialer begins, as one who connects or as one who asks to be called. */
  begin(asks: boolean): void {
    const around = this.#host.around(this);
    this.#carryOut(asks ? this.handshake.gossip(around) : this.handshake.dial(around));
  }

  /** Ends it without a word. The socket is closed. */
  abandon(): void {
    this.#release();
    this.setup.socket.destroy();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Refuses for a reason that the handshake does not know, with the last word that the other side understands. */
  dismiss(refusal: Refusal, lastWord: HandshakeMessage): void {
    if (this.#isOver) return;
    this.#say(lastWord);
    this.#leave();
    this.#host.failed(this, refusal, this.detail);
  }

  /** Gives the socket and what was read beyond to somebody else. */
  handOver(): Buffer {
    this.#release();
    const rest = this.#received;
    this.#received = NOTHING;
    return rest;
  }

  readonly #read = (chunk: Buffer): void => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!this.#isBusy) void this.#work();
    if (!this.#isOver && this.#received.length > this.setup.bytesMax) this.#fail('long');
  };

  /** Line by line; while passwords are looked at, what comes waits. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    while (!this.#isOver) {
      if (this.agreed !== undefined && this.#received[0] === AT) {
        this.#conclude(this.agreed);
        break;
      }
      const end = this.#received.indexOf(LF);
      if (end === -1) break;
      const line = this.#received.subarray(0, end);
      this.#received = this.#received.subarray(end + 1);
      const isGoingOn = this.#take(line);
      // Only what must wait does: a line that needs no looking up is handled within the turn in which it came.
      if (!(typeof isGoingOn === 'boolean' ? isGoingOn : await isGoingOn)) break;
    }
    this.#isBusy = false;
  }

  #take(bytes: Buffer): boolean | Promise<boolean> {
    const line = decodeLine(bytes, 0, bytes.length);
    if (line.kind === 'blank') {
      // The dialer agrees.
      if (this.agreed !== undefined) this.#conclude(this.agreed);
      return true;
    }
    if (line.kind === 'invalid') {
      if (bytes.includes(' HTTP/')) this.#fail('http');
      else this.#carryOut(this.handshake.malformed());
      return false;
    }
    const { message } = line;
    const examined = this.#host.examine(this, message);
    if (typeof examined === 'boolean') return examined && this.#answer(message);
    return examined.then((isGoingOn) => isGoingOn && !this.#isOver && this.#answer(message));
  }

  #answer(message: HandshakeMessage): boolean {
    this.#carryOut(this.handshake.receive(message, this.#host.around(this)));
    return true;
  }

  #carryOut({ replies, verdict }: HandshakeStep): void {
    if (this.#isOver) return;
    for (const reply of replies) this.#say(reply);
    if (verdict.kind === 'wait') return;
    const isDialer = this.setup.target !== undefined;
    if (verdict.kind === 'linked' && !isDialer && replies.length > 0) {
      // The dialer may still refuse; only a proof would have shown that it does not.
      this.agreed = verdict;
      return;
    }
    // With a blank line the dialer says that it agrees, unless its proof does.
    if (verdict.kind === 'linked' && isDialer && replies.length === 0) this.setup.socket.write('\n');
    this.#conclude(verdict);
  }

  #say({ command, parameters }: HandshakeMessage): void {
    const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const parts = {
      sentFromServer: this.setup.server,
      sentFromService: 'communicatord',
      command,
      parameters: Object.fromEntries(given),
    };
    this.setup.socket.write(`${encodeMessage(parts)}\n`);
  }

  #conclude(verdict: Verdict): void {
    if (this.#isOver) return;
    if (verdict.kind !== 'linked' && verdict.kind !== 'legacy') this.#leave();
    this.#host.ended(this, verdict);
  }

  /** Closes after the last word. What comes meanwhile is read and dropped, or a reset might overtake that word. */
  #leave(): void {
    this.#release();
    const { socket } = this.setup;
    socket.on('error', () => undefined);
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  #fail(refusal: Refusal | undefined, detail?: string): void {
    if (this.#isOver) return;
    this.abandon();
    this.#host.failed(this, refusal, detail);
  }

  readonly #lost = (error?: Error | boolean): void => {
    this.#fail(undefined, error instanceof Error ? error.message : 'the connection was closed');
  };

  #release(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { socket } = this.setup;
    socket.off('data', this.#read);
    socket.off('error', this.#lost);
    socket.off('close', this.#lost);
    socket.pause();
  }
}

/** How long a socket whose last word was said may take to close. */
const LINGER_MS = 1000;
