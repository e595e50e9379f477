// WebSockets to the bus: each is a connection like any other, its messages a stream of lines.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { adoptSocket, type ConnectionEvents } from '../connections/stream-listener.ts';

export interface BusSocketsOptions {
  /** Of one WebSocket message from a page. */
  readonly messageBytesMax: number;
  readonly pingIntervalMs: number;
}

const NOTHING = new Uint8Array(0);

export class BusSockets {
  readonly #server: WebSocketServer;
  readonly #events: ConnectionEvents;
  readonly #pingIntervalMs: number;
  /** The ones that stand; true until a ping has gone unanswered. */
  readonly #isAlive = new Map<WebSocket, boolean>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ messageBytesMax, pingIntervalMs }: BusSocketsOptions, events: ConnectionEvents) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: messageBytesMax,
    });
    this.#events = events;
    this.#pingIntervalMs = pingIntervalMs;
  }

  get count(): number {
    return this.#isAlive.size;
  }

  /** Makes a connection of the bus of a request to upgrade that was let in. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#adopt(webSocket));
  }

  /**
   * What the daemon writes goes out as binary messages, each of whole lines: text messages would have to be UTF-8, and
   * values of parameters need not be.
   */
  #adopt(webSocket: WebSocket): void {
    const stream = createWebSocketStream(webSocket);
    this.#isAlive.set(webSocket, true);
    webSocket.on('pong', () => this.#isAlive.set(webSocket, true));
    webSocket.once('close', () => this.#forget(webSocket));
    this.#timer ??= setInterval(() => this.#ping(), this.#pingIntervalMs).unref();
    adoptSocket(stream, 'console', this.#events, NOTHING);
  }

  #ping(): void {
    for (const [webSocket, isAlive] of this.#isAlive) {
      if (!isAlive) {
        webSocket.terminate();
        continue;
      }
      this.#isAlive.set(webSocket, false);
      webSocket.ping();
    }
  }

  #forget(webSocket: WebSocket): void {
    this.#isAlive.delete(webSocket);
    if (this.#isAlive.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
