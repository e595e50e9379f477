// The site behind the door: servers for sockets that were accepted, the gate, routes and WebSockets. Loaded when somebody comes.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Certificates } from '../links/certificates.ts';
import type { Configuration } from '../options/index.ts';
import type { BusSockets } from './bus-sockets.ts';
import type { Gate, Refusal } from './gate.ts';
import { PUBLIC_PATHS } from './routes.ts';

export interface SiteParts {
  readonly configuration: Pick<Configuration, 'consoleTimeout' | 'maxConsoleHeader'>;
  readonly gate: Gate;
  readonly routes: Hono;
  readonly busSockets: BusSockets;
  /** For HTTPS, if an address asks for it. */
  readonly certificates: Certificates | undefined;
}

const BUS = '/bus';

export class Site {
  readonly #parts: SiteParts;
  readonly #plain: Server;
  readonly #secure: SecureServer | undefined;
  /** Ends a connection that takes too long to say what it wants. */
  readonly #deadlines = new WeakMap<Duplex, NodeJS.Timeout>();

  constructor(parts: SiteParts) {
    this.#parts = parts;
    const { certificates, configuration } = parts;
    const options = { maxHeaderSize: configuration.maxConsoleHeader };
    this.#plain = createServer(options);
    this.#plain.on('connection', this.#watch);
    this.#prepare(this.#plain);
    if (certificates === undefined) return;
    const handshakeTimeout = configuration.consoleTimeout;
    const secure = createSecureServer({ ...options, ...certificates.options, handshakeTimeout });
    secure.on('secureConnection', this.#watch);
    secure.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#prepare(secure);
    this.#secure = secure;
  }

  /** Serves a socket that was accepted, paused. */
  take(socket: Socket, isSecure: boolean): void {
    (isSecure ? this.#secure : this.#plain)?.emit('connection', socket);
    socket.resume();
  }

  /** Certificate and key have changed. */
  renewCertificates({ options }: Certificates): void {
    this.#secure?.setSecureContext(options);
  }

  #prepare(server: Server | SecureServer): void {
    // Who asks and does not read the answer; a WebSocket has pings instead.
    server.timeout = this.#parts.configuration.consoleTimeout;
    // The names of fetch stay Node's own for everybody else in this process.
    const handle = getRequestListener(this.#parts.routes.fetch, { overrideGlobalObjects: false });
    server.on('request', (request, response) => void this.#answer(request, response, handle));
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
      if (socket.writable) socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
      else socket.destroy();
    });
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    handle: ReturnType<typeof getRequestListener>,
  ): Promise<void> {
    this.#waitNoMore(request.socket);
    response.once('close', () => {
      if (!request.socket.destroyed) this.#expect(request.socket);
    });
    const refusal = await this.#refusal(request);
    if (refusal === undefined) return handle(request, response);
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...refusal.headers };
    response.writeHead(refusal.status, headers).end(`${refusal.message}\n`);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#waitNoMore(socket);
    socket.on('error', ignoreError);
    const refusal = pathOf(request) === BUS ? await this.#refusal(request) : NOT_HERE;
    if (socket.destroyed) return;
    if (refusal === undefined) return this.#parts.busSockets.upgrade(request, socket, head);
    const headers = { ...refusal.headers, Connection: 'close', 'Content-Type': 'text/plain; charset=utf-8' };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const { status, message } = refusal;
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${message}\n`);
    socket.once('finish', () => socket.destroy());
  }

  #refusal(request: IncomingMessage): Promise<(Pick<Refusal, 'message' | 'headers'> & { status: number }) | undefined> {
    return this.#parts.gate.refusal(request, PUBLIC_PATHS.has(pathOf(request)));
  }

  /** Node's own timeouts run only for a server that listens itself. */
  readonly #watch = (socket: Duplex): void => {
    socket.once('close', () => this.#waitNoMore(socket));
    this.#expect(socket);
  };

  /** From now on a request is to come. */
  #expect(socket: Duplex): void {
    this.#waitNoMore(socket);
    this.#deadlines.set(socket, setTimeout(() => socket.destroy(), this.#parts.configuration.consoleTimeout).unref());
  }

  #waitNoMore(socket: Duplex): void {
    clearTimeout(this.#deadlines.get(socket));
  }
}

const NOT_HERE = { status: 404, message: `The bus is at ${BUS}.`, headers: {} } as const;

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] as string;

const ignoreError = (): void => undefined;
