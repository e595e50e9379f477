// Commands about the load average: who listens to it, and sending it.

import type { Speaker } from '../bus/speaker.ts';
import type { Connection } from '../connections/connection.ts';
import { loadAverage } from '../machine/load-average.ts';
import type { CommandRunner } from './runner.ts';

export interface LoadParts {
  readonly speaker: Speaker;
  readonly myAddress: string;
  readonly intervalMs: number;
}

/** Sends LOADAVG to everybody who registered for it, as long as somebody has. */
export class LoadListeners {
  readonly #parts: LoadParts;
  readonly #listeners = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  add(connection: Connection): void {
    this.#listeners.add(connection);
    this.#send(connection);
    this.#timer ??= setInterval(() => this.#sendAll(), this.#parts.intervalMs).unref();
  }

  remove(connection: Connection): void {
    this.#listeners.delete(connection);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sendAll(): void {
    for (const connection of this.#listeners) this.#send(connection);
  }

  #send(connection: Connection): void {
    this.#parts.speaker.tell(connection, 'LOADAVG', {
      avg: loadAverage(),
      my_address: this.#parts.myAddress,
      timestamp: Date.now() / 1000,
    });
  }
}

export function addLoadCommands(runner: CommandRunner, listeners: LoadListeners, myAddress: string): void {
  runner.on('REGISTER_FOR_LOADAVG', (_values, { connection }) => {
    if (connection !== undefined) listeners.add(connection);
  });
  runner.on('UNREGISTER_FROM_LOADAVG', (_values, { connection }) => {
    if (connection !== undefined) listeners.remove(connection);
  });
  runner.on('LISTEN_LOADAVG', ({ ips }, { connection, answer }) => {
    const host = myAddress.slice(0, myAddress.lastIndexOf(':'));
    const unknown = ips.filter((ip) => ip !== host && ip !== myAddress);
    if (connection !== undefined && unknown.length < ips.length) listeners.add(connection);
    if (unknown.length > 0)
      answer('INVALID', {
        command: 'LISTEN_LOADAVG',
        message: `no machine is known by ${unknown.slice(0, 5).join(', ')}`,
      });
  });
  // Load averages of other machines come over links only.
  runner.on('LOADAVG', () => undefined);
}
