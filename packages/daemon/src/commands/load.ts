// Commands about the load average: who listens to that of which machine, and sending it.

import type { Speaker, Values } from '../bus/speaker.ts';
import type { Connection } from '../connections/connection.ts';
import { loadAverage } from '../machine/load-average.ts';
import type { CommandRunner } from './runner.ts';

export interface LoadParts {
  readonly speaker: Speaker;
  readonly myAddress: string;
  readonly intervalMs: number;
  /** Sends a line to the daemon of another machine. */
  readonly tellDaemon: (server: string, command: string, values: Values) => void;
  /** Which other machine has this address. */
  readonly serverAt: (ip: string) => string | undefined;
  readonly isReachable: (server: string) => boolean;
}

/** Machines and connections that one machine's load is sent to. */
const LISTENERS_MAX = 10_000;
/** A machine that listens is asked to go on so often, in case it has started again. */
const RENEW_EVERY = 12;

/** Sends LOADAVG of this machine to everybody who registered for it, and passes on that of others. */
export class LoadListeners {
  readonly #parts: LoadParts;
  readonly #listeners = new Set<Connection>();
  /** Other machines that listen to this one. */
  readonly #servers = new Set<string>();
  /** Who listens here to which other machine, by its address. */
  readonly #elsewhere = new Map<string, Set<Connection>>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  add(connection: Connection): void {
    this.#listeners.add(connection);
    this.#parts.speaker.tell(connection, 'LOADAVG', this.#own());
    this.#start();
  }

  /** Another machine listens, until it goes. */
  addServer(server: string): void {
    if (this.#servers.size >= LISTENERS_MAX) return;
    this.#servers.add(server);
    this.#parts.tellDaemon(server, 'LOADAVG', this.#own());
    this.#start();
  }

  removeServer(server: string): void {
    this.#servers.delete(server);
    this.#stopIfIdle();
  }

  /** A connection listens to another machine. @returns false if no machine is known by that address */
  listen(connection: Connection, ip: string): boolean {
    const server = this.#parts.serverAt(ip);
    if (server === undefined || this.#elsewhere.size >= LISTENERS_MAX) return false;
    const host = hostOf(ip);
    const listeners = this.#elsewhere.get(host) ?? new Set();
    this.#elsewhere.set(host, listeners.add(connection));
    this.#parts.tellDaemon(server, 'REGISTER_FOR_LOADAVG', {});
    this.#start();
    return true;
  }

  /** The load of another machine is known. */
  heard(address: string, values: Values): void {
    for (const listener of this.#elsewhere.get(hostOf(address)) ?? [])
      this.#parts.speaker.tell(listener, 'LOADAVG', values);
  }

  remove(connection: Connection): void {
    this.#listeners.delete(connection);
    for (const [host, listeners] of this.#elsewhere) {
      listeners.delete(connection);
      if (listeners.size > 0) continue;
      this.#elsewhere.delete(host);
      const server = this.#parts.serverAt(host);
      if (server !== undefined) this.#parts.tellDaemon(server, 'UNREGISTER_FROM_LOADAVG', {});
    }
    this.#stopIfIdle();
  }

  #start(): void {
    this.#timer ??= setInterval(this.#sendAll, this.#parts.intervalMs).unref();
  }

  #stopIfIdle(): void {
    if (this.#listeners.size + this.#servers.size + this.#elsewhere.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #sendAll = (): void => {
    const { speaker, tellDaemon, isReachable, serverAt } = this.#parts;
    const own = this.#own();
    for (const connection of this.#listeners) speaker.tell(connection, 'LOADAVG', own);
    for (const server of this.#servers) {
      if (isReachable(server)) tellDaemon(server, 'LOADAVG', own);
      else this.#servers.delete(server);
    }
    if (++this.#round % RENEW_EVERY !== 0) return;
    for (const host of this.#elsewhere.keys()) {
      const server = serverAt(host);
      if (server !== undefined) tellDaemon(server, 'REGISTER_FOR_LOADAVG', {});
    }
  };

  #own(): Values {
    return { avg: loadAverage(), my_address: this.#parts.myAddress, timestamp: Date.now() / 1000 };
  }
}

export function addLoadCommands(runner: CommandRunner, listeners: LoadListeners, myAddress: string): void {
  runner.on('REGISTER_FOR_LOADAVG', (_values, { connection, isRemote, message }) => {
    if (connection !== undefined) listeners.add(connection);
    else if (isRemote && message.sentFromService === 'communicatord') listeners.addServer(message.sentFromServer);
  });
  runner.on('UNREGISTER_FROM_LOADAVG', (_values, { connection, isRemote, message }) => {
    if (connection !== undefined) listeners.remove(connection);
    else if (isRemote && message.sentFromService === 'communicatord') listeners.removeServer(message.sentFromServer);
  });
  runner.on('LISTEN_LOADAVG', ({ ips }, { connection, answer }) => {
    if (connection === undefined) return;
    const own = hostOf(myAddress);
    const unknown: string[] = [];
    for (const ip of ips) {
      if (hostOf(ip) === own) listeners.add(connection);
      else if (!listeners.listen(connection, ip)) unknown.push(ip);
    }
    if (unknown.length > 0)
      answer('INVALID', {
        command: 'LISTEN_LOADAVG',
        message: `no machine is known by ${unknown.slice(0, 5).join(', ')}`,
      });
  });
  runner.on('LOADAVG', ({ avg, my_address, timestamp }, { isRemote }) => {
    if (isRemote) listeners.heard(my_address, { avg, my_address, timestamp });
  });
}

/** The address without its port and brackets. */
function hostOf(address: string): string {
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1] ?? '';
  const parts = address.split(':');
  return parts.length === 2 ? (parts[0] ?? '') : address;
}
