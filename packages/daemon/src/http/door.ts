// The console's door: listens, counts who comes in, and loads what is behind it only when somebody does.

import { createServer, type Server, type Socket } from 'node:net';
import { listenError } from '../connections/stream-listener.ts';
import { StartError } from '../errors.ts';
import { Certificates } from '../links/certificates.ts';
import type { Log, RateLimit } from '../log.ts';
import { type ConsoleEndpoint, formatEndpoint } from '../options/addresses.ts';
import type { Configuration } from '../options/index.ts';
import { Gate } from './gate.ts';
import type { Site } from './site.ts';

export interface DoorParts {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly brake: RateLimit;
  /** Loads and makes what is behind the door. */
  readonly load: (gate: Gate, certificates: Certificates | undefined) => Promise<Site>;
}

export class Door {
  readonly #parts: DoorParts;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #gate: Gate | undefined;
  #certificates: Certificates | undefined;
  #site: Site | undefined;
  #loading: Promise<Site> | undefined;
  #refused = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Connections that stand, pages with a WebSocket among them. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Connections that were one too many. */
  get refusedCount(): number {
    return this.#refused;
  }

  /**
   * Listens everywhere. An address that nobody asked for and another program has is done without.
   * @returns addresses to type into a browser
   * @throws StartError naming what cannot be had
   */
  async open(): Promise<string[]> {
    const { configuration, log } = this.#parts;
    const { console: endpoints, isConsoleDefault } = configuration;
    if (endpoints.length === 0) return [];
    this.#gate = new Gate(configuration, log.lines);
    await this.#gate.load();
    if (endpoints.some(({ isSecure }) => isSecure)) this.#certificates = new Certificates(configuration);
    const addresses: string[] = [];
    for (const endpoint of endpoints) {
      try {
        addresses.push(await this.#listen(endpoint));
      } catch (error) {
        if (!isConsoleDefault || !(error instanceof StartError)) throw error;
        log.lines.warn(`there is no console: ${error.message}; --console gives it another address, or none`);
      }
    }
    return addresses;
  }

  /** Reads passwords and certificates again. @throws StartError; then what was read before holds */
  async reload(): Promise<void> {
    await this.#gate?.load();
    if (this.#certificates === undefined) return;
    this.#certificates.reload();
    this.#site?.renewCertificates(this.#certificates);
  }

  /** Accepts no more. Pages end with the connections of the bus. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  /** Ends what is left. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(endpoint: ConsoleEndpoint): Promise<string> {
    const { host, port, isSecure } = endpoint;
    // Paused: the first to come waits until what serves it is loaded.
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket, isSecure));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, formatEndpoint(endpoint))));
      server.listen({ host, port }, resolve);
    });
    server.on('error', () => undefined);
    this.#servers.push(server);
    const bound = server.address();
    const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
    return `${isSecure ? 'https' : 'http'}://${formatEndpoint({ host, port: boundPort })}`;
  }

  #accept(socket: Socket, isSecure: boolean): void {
    socket.on('error', ignoreError);
    const { configuration, log, brake } = this.#parts;
    if (this.#sockets.size >= configuration.maxConsoleConnections) {
      this.#refused++;
      socket.destroy();
      brake.run('console connections', (skipped) =>
        log.lines.warn({ skipped }, 'connection to the console refused: there are too many (max_console_connections)'),
      );
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#site !== undefined) this.#site.take(socket, isSecure);
    else void this.#takeLater(socket, isSecure);
  }

  async #takeLater(socket: Socket, isSecure: boolean): Promise<void> {
    const { log, load } = this.#parts;
    try {
      this.#loading ??= load(this.#gate as Gate, this.#certificates);
      this.#site = await this.#loading;
    } catch (error) {
      this.#loading = undefined;
      log.lines.error({ reason: (error as Error).message }, 'the console cannot be loaded');
      socket.destroy();
      return;
    }
    if (!socket.destroyed) this.#site.take(socket, isSecure);
  }
}

const ignoreError = (): void => undefined;
