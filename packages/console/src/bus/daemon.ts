// What the page asks of daemons, with types: each question is a command of the contract, each answer is read with care.

import { type GraphDocument, readGraph } from '@snapcommunicator/network/atlas';
import {
  type History,
  type Ledger,
  type MessageRecord,
  readHistory,
  readLedger,
  readRecords,
  readTraffic,
  type Silence,
  type Traffic,
} from '@snapcommunicator/network/story';
import { type Flag, readFlags } from 'snapcommunicator/contract';
import type { Message } from 'snapcommunicator/wire';
import { type Bus, BusError, type Fault } from './bus.ts';

/** Who answers later is shown as this machine knows it. */
const elsewhereMsMax = 3000;

const SILENCES: Readonly<Record<Fault, Silence>> = {
  lost: 'lost',
  absent: 'lost',
  timeout: 'silent',
  busy: 'silent',
  refused: 'refused',
  unknown: 'old',
};

/** Why nothing is known of a machine that was asked: what came instead of its answer says it. */
export const silenceOf = (error: unknown): Silence => (error instanceof BusError ? SILENCES[error.fault] : 'silent');

export interface RecordsAnswer {
  readonly server: string;
  readonly records: readonly MessageRecord[];
  readonly next: number | undefined;
  /** Unix seconds by the clock of that machine: there was more than fits into the answer, and this is what it begins with. */
  readonly since: number | undefined;
  /** Unix seconds by the clock of that machine: when it answered, and since when it holds records. */
  readonly now: number | undefined;
  readonly oldest: number | undefined;
  /** Unix seconds by the clock of the page. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface RecordsQuestion {
  readonly filter?: string;
  readonly id?: string;
  readonly since?: number;
  readonly until?: number;
  readonly count?: number;
  readonly isNewest?: boolean;
}

/** A service on a machine as its own daemon knows it. */
export interface ServiceRow {
  readonly server: string;
  readonly service: string;
  readonly status: 'up' | 'down';
  readonly up_since?: number;
  readonly down_since?: number;
  readonly commands?: readonly string[];
  readonly delivered?: number;
  readonly queued_bytes?: number;
}

/** What a daemon says of itself: counts since its start. */
export interface DaemonReport {
  readonly version: string;
  readonly accepted: number;
  readonly kept: number;
  readonly expired: number;
  readonly refused: number;
  readonly dropped: number;
  readonly memoryBytes: number;
}

/** More pages than any cluster fills: a list that never ends is none. */
const SERVICE_PAGES_MAX = 100;

export class Daemons {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @param server empty: the daemon of this page @throws BusError */
  async graph(server = ''): Promise<GraphDocument> {
    const { parameters } = await this.#ask(server, 'GRAPH');
    const reading = readGraph(parameters['graph'] ?? '');
    if ('graph' in reading) return reading.graph;
    throw new BusError('refused', `the graph of ${server || 'this machine'} cannot be read: ${reading.problem}`);
  }

  async traffic(server = ''): Promise<Traffic> {
    const { parameters } = await this.#ask(server, 'TRAFFIC');
    return read(readTraffic(parameters['traffic'] ?? ''), 'traffic');
  }

  async history(server = '', since?: number): Promise<History> {
    const { parameters } = await this.#ask(server, 'HISTORY', since === undefined ? {} : { since: String(since) });
    return read(readHistory(parameters['history'] ?? ''), 'history');
  }

  /** What became of every message, counted by a daemon. */
  async ledger(server = ''): Promise<Ledger> {
    const { parameters } = await this.#ask(server, 'LEDGER');
    return read(readLedger(parameters['ledger'] ?? ''), 'ledger');
  }

  async flags(): Promise<Flag[]> {
    const { parameters } = await this.#ask('', 'FLAGS');
    return read(readFlags(parameters['flags'] ?? ''), 'flags');
  }

  /** All services that a daemon knows, with details of its own ones. */
  async services(server = ''): Promise<ServiceRow[]> {
    const rows: ServiceRow[] = [];
    let after: string | undefined;
    for (let page = 0; page < SERVICE_PAGES_MAX; page++) {
      const { parameters } = await this.#ask(server, 'LIST_SERVICES', {
        details: 'true',
        ...(after !== undefined && { after }),
      });
      rows.push(...read(readServices(parameters['details'] ?? ''), 'services'));
      after = parameters['next'];
      if (after === undefined) break;
    }
    return rows;
  }

  async report(server = ''): Promise<DaemonReport> {
    const { parameters } = await this.#ask(server, 'DAEMON_STATUS');
    const count = (name: string): number => numberIn(parameters[name]) ?? 0;
    return {
      version: parameters['version'] ?? '',
      accepted: count('accepted'),
      kept: count('kept'),
      expired: count('expired'),
      refused: count('refused'),
      dropped: count('dropped'),
      memoryBytes: count('memory_bytes'),
    };
  }

  async records(server: string, question: RecordsQuestion): Promise<RecordsAnswer> {
    const { filter = '', id, since, until, count, isNewest = false } = question;
    const askedAt = Date.now() / 1000;
    const { parameters } = await this.#ask(server, 'RECORDS', {
      ...(filter !== '' && { filter }),
      ...(id !== undefined && { id }),
      ...(since !== undefined && { since: since.toFixed(3) }),
      ...(until !== undefined && { until: until.toFixed(3) }),
      ...(count !== undefined && { count: String(count) }),
      ...(isNewest && { newest: 'true' }),
    });
    return {
      server,
      records: read(readRecords(parameters['records'] ?? ''), 'records'),
      next: numberIn(parameters['next']),
      since: numberIn(parameters['since']),
      now: numberIn(parameters['now']),
      oldest: numberIn(parameters['oldest']),
      askedAt,
      answeredAt: Date.now() / 1000,
    };
  }

  /** @returns the filter as the daemon understood it */
  async sniff(server: string, filter: string, isHeadersOnly: boolean): Promise<string> {
    const { parameters } = await this.#ask(server, 'SNIFF', {
      ...(filter !== '' && { filter }),
      ...(isHeadersOnly && { headers: 'true' }),
    });
    return parameters['filter'] ?? '';
  }

  stopSniffing(server: string): void {
    const address = server === '' ? {} : { server, service: 'communicatord' };
    this.#bus.tell({ ...address, command: 'SNIFF', parameters: { stop: 'true', cache: 'no' } });
  }

  #ask(server: string, command: string, parameters: Record<string, string> = {}): Promise<Message> {
    return this.#bus.ask({ server, command, parameters, ...(server !== '' && { timeoutMs: elsewhereMsMax }) });
  }
}

const numberIn = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? undefined : value;
};

/** @throws BusError when the text could not be read */
function read<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new BusError('refused', `the answer holds no ${what} that can be read`);
  return value;
}

function readServices(text: string): ServiceRow[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isServices(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isServices = (value: unknown): value is ServiceRow[] =>
  Array.isArray(value) &&
  value.every((row: unknown) => {
    const { server, service, status } = (row ?? {}) as Partial<ServiceRow>;
    return typeof server === 'string' && typeof service === 'string' && (status === 'up' || status === 'down');
  });
