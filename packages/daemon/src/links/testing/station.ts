// A daemon for the tests of links, without its graph: real sockets, and all that its links tell is kept.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame } from '@snapcommunicator/network/frame';
import { pino } from 'pino';
import { type Log, RateLimit } from '../../log.ts';
import { loadConfiguration } from '../../options/index.ts';
import { type LegacySocket, type Link, Links } from '../links.ts';
import { readMemory } from './memory.ts';

export interface StationSetup {
  readonly name: string;
  /** Options by name, `remote_listen: '127.0.0.1:0'`. */
  readonly options?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly incarnation?: number;
  readonly area?: string;
  /** Other nodes by name, for conflicts. */
  readonly holders?: Readonly<Record<string, string>>;
}

/** A directory that lives as long as the tests. */
export const scratchDirectory = (): string => mkdtempSync(join(tmpdir(), 'links-'));

export class Station {
  readonly links: Links;
  readonly dataPath: string;
  /** `up beta`, `down beta orderly`, … in their order. */
  readonly events: string[] = [];
  readonly logged: { readonly level: number; readonly msg: string; readonly [field: string]: unknown }[] = [];
  readonly frames: { readonly link: Link; readonly frame: Frame }[] = [];
  readonly legacy: LegacySocket[] = [];
  readonly services: { readonly user: string; readonly text: string }[] = [];
  isStopping = false;
  readonly #setup: StationSetup;

  constructor(setup: StationSetup) {
    this.#setup = setup;
    const { options = {}, name } = setup;
    this.dataPath = options['data_path'] ?? scratchDirectory();
    const given = { server_name: name, data_path: this.dataPath, reconnect_min: '20ms', ...options };
    // In a file, for passwords are refused on a command line.
    const config = join(scratchDirectory(), 'communicatord.conf');
    const text = Object.entries(given).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(config, text.join(''), { mode: 0o600 });
    const loaded = loadConfiguration({ argv: ['--config', config], environment: {} });
    if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
    const lines = pino({ level: 'debug' }, { write: (line: string) => void this.logged.push(JSON.parse(line)) });
    const self = {
      node: setup.node ?? randomBytes(8).toString('hex'),
      incarnation: setup.incarnation ?? 1,
      server: name,
      address: '',
      area: setup.area ?? '',
    };
    this.links = new Links(
      loaded.configuration,
      {
        identity: () => self,
        holderOf: (server) => setup.holders?.[server],
        isStopping: () => this.isStopping,
        memory: readMemory(),
        services: () => ['svc1'],
      },
      { lines } as unknown as Log,
      new RateLimit(0, () => performance.now()),
      {
        up: (link) => void this.events.push(`up ${link.peer.server}`),
        down: (link, isOrderly) => void this.events.push(`down ${link.peer.server}${isOrderly ? ' orderly' : ''}`),
        frame: (link, frame) => void this.frames.push({ link, frame }),
        readEnd: () => undefined,
        legacy: (peer) => void this.legacy.push(peer),
        service: (socket, firstBytes, user) => {
          this.services.push({ user, text: Buffer.from(firstBytes).toString() });
          socket.end('READY\n');
        },
        unreachable: (address) => void this.events.push(`unreachable ${address}`),
        block: (address, reason) => void this.events.push(`block ${address}: ${reason}`),
      },
    );
  }

  /** Listens and begins to dial. @returns this */
  async start(): Promise<this> {
    await this.links.listen();
    this.links.start();
    return this;
  }

  /** The names of those linked. */
  get peers(): string[] {
    return [...this.links].map(({ peer }) => peer.server).sort();
  }

  get link(): Link {
    const [link] = this.links;
    if (link === undefined) throw new Error(`${this.#setup.name} has no link`);
    return link;
  }

  close(): Promise<void> {
    return this.links.close();
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what = holds.toString()): Promise<void> {
  const endMs = performance.now() + 8000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
