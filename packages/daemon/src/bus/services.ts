// The services of this machine: who has which name, what came and went, who watches.

import { readdirSync } from 'node:fs';
import { NAME } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';
import type { Speaker } from './speaker.ts';

/** What is known of a service by its name, also after it has gone. */
export interface KnownService {
  readonly name: string;
  upSince: number | undefined;
  downSince: number | undefined;
  connection: Connection | undefined;
}

export interface ServicesOptions {
  readonly server: string;
  readonly countMax: number;
  /** Names of services that belong on this machine even while they are down. */
  readonly expected: readonly string[];
  /** Where the nearest instance on another machine is. */
  readonly serverWith: (service: string) => string | undefined;
  /** A service of this machine came or went. */
  readonly changed: (service: string, isUp: boolean) => void;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #speaker: Speaker;
  readonly #known = new Map<string, KnownService>();
  /** Tools: they have a name, but nobody hears of them. */
  readonly #transient = new Map<string, Connection>();
  readonly #watchers = new Map<string, Set<Connection>>();
  /** What those who watch a service were told last. */
  readonly #told = new Map<string, string>();
  readonly #expected: ReadonlySet<string>;
  #presentCount = 0;

  constructor(options: ServicesOptions, speaker: Speaker) {
    this.#options = options;
    this.#speaker = speaker;
    this.#expected = new Set(options.expected);
    for (const name of options.expected)
      this.#known.set(name, { name, upSince: undefined, downSince: undefined, connection: undefined });
  }

  get presentCount(): number {
    return this.#presentCount;
  }

  get isFull(): boolean {
    return this.#presentCount + this.#transient.size >= this.#options.countMax;
  }

  holderOf(name: string): Connection | undefined {
    return this.#known.get(name)?.connection ?? this.#transient.get(name);
  }

  known(name: string): KnownService | undefined {
    return this.#known.get(name);
  }

  /** All services that are here or belong here, by name. */
  list(): KnownService[] {
    return [...this.#known.values()]
      .filter((service) => service.connection !== undefined || this.#expected.has(service.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A name for a tool that nobody has: the one it asked for and a number. */
  uniqueName(wanted: string): string {
    const stem = wanted.slice(0, 50);
    let number = this.#transient.size + 1;
    while (this.holderOf(`${stem}_${number}`) !== undefined) number++;
    return `${stem}_${number}`;
  }

  add(connection: Connection): void {
    const { service: name } = connection;
    if (connection.isTransient) {
      this.#transient.set(name, connection);
      return;
    }
    if (!this.#known.has(name)) this.#makeRoom();
    this.#known.set(name, { name, upSince: connection.upSince, downSince: undefined, connection });
    this.#presentCount++;
    this.#options.changed(name, true);
    this.#tellStatus(name);
  }

  remove(connection: Connection, now: number): void {
    const { service: name } = connection;
    if (this.#transient.get(name) === connection) {
      this.#transient.delete(name);
      return;
    }
    const known = this.#known.get(name);
    if (known?.connection !== connection) return;
    known.connection = undefined;
    known.downSince = now;
    this.#presentCount--;
    this.#options.changed(name, false);
    this.#tellStatus(name);
  }

  /** The parameters of STATUS for a service. */
  status(name: string): Record<string, string | number | undefined> {
    const known = this.#known.get(name);
    if (known === undefined) return { cache: 'no', service: name, status: 'unknown' };
    return {
      cache: 'no',
      service: name,
      status: known.connection === undefined ? 'down' : 'up',
      server_name: this.#options.server,
      up_since: known.upSince,
      down_since: known.downSince,
    };
  }

  /** The same for a service anywhere: the one of this machine, or else the nearest. */
  statusAnywhere(name: string): Record<string, string | number | undefined> {
    const known = this.#known.get(name);
    if (known?.connection !== undefined) return this.status(name);
    const server = this.#options.serverWith(name);
    return server === undefined ? this.status(name) : { cache: 'no', service: name, status: 'up', server_name: server };
  }

  /** Something changed about where a service is on other machines. */
  changedElsewhere(name: string): void {
    if (this.#watchers.has(name)) this.#tellWatchers(name);
  }

  /** Sends STATUS to this connection at each change of the service, until it ends that or goes. */
  watch(connection: Connection, name: string): boolean {
    let watchers = this.#watchers.get(name);
    if (watchers === undefined) {
      if (this.#watchers.size >= this.#options.countMax) return false;
      watchers = new Set();
      this.#watchers.set(name, watchers);
    }
    watchers.add(connection);
    return true;
  }

  unwatch(connection: Connection, name?: string): void {
    for (const [watched, watchers] of name === undefined
      ? this.#watchers
      : [[name, this.#watchers.get(name)] as const]) {
      watchers?.delete(connection);
      if (watchers?.size !== 0) continue;
      this.#watchers.delete(watched);
      this.#told.delete(watched);
    }
  }

  #tellStatus(name: string): void {
    const status = this.status(name);
    this.#speaker.announce('STATUS', status);
    this.#tellWatchers(name, (watcher) => watcher.commands?.has('STATUS') ?? false);
  }

  /** Tells those who watch the service anywhere, if that is news. @param knows who has been told of this machine's already */
  #tellWatchers(name: string, knows: (watcher: Connection) => boolean = () => false): void {
    const watchers = this.#watchers.get(name);
    if (watchers === undefined) return;
    const status = this.statusAnywhere(name);
    const told = `${status['status']} ${status['server_name']} ${status['up_since']}`;
    if (this.#told.get(name) === told) return;
    this.#told.set(name, told);
    const isHere = status['server_name'] === this.#options.server;
    for (const watcher of watchers) if (!isHere || !knows(watcher)) this.#speaker.tell(watcher, 'STATUS', status);
  }

  /** Forgets the oldest service that is gone, when too many are remembered. */
  #makeRoom(): void {
    if (this.#known.size < this.#options.countMax) return;
    for (const [name, service] of this.#known) {
      if (service.connection !== undefined || this.#expected.has(name)) continue;
      this.#known.delete(name);
      return;
    }
  }
}

/** Names of services that belong on this machine: the files NAME.service of a directory. */
export function readExpected(directory: string | undefined, failed: (reason: string) => void): string[] {
  if (directory === undefined) return [];
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.service'))
      .map((file) => file.slice(0, -'.service'.length))
      .filter((name) => NAME.test(name));
  } catch (error) {
    failed((error as NodeJS.ErrnoException).code ?? String(error));
    return [];
  }
}
