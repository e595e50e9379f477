// The messages that passed lately: what several daemons say of one message joined to one row, bounded in number.

import type { Filter } from '@snapcommunicator/network/filter';
import { decodeText } from 'snapcommunicator/wire';

/** What one daemon says of a message. */
export interface Sighting {
  /** Unix seconds by the clock of the page. */
  readonly time: number;
  /** The machine that says so. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly command: string;
  readonly size: number;
  readonly outcome: string;
  readonly reason: string;
  readonly id: string;
  /** As it was delivered; empty where it is not told. */
  readonly line: string;
}

export interface MessageRow {
  /** In the order of arrival, for ever. */
  readonly number: number;
  time: number;
  from: string;
  to: string;
  command: string;
  size: number;
  outcome: string;
  reason: string;
  readonly id: string;
  line: string;
  /** From its first daemon to its last; undefined while only one has told. */
  tookSeconds: number | undefined;
  /** The machines that told of it. */
  machines: string[];
}

/** How much an outcome says about the end: the word of the last daemon counts. */
const WEIGHT: Readonly<Record<string, number>> = {
  passed: 0,
  returned: 0,
  sent: 1,
  taken: 1,
  kept: 2,
  unknown: 3,
  expired: 4,
  dropped: 4,
  refused: 4,
  delivered: 5,
};

const CONSOLE = /:console(_\d+)?$/;
const DAEMON = /:communicatord$/;

/** Whether a console asks a daemon, or is answered by one. */
export const isConsoleTalk = (from: string, to: string): boolean =>
  (CONSOLE.test(from) && (DAEMON.test(to) || to === '' || to.endsWith(':'))) || (DAEMON.test(from) && CONSOLE.test(to));

/** Whether the filter takes it, as far as can be told: a line that cannot be read is left to the daemon's word. */
export function isMeant(filter: Filter, { line, ...record }: Sighting): boolean {
  if (!filter.needsParameters) return filter.matches(record);
  const read = decodeText(line);
  return read.kind !== 'message' || filter.matches({ ...record, parameters: read.message.parameters });
}

const LINE_LENGTH_MAX = 4000;
/** Recorders tell milliseconds. */
const CLOCK_SECONDS = 0.001;

export class MessageLog {
  readonly #countMax: number;
  readonly #byId = new Map<string, MessageRow>();
  #rows: MessageRow[] = [];
  #lastNumber = 0;

  constructor(countMax = 20_000) {
    this.#countMax = countMax;
  }

  /** Oldest first. Rows change in place while more is told of them. */
  get rows(): readonly MessageRow[] {
    return this.#rows;
  }

  /** How many there have been, with those that were dropped for newer ones. */
  get total(): number {
    return this.#lastNumber;
  }

  add(sighting: Sighting): MessageRow {
    const { id } = sighting;
    const known = id === '' ? undefined : this.#byId.get(id);
    if (known !== undefined) {
      join(known, sighting);
      return known;
    }
    const { time, at, from, to, command, size, outcome, reason, line } = sighting;
    const row: MessageRow = {
      number: ++this.#lastNumber,
      ...{ time, from, to, command, size, outcome, reason, id },
      line: line.slice(0, LINE_LENGTH_MAX),
      tookSeconds: undefined,
      machines: [at],
    };
    this.#rows.push(row);
    if (id !== '') this.#byId.set(id, row);
    // Cut a quarter at once, so that a row costs the same whether the log is full or not.
    if (this.#rows.length > this.#countMax * 1.25) this.#cut();
    return row;
  }

  /** Puts what came out of order into the order of time: what the recorders held comes machine by machine. */
  sort(): void {
    this.#rows.sort((a, b) => a.time - b.time || a.number - b.number);
  }

  /** What had ended before is not shown any more. */
  dropBefore(time: number): void {
    const kept = this.#rows.filter((row) => row.time + (row.tookSeconds ?? 0) >= time - CLOCK_SECONDS / 2);
    this.clear();
    this.#rows = kept;
    for (const row of kept) if (row.id !== '') this.#byId.set(row.id, row);
  }

  clear(): void {
    this.#rows = [];
    this.#byId.clear();
  }

  #cut(): void {
    const gone = this.#rows.length - this.#countMax;
    for (const { id } of this.#rows.slice(0, gone)) this.#byId.delete(id);
    this.#rows = this.#rows.slice(gone);
  }
}

function join(row: MessageRow, { time, at, from, to, command, size, outcome, reason, line }: Sighting): void {
  const isNew = !row.machines.includes(at);
  if (isNew) {
    row.machines.push(at);
    const end = Math.max(row.time + (row.tookSeconds ?? 0), time);
    row.time = Math.min(row.time, time);
    row.tookSeconds = Math.max(0, end - row.time);
  }
  if (row.command === '' && command !== '') Object.assign(row, { from, to, command, size });
  if (row.line === '') row.line = line.slice(0, LINE_LENGTH_MAX);
  if ((WEIGHT[outcome] ?? 0) >= (WEIGHT[row.outcome] ?? 0)) {
    row.outcome = outcome;
    row.reason = reason;
  }
}
