// The stream connections of this daemon: from their acceptance to their end, and the switch between.

import type { Duplex } from 'node:stream';
import type { Connection } from '../connections/connection.ts';
import type { ConnectionEvents } from '../connections/stream-listener.ts';
import type { Log, RateLimit } from '../log.ts';
import type { Output } from '../switch/output.ts';
import type { Switch } from '../switch/switch.ts';
import type { Counters } from './counters.ts';

export interface ConnectionsParts {
  readonly lines: Switch;
  readonly output: Output;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  readonly countMax: number;
  /** How long what is queued may take to go out when a connection is closed in order. */
  readonly leaveMs: number;
  /** The connection leaves or is gone: its name, commands and the rest are to be forgotten. Called once. */
  readonly forget: (connection: Connection) => void;
}

/** How often it is looked whether all queues are empty, while the daemon stops. */
const DRAIN_CHECK_MS = 10;

export class Connections implements ConnectionEvents {
  readonly #parts: ConnectionsParts;
  readonly #all = new Set<Connection>();
  #isClosing = false;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values();
  }

  opened(connection: Connection): boolean {
    const { output, counters, countMax, brake, log } = this.#parts;
    const destination = this.#isClosing || this.#all.size >= countMax ? undefined : output.openDestination(connection);
    if (destination === undefined) {
      counters.connectionsRefused++;
      brake.run('connections', (skipped) =>
        log.lines.warn(
          { connections: this.#all.size, skipped },
          'connection refused: there are too many (max_connections)',
        ),
      );
      return false;
    }
    destination.source = connection;
    connection.destination = destination;
    this.#all.add(connection);
    return true;
  }

  read(connection: Connection, byteCount: number): void {
    if (connection.serial !== 0) this.#parts.lines.read(connection, byteCount);
  }

  feed(connection: Connection, chunk: Uint8Array): void {
    if (connection.serial !== 0) this.#parts.lines.feed(connection, chunk);
  }

  /** The other end sends no more: what it sent is handled, what it is to get goes out. */
  ended(connection: Connection): void {
    this.leave(connection);
  }

  /** Ends a connection in order. What is queued to it goes out; nothing more is read or delivered. */
  leave(connection: Connection): void {
    if (connection.state === 'leaving' || connection.state === 'closed') return;
    this.#detach(connection, 'leaving');
    const { socket } = connection;
    socket.end();
    // Its own end of the stream must be read for the socket to close; the bytes mean nothing any more.
    socket.resume();
    connection.timer = setTimeout(() => socket.destroy(), this.#parts.leaveMs).unref();
  }

  /** Ends a connection at once. */
  abandon(connection: Connection, reason: string): void {
    this.#parts.brake.run('abandoned', (skipped) =>
      this.#parts.log.lines.warn({ service: connection.service || undefined, reason, skipped }, 'connection closed'),
    );
    this.leave(connection);
    connection.socket.destroy();
  }

  closed(connection: Connection): void {
    if (connection.state !== 'leaving' && connection.state !== 'closed') this.#detach(connection, 'closed');
    clearTimeout(connection.timer);
    connection.state = 'closed';
    this.#all.delete(connection);
  }

  /**
   * Closes all in order and waits for them, at most so long. What is queued goes out first; who speaks meanwhile is still
   * heard, and told that it is over.
   */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    const deadline = performance.now() + timeoutMs;
    while (this.#isAnyWaiting() && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
    const open = [...this.#all];
    const closed = Promise.all(open.map(({ socket }) => untilClosed(socket)));
    for (const connection of open) this.leave(connection);
    const timer = setTimeout(
      () => {
        for (const { socket } of open) socket.destroy();
      },
      Math.max(DRAIN_CHECK_MS, deadline - performance.now()),
    );
    await closed;
    clearTimeout(timer);
  }

  #isAnyWaiting(): boolean {
    for (const { destination } of this.#all)
      if (destination !== undefined && this.#parts.output.waitingBytes(destination) > 0) return true;
    return false;
  }

  #detach(connection: Connection, state: 'leaving' | 'closed'): void {
    const { output, counters, forget } = this.#parts;
    forget(connection);
    connection.silence();
    connection.state = state;
    const { destination } = connection;
    if (destination === undefined) return;
    output.settle(destination);
    if (state === 'leaving') output.flush(destination);
    output.closeDestination(destination);
    counters.before.sent += connection.lines;
    counters.before.delivered += destination.delivered.lines;
    counters.before.lost += destination.delivered.lost;
    destination.delivered.heir = counters.before;
    connection.destination = undefined;
    for (const other of connection.blockedBy ?? []) other.waiters?.delete(connection);
  }
}

const untilClosed = (socket: Duplex): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
