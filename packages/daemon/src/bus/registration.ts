// How a connection comes by its name: held lines, REGISTER, names in use, renaming, UNREGISTER.

import type { MachineInput, Router } from '@snapcommunicator/network/router';
import type { Connection } from '../connections/connection.ts';
import type { Log, RateLimit } from '../log.ts';
import type { LineTransform } from '../switch/destination.ts';
import { type Counters, count } from './counters.ts';
import type { Keeping } from './keeping.ts';
import type { Services } from './services.ts';
import type { Speaker } from './speaker.ts';

export interface RegistrationLimits {
  readonly holdBytesMax: number;
  readonly holdMs: number;
  readonly aliveTimeoutMs: number;
  readonly waitersMax: number;
  readonly commandsMax: number;
}

export interface RegistrationParts {
  readonly server: string;
  readonly myAddress: string;
  readonly router: Router;
  /** Tells the router what changed on this machine. */
  readonly tell: (input: MachineInput) => void;
  readonly services: Services;
  readonly keeping: Keeping;
  readonly speaker: Speaker;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  readonly limits: RegistrationLimits;
  /** Handles lines that were held. */
  readonly replay: (connection: Connection, lines: Uint8Array) => void;
  /** Sends what is queued to the connection and closes it. */
  readonly leave: (connection: Connection) => void;
  /** Delivers in JSON. */
  readonly jsonTransform: LineTransform;
  /** Whether a connection may ask and look, but not send. */
  readonly isReadOnly: (connection: Connection) => boolean;
}

export interface Wanted {
  readonly service: string;
  readonly format: 'text' | 'json';
  readonly transient: boolean;
}

const LISTENER_TEXTS = {
  unix: 'a Unix socket',
  tcp: 'TCP',
  secure: 'another machine',
  console: 'the console',
} as const;

/** Somebody who wants a name that another has. */
interface Waiter {
  readonly connection: Connection;
  readonly wanted: Wanted;
  readonly answer: (command: string, values: Record<string, string>) => void;
  readonly timer: NodeJS.Timeout;
}

export class Registration {
  readonly #parts: RegistrationParts;
  readonly #waiters = new Map<Connection, Waiter[]>();

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  /** Holds a line of a connection that has no name yet. */
  hold(connection: Connection, line: Uint8Array): void {
    const { holdBytesMax, holdMs } = this.#parts.limits;
    connection.held ??= [];
    connection.held.push(line);
    connection.heldBytes += line.length;
    if (connection.state === 'new')
      connection.timer ??= setTimeout(() => this.giveUpWaiting(connection), holdMs).unref();
    if (connection.heldBytes <= holdBytesMax) return;
    if (connection.state === 'new') this.giveUpWaiting(connection);
    else this.#refuse(connection, `${holdBytesMax} bytes are held, no more, while the name is in use`);
  }

  /** No REGISTER came: what the connection sent, and sends, goes on without a sender. */
  giveUpWaiting(connection: Connection): void {
    if (connection.state !== 'new') return;
    connection.setAnonymous();
    this.#releaseHeld(connection);
  }

  /** @param answer tells the connection, echoing what its request carries */
  register(connection: Connection, wanted: Wanted, answer: Waiter['answer']): void {
    const { services } = this.#parts;
    if (connection.state === 'leaving' || connection.state === 'closed') return;
    const name = wanted.transient ? services.uniqueName(wanted.service) : wanted.service;
    const isSame = connection.service === name;
    if (!isSame && services.isFull)
      return this.#refuseWith(connection, answer, 'too many services are registered (max_services)');
    const holder = services.holderOf(name);
    if (holder === undefined || isSame) return this.#accept(connection, { ...wanted, service: name }, answer);
    if (holder.isAtEnd) return this.#takeOver(holder, connection, wanted, answer);
    if (holder.listener !== connection.listener) {
      return this.#refuseWith(
        connection,
        answer,
        `${name} is in use by a service on ${LISTENER_TEXTS[holder.listener]}`,
      );
    }
    this.#askHolder(holder, connection, wanted, answer);
  }

  /** The holder of a name has answered ALIVE: it stays. */
  answeredAlive(holder: Connection): void {
    holder.hasAnsweredAlive = true;
    const waiters = this.#waiters.get(holder);
    this.#waiters.delete(holder);
    for (const waiter of waiters ?? []) {
      clearTimeout(waiter.timer);
      this.#refuseWith(waiter.connection, waiter.answer, `${holder.service} is in use, and its service is alive`);
    }
  }

  /** Adds commands to what the connection understands. @returns how many were too many */
  addCommands(connection: Connection, commands: readonly string[]): number {
    const { tell, limits } = this.#parts;
    connection.commands ??= new Set();
    const fresh: string[] = [];
    for (const command of commands) {
      if (connection.commands.has(command)) continue;
      if (connection.commands.size >= limits.commandsMax) break;
      connection.commands.add(command);
      fresh.push(command);
    }
    if (connection.destination !== undefined && fresh.length > 0) {
      tell({ kind: 'commands', port: connection.destination.index, commands: fresh });
    }
    return commands.filter((command) => !connection.commands?.has(command)).length;
  }

  /** The connection gives up its name, or is gone: held lines of one that never had a name go on first. */
  end(connection: Connection): void {
    const { tell, services } = this.#parts;
    clearTimeout(connection.timer);
    if (connection.state === 'new' && connection.held !== undefined) this.giveUpWaiting(connection);
    connection.held = undefined;
    const { destination } = connection;
    if (connection.service !== '') this.#dropName(connection);
    services.unwatch(connection);
    if (destination !== undefined) tell({ kind: 'port-down', port: destination.index });
    this.#letNextHave(connection);
  }

  #accept(connection: Connection, wanted: Wanted, answer: Waiter['answer']): void {
    const { server, myAddress, services, speaker, log } = this.#parts;
    const isRenamed = connection.service !== '' && connection.service !== wanted.service;
    if (isRenamed) {
      this.#dropName(connection);
      this.#letNextHave(connection);
    }
    clearTimeout(connection.timer);
    connection.timer = undefined;
    const isNew = connection.service !== wanted.service;
    connection.state = 'registered';
    connection.isTransient = wanted.transient;
    if (connection.destination !== undefined)
      connection.destination.transform = wanted.format === 'json' ? this.#parts.jsonTransform : undefined;
    if (isNew) {
      connection.upSince = Math.floor(Date.now() / 1000);
      connection.setName(server, wanted.service);
    }
    speaker.tell(connection, 'HELP');
    answer('READY', {
      my_address: myAddress,
      ...(wanted.transient && { service: wanted.service }),
      ...(this.#parts.isReadOnly(connection) && { read_only: 'true' }),
    });
    if (isNew) {
      services.add(connection);
      this.#announceToRouter(connection);
      log.lines.debug(
        { service: wanted.service, listener: connection.listener, transient: wanted.transient || undefined },
        'service registered',
      );
    }
    this.giveKept(connection);
    this.#releaseHeld(connection);
  }

  /** Gives a service what was kept for it, if it is here. */
  giveKeptTo(service: string): void {
    const holder = this.#parts.services.holderOf(service);
    if (holder !== undefined) this.giveKept(holder);
  }

  /** Gives the service what was kept for it, as long as it takes it. */
  giveKept(connection: Connection): void {
    const { keeping, router } = this.#parts;
    if (connection.state !== 'registered' || connection.destination === undefined) return;
    keeping.drain(router.queuesOf(connection.service), connection.destination);
  }

  #announceToRouter({ service, destination, isTransient }: Connection): void {
    if (destination === undefined) return;
    this.#parts.tell({ kind: 'service-up', service, port: destination.index, isAnnounced: !isTransient });
  }

  #dropName(connection: Connection): void {
    const { tell, services, log } = this.#parts;
    const { service } = connection;
    if (services.holderOf(service) === connection) tell({ kind: 'service-down', service });
    services.remove(connection, Math.floor(Date.now() / 1000));
    log.lines.debug({ service }, 'service gone');
    connection.service = '';
  }

  #askHolder(holder: Connection, connection: Connection, wanted: Wanted, answer: Waiter['answer']): void {
    const { limits, speaker } = this.#parts;
    const waiters = this.#waiters.get(holder) ?? [];
    if (waiters.length >= limits.waitersMax)
      return this.#refuseWith(connection, answer, `${wanted.service} is in use, and others wait for it`);
    connection.state = 'waiting';
    clearTimeout(connection.timer);
    const timer = setTimeout(() => this.#decide(holder, connection), limits.aliveTimeoutMs);
    waiters.push({ connection, wanted, answer, timer });
    this.#waiters.set(holder, waiters);
    speaker.tell(holder, 'ALIVE', { serial: `name_${connection.serial}`, timestamp: Date.now() / 1000 });
  }

  /** The holder has not answered in time. */
  #decide(holder: Connection, connection: Connection): void {
    const waiter = this.#takeWaiter(holder, connection);
    if (waiter === undefined) return;
    // One that never answered an ALIVE may just not know it; only one that used to answer is taken for dead.
    if (holder.hasAnsweredAlive || holder.isAtEnd) this.#takeOver(holder, connection, waiter.wanted, waiter.answer);
    else this.#refuseWith(connection, waiter.answer, `${waiter.wanted.service} is in use`);
  }

  #takeOver(holder: Connection, connection: Connection, wanted: Wanted, answer: Waiter['answer']): void {
    const { brake, log } = this.#parts;
    brake.run('take over', (skipped) =>
      log.lines.info(
        { service: wanted.service, skipped },
        'the name goes to a new connection: the old one does not answer',
      ),
    );
    this.#dropName(holder);
    this.#accept(connection, wanted, answer);
    this.#parts.leave(holder);
  }

  /** When the holder of a name goes, the first who waits for it has it. */
  #letNextHave(holder: Connection): void {
    const waiters = this.#waiters.get(holder);
    this.#waiters.delete(holder);
    for (const waiter of waiters ?? []) {
      clearTimeout(waiter.timer);
      this.register(waiter.connection, waiter.wanted, waiter.answer);
    }
    for (const [other, others] of this.#waiters) {
      if (others.some(({ connection }) => connection === holder)) this.#takeWaiter(other, holder);
    }
  }

  #takeWaiter(holder: Connection, connection: Connection): Waiter | undefined {
    const waiters = this.#waiters.get(holder);
    const at = waiters?.findIndex((waiter) => waiter.connection === connection) ?? -1;
    if (waiters === undefined || at < 0) return undefined;
    const [waiter] = waiters.splice(at, 1);
    if (waiters.length === 0) this.#waiters.delete(holder);
    clearTimeout(waiter?.timer);
    return waiter;
  }

  #refuse(connection: Connection, message: string): void {
    this.#refuseWith(connection, (command, values) => this.#parts.speaker.tell(connection, command, values), message);
  }

  #refuseWith(connection: Connection, answer: Waiter['answer'], message: string): void {
    const lines = connection.held?.length ?? 0;
    connection.lines += lines;
    count(this.#parts.counters.refused, 'unregistered', lines);
    connection.held = undefined;
    const { brake, log } = this.#parts;
    brake.run('REGISTER refused', (skipped) => log.lines.warn({ reason: message, skipped }, 'REGISTER refused'));
    answer('INVALID', { command: 'REGISTER', message });
    this.#parts.leave(connection);
  }

  #releaseHeld(connection: Connection): void {
    const held = connection.held;
    connection.held = undefined;
    connection.heldBytes = 0;
    if (held !== undefined) this.#parts.replay(connection, Buffer.concat(held));
  }
}
