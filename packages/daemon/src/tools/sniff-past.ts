// Past traffic for `snapcom sniff --since`: what recorders hold, of several machines in one order, page by page.

import type { Filter } from '@snapcommunicator/network/filter';
import { type Machine, type MessageRecord } from '@snapcommunicator/network/story';
import { type Communicator, CommunicatorError } from 'snapcommunicator';
import { ToolError } from './exit-codes.ts';
import type { Output } from './output.ts';
import { recordOf, type Sniffed, seen } from './sniffed.ts';
import { formatAge } from './text.ts';
import { askRecords, hear, nowSeconds, type RecordsPage } from './witnesses.ts';

export interface PastOptions {
  readonly filter: Filter;
  /** Unix seconds by the clock of this machine. */
  readonly since: number;
  /** Without it, up to now. */
  readonly until: number | undefined;
  readonly isHeadersOnly: boolean;
  /** Unix seconds: what was said to daemons from then on under the own name was for this. */
  readonly begunAt: number;
  /** Whether each is to bear the name of its machine. */
  readonly isNamed: boolean;
}

/** A message of the past, and where it was recorded. */
export interface Past {
  readonly server: string;
  readonly sniffed: Sniffed;
}

const answerMsMax = 5000;
/** Records in one answer. */
const PAGE = 1000;
/** Outcomes that live traffic does not show: what other daemons say of messages that were shown here already. */
const UNSHOWN: ReadonlySet<string> = new Set(['passed', 'taken']);

/** What was recorded, earliest first by the clock of this machine. @throws ToolError, CommunicatorError of the own daemon */
export async function* readPast(
  bus: Communicator,
  machines: readonly Machine[],
  options: PastOptions,
  output: Output,
): AsyncGenerator<Past> {
  const readers = machines.map((machine) => new Reader(bus, machine, options, output));
  const reaches = await Promise.all(readers.map((reader) => reader.begin()));
  const short = reaches.flatMap((reach, place) =>
    reach === undefined ? [] : [`${formatAge(reach)} on ${machines[place]?.server}`],
  );
  if (short.length > 0) output.say(`what was before is not remembered: ${short.join(', ')}`);
  for (;;) {
    let first: Reader | undefined;
    for (const reader of readers) if (reader.time < (first?.time ?? Number.POSITIVE_INFINITY)) first = reader;
    if (first === undefined) return;
    const next = await first.take();
    if (next !== undefined) yield next;
  }
}

/** The records of one machine, in order. */
class Reader {
  readonly #bus: Communicator;
  readonly #machine: Machine;
  readonly #options: PastOptions;
  readonly #output: Output;
  #ahead = 0;
  /** The time of the record that was taken last. */
  #taken = 0;
  #until: number | undefined;
  #records: readonly MessageRecord[] = [];
  #at = 0;
  #next: number | undefined;

  constructor(bus: Communicator, machine: Machine, options: PastOptions, output: Output) {
    this.#bus = bus;
    this.#machine = machine;
    this.#options = options;
    this.#output = output;
  }

  /** By the clock of this machine: of the record that is next; infinite if there is none. */
  get time(): number {
    const record = this.#records[this.#at];
    // Its numbers are the order in which they were recorded, whatever became of its clock meanwhile.
    return record === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#taken, record.time - this.#ahead);
  }

  /** Asks for the first page. What is recorded after the answer is not read: it is live. @returns seconds that it reaches back, if that is too short */
  async begin(): Promise<number | undefined> {
    const { since, until } = this.#options;
    // By its own clock, which is known once it has answered: a small question first.
    const probe = await this.#ask({ count: 1, newest: true });
    if (probe === undefined) return undefined;
    this.#ahead = probe.clock.aheadSeconds;
    this.#until = (until ?? nowSeconds()) + this.#ahead;
    const oldest = probe.oldest === undefined ? undefined : probe.oldest - this.#ahead;
    await this.#load(undefined);
    return oldest !== undefined && oldest > since + 1 ? nowSeconds() - oldest : undefined;
  }

  /** The next record as a message that was seen; undefined if live traffic would not show it. */
  async take(): Promise<Past | undefined> {
    const { time } = this;
    const record = this.#records[this.#at++];
    if (record !== undefined) this.#taken = time;
    if (this.#at >= this.#records.length && this.#next !== undefined) await this.#load(this.#next);
    if (record === undefined) return undefined;
    const { filter, isHeadersOnly, isNamed } = this.#options;
    const { server } = this.#machine;
    const { from, to, outcome, parameters } = record;
    const sniffed = seen({ ...record, time }, isHeadersOnly ? undefined : parameters, isNamed ? server : undefined);
    const isOwn = time >= this.#options.begunAt && isBetween(from, to, this.#bus.service, 'communicatord');
    const isUnshown = UNSHOWN.has(outcome) && !filter.text.includes('outcome');
    // The daemon has filtered already; only an older one may know less of the language.
    return isOwn || isUnshown || !filter.matches(recordOf({ ...sniffed, ...(parameters && { parameters }) }))
      ? undefined
      : { server, sniffed };
  }

  /** The next page with something in it: one may hold nothing that matches, and there may be more all the same. */
  async #load(first: number | undefined): Promise<void> {
    const { filter, since } = this.#options;
    let after = first;
    do {
      const page = await this.#ask({
        count: PAGE,
        since: Math.max(0, since + this.#ahead),
        ...(this.#until !== undefined && { until: this.#until }),
        ...(filter.text !== '' && { filter: filter.text }),
        ...(after !== undefined && { after }),
      });
      this.#records = page?.records ?? [];
      this.#at = 0;
      this.#next = page?.next === after ? undefined : page?.next;
      after = this.#next;
    } while (this.#records.length === 0 && after !== undefined);
  }

  async #ask(query: Parameters<typeof askRecords>[2]): Promise<RecordsPage | undefined> {
    const heard = await hear(this.#machine, (server) => askRecords(this.#bus, server, query, answerMsMax));
    if ('answer' in heard) return heard.answer;
    const { error } = heard;
    const isKnown = error instanceof CommunicatorError || error instanceof ToolError;
    this.#output.say(`${this.#machine.server} tells nothing of the past${isKnown ? `: ${error.message}` : ''}`);
    return undefined;
  }
}

/** Whether one of these services speaks to the other. */
function isBetween(from: string, to: string, one: string, other: string): boolean {
  const [sender, receiver] = [from, to].map((address) => address.slice(address.indexOf(':') + 1));
  return (sender === one && receiver === other) || (sender === other && receiver === one);
}
