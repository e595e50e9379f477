// One stream connection: a source of lines, an outlet for them, and what is known of who is at the other end.

import type { Duplex } from 'node:stream';
import type { Destination, Outlet } from '../switch/destination.ts';
import type { LongLine, Source } from '../switch/source.ts';

/**
 * Where a connection came in. A Unix socket is guarded by its group, and that is a privilege; so is the password that a
 * service of another machine has given on the secure listener. The console looks, and does little else.
 */
export type ListenerKind = 'tcp' | 'unix' | 'secure' | 'console';

/**
 * new: has said nothing yet; lines for services are held. anonymous: they go on without a sender.
 * waiting: wants a name that another has; everything it sends is held. registered: has a name.
 * leaving: nothing more is read, what is queued goes out. closed: gone.
 */
export type ConnectionState = 'new' | 'anonymous' | 'waiting' | 'registered' | 'leaving' | 'closed';

const NO_PREFIX = new Uint8Array(0);
let lastSerial = 0;

/** Serial numbers void what the flow cache holds about a source; they wrap around after 2^32, leaving out 0. */
export function nextSerial(): number {
  lastSerial = (lastSerial + 1) >>> 0 || 1;
  return lastSerial;
}

interface SocketHandle {
  readonly writeQueueSize?: number;
}

export class Connection implements Source, Outlet {
  /** A socket, or what looks like one: the stream of a WebSocket. */
  readonly socket: Duplex;
  readonly listener: ListenerKind;
  serial = nextSerial();
  prefix: Uint8Array = NO_PREFIX;
  lines = 0;
  readonly isStamped = false;
  readonly holdsBytes = false;
  carry: Uint8Array | undefined = undefined;
  longLine: LongLine | undefined = undefined;
  backlog: Uint8Array | undefined = undefined;
  blockedBy: Set<Destination> | undefined = undefined;
  destination: Destination | undefined = undefined;
  state: ConnectionState = 'new';
  /** Its name; empty until it has one. */
  service = '';
  isTransient = false;
  /** Its last line was JSON: answers are JSON then. */
  writesJson = false;
  /** Seconds since 1970 at which it registered. */
  upSince = 0;
  commands: Set<string> | undefined = undefined;
  /** Lines that wait for a name, each with its LF. */
  held: Uint8Array[] | undefined = undefined;
  heldBytes = 0;
  /** Ends the holding of lines, or later the closing. */
  timer: NodeJS.Timeout | undefined = undefined;
  hasAnsweredAlive = false;
  isFirstLine = true;

  constructor(socket: Duplex, listener: ListenerKind) {
    this.socket = socket;
    this.listener = listener;
  }

  write(bytes: Uint8Array, _lines: number, done: (isWritten: boolean) => void): void {
    this.socket.write(bytes, (error) => done(error === null || error === undefined));
  }

  pendingBytes(): number {
    // The handle's own number falls with every byte that the system takes, the stream's only with every write.
    const handle = (this.socket as Duplex & { readonly _handle?: SocketHandle | null })._handle;
    return handle?.writeQueueSize ?? this.socket.writableLength;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused && this.state !== 'closed' && this.state !== 'leaving') this.socket.resume();
  }

  get isPaused(): boolean {
    return this.backlog !== undefined || (this.blockedBy !== undefined && this.blockedBy.size > 0);
  }

  /** Whether the other end has closed its side, or the connection is gone. */
  get isAtEnd(): boolean {
    return this.socket.destroyed || this.socket.readableEnded || this.state === 'leaving' || this.state === 'closed';
  }

  /** Gives the connection its name and stamp. */
  setName(server: string, service: string): void {
    this.service = service;
    this.prefix = Buffer.from(`<${server}:${service} `);
    this.serial = nextSerial();
  }

  /** What it sends from now on goes on without a sender. */
  setAnonymous(): void {
    this.state = 'anonymous';
    this.prefix = NO_PREFIX;
    this.serial = nextSerial();
  }

  /** Nothing that it sent is handled any more. */
  silence(): void {
    this.serial = 0;
    this.carry = undefined;
    this.longLine = undefined;
    this.backlog = undefined;
  }
}
