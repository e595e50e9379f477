// Listens on TCP addresses and Unix sockets and turns what connects into connections, reading straight into the arena.

import { connect, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { StartError } from '../errors.ts';
import { Connection, type ListenerKind } from './connection.ts';
import { prepareSocketFile, protectSocketFile } from './socket-file.ts';

export interface ListenAddress {
  readonly kind: ListenerKind;
  /** `127.0.0.1:4040`, or the path of the socket: for people. */
  readonly text: string;
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
}

export interface StreamListenerOptions {
  readonly backlog: number;
  /** Where sockets are read into. */
  readonly inputBuffer: Buffer;
  /** Group number of Unix sockets, which are of mode 0660 then, else 0600. */
  readonly unixGroup: number | undefined;
  /** Use only documented interfaces: a copy per read. */
  readonly isPortable: boolean;
}

export interface ConnectionEvents {
  /** Whether the connection may be: false closes it at once. */
  opened(connection: Connection): boolean;
  /** So many bytes lie in the input buffer. */
  read(connection: Connection, byteCount: number): void;
  /** The same for bytes that lie elsewhere. */
  feed(connection: Connection, chunk: Uint8Array): void;
  /** The other end will send no more. */
  ended(connection: Connection): void;
  closed(connection: Connection): void;
}

const CONNECTION = Symbol('connection');
type OwnSocket = Duplex & { [CONNECTION]?: Connection };
type RawSocket = Socket & { _handle: unknown };

export class StreamListener {
  readonly address: ListenAddress;
  readonly #options: StreamListenerOptions;
  readonly #events: ConnectionEvents;
  readonly #handlers: SocketHandlers;
  readonly #server: Server;

  constructor(address: ListenAddress, options: StreamListenerOptions, events: ConnectionEvents) {
    this.address = address;
    this.#options = options;
    this.#events = events;
    this.#handlers = socketHandlers(events);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: !options.isPortable });
    this.#server.on('connection', options.isPortable ? this.#acceptPortable : this.#acceptDirect);
  }

  /** @throws StartError naming the address and what to do */
  async open(): Promise<void> {
    const { target, text } = this.address;
    if ('path' in target) await prepareSocketFile(target.path, isAnswered);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, text)));
      this.#server.listen({ ...target, backlog: this.#options.backlog }, resolve);
    });
    if ('path' in target) protectSocketFile(target.path, this.#options.unixGroup);
    this.#server.on('error', () => undefined);
  }

  /** The address that is really listened on: a port of 0 has become one. */
  get boundPort(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  /** Accepts no more. Node removes the file of a Unix socket. */
  close(): void {
    this.#server.close();
  }

  readonly #acceptDirect = (raw: Socket): void => {
    // Only a socket made anew takes a buffer to read into; the handle moves over. This is undocumented, and works on
    // Node 20, 22 and 24; `isPortable` does without.
    const holder = raw as RawSocket;
    const handle = holder._handle;
    holder._handle = null;
    const { inputBuffer } = this.#options;
    const onread = { buffer: inputBuffer, callback: this.#handlers.read };
    const socket: OwnSocket = new Socket({ handle, onread, allowHalfOpen: true } as unknown as SocketConstructorOpts);
    this.#adopt(socket);
    socket.resume();
    socket.read(0);
  };

  readonly #acceptPortable = (socket: Socket): void => {
    if (this.#adopt(socket)) socket.on('data', this.#handlers.data);
  };

  #adopt(socket: OwnSocket): boolean {
    return adopt(socket, this.address.kind, this.#events, this.#handlers);
  }
}

/** Makes a connection of a socket that came in elsewhere, or of a stream like one. @param firstBytes what was read from it already */
export function adoptSocket(
  socket: Duplex,
  kind: ListenerKind,
  events: ConnectionEvents,
  firstBytes: Uint8Array,
): void {
  const handlers = socketHandlers(events);
  if (!adopt(socket, kind, events, handlers)) return;
  const { [CONNECTION]: connection } = socket as OwnSocket;
  if (connection !== undefined && firstBytes.length > 0) events.feed(connection, firstBytes);
  socket.on('data', handlers.data);
  socket.resume();
}

function adopt(socket: OwnSocket, kind: ListenerKind, events: ConnectionEvents, handlers: SocketHandlers): boolean {
  const connection = new Connection(socket, kind);
  socket[CONNECTION] = connection;
  socket.on('error', ignoreError);
  if (!events.opened(connection)) {
    socket.destroy();
    return false;
  }
  socket.on('end', handlers.end);
  socket.on('close', handlers.close);
  return true;
}

type SocketHandlers = ReturnType<typeof socketHandlers>;

/** One function each for all connections: the socket is `this`. A closure for each would be the largest part of an idle one. */
function socketHandlers(events: ConnectionEvents) {
  return {
    read(this: OwnSocket, byteCount: number): boolean {
      const connection = this[CONNECTION] as Connection;
      events.read(connection, byteCount);
      return !connection.isPaused;
    },
    data(this: OwnSocket, chunk: Buffer): void {
      events.feed(this[CONNECTION] as Connection, chunk);
    },
    end(this: OwnSocket): void {
      events.ended(this[CONNECTION] as Connection);
    },
    close(this: OwnSocket): void {
      events.closed(this[CONNECTION] as Connection);
    },
  };
}

const ignoreError = (): void => undefined;

/** Whether somebody accepts on this Unix socket. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EAGAIN'),
    );
  });
}

/** An address that cannot be listened on, with what to do about it. */
export function listenError(error: NodeJS.ErrnoException, text: string): StartError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError('ADDRESS_IN_USE', `${text} is in use by another program`);
    case 'EACCES':
    case 'EPERM':
      return new StartError('ADDRESS_DENIED', `${text} may not be listened on by this user`);
    case 'EADDRNOTAVAIL':
      return new StartError('ADDRESS_NOT_HERE', `${text} is not an address of this machine`);
    default:
      return new StartError('ADDRESS_FAILED', `${text} cannot be listened on: ${error.message}`);
  }
}
