// Traffic of daemons for `snapcom sniff`: what they recorded, then what passes; of one machine, or of all.

import { compileFilter, type Filter } from '@snapcommunicator/network/filter';
import { type Machine, machinesOf } from '@snapcommunicator/network/story';
import { type Communicator, communicatord } from 'snapcommunicator';
import { askGraph } from './cluster.ts';
import { openConnection } from './connection.ts';
import { conversationOf } from './conversation.ts';
import { EXIT, type ExitCode, ToolError, usageError } from './exit-codes.ts';
import { interruption, whenAborted } from './interruption.ts';
import type { Output } from './output.ts';
import { Seam } from './seam.ts';
import { type LiveOptions, Skipped, Watch } from './sniff-live.ts';
import { readPast } from './sniff-past.ts';
import { type Sniffed, sniffedOf } from './sniffed.ts';
import { plural } from './text.ts';
import { nowSeconds } from './witnesses.ts';

export interface BusOptions extends LiveOptions {
  readonly count?: number;
  readonly write?: string;
  readonly follow?: string;
  /** Unix seconds. */
  readonly since?: number;
  readonly until?: number;
}

/** Where sniffed messages go: the terminal, a program, a file. */
export interface Sink {
  put(sniffed: Sniffed): void;
  close(): void;
}

/** What is shown: which messages, and how far back. */
interface Scope {
  readonly filter: Filter;
  readonly since: number | undefined;
}

/** Puts what passed and passes into the sink, until it is enough or the user ends it. @throws ToolError, CommunicatorError */
export async function sniffBus(wanted: Filter, sink: Sink, options: BusOptions, output: Output): Promise<ExitCode> {
  const end = interruption();
  const bus = await openConnection({ to: options.to });
  const sniffer = new Sniffer(bus, wanted, sink, options, output);
  try {
    return await sniffer.run(end);
  } finally {
    await bus.close({ timeout: 2000 }).catch(() => {});
  }
}

class Sniffer {
  readonly #bus: Communicator;
  readonly #wanted: Filter;
  readonly #sink: Sink;
  readonly #options: BusOptions;
  readonly #output: Output;
  readonly #skipped: Skipped;
  readonly #enough = new AbortController();
  readonly #begunAt = nowSeconds() - 1;
  #shown = 0;

  constructor(bus: Communicator, wanted: Filter, sink: Sink, options: BusOptions, output: Output) {
    this.#bus = bus;
    this.#wanted = wanted;
    this.#sink = sink;
    this.#options = options;
    this.#output = output;
    this.#skipped = new Skipped(output);
  }

  async run(end: AbortSignal): Promise<ExitCode> {
    const { until, write } = this.#options;
    const scope = await this.#scope();
    const how = until === undefined ? await this.#live(scope, end) : await this.#pastOnly(scope, end);
    if (write !== undefined) this.#output.say(`${plural(this.#shown, 'message')} written to ${write}`);
    this.#skipped.tellAll();
    if (how === 'lost') throw new ToolError(EXIT.noConnection, 'the communicator closed the connection');
    return EXIT.done;
  }

  /** The past, if it is asked for, then what passes. @returns what ended it */
  async #live(scope: Scope, end: AbortSignal): Promise<'done' | 'lost'> {
    const { all, server } = this.#options;
    const bus = this.#bus;
    const watch = new Watch(bus, scope.filter, this.#options, this.#output);
    const seam = new Seam(
      nowSeconds(),
      (sniffed) => this.#show(sniffed),
      (count) => this.#skipped.add(count),
    );
    bus.on(communicatord, 'SNIFFED', ({ sentFromServer, sentFromService, parameters }) => {
      // Only the word of a daemon that was asked: any service could send a message of that name.
      if (sentFromService !== 'communicatord' || !watch.has(sentFromServer)) return;
      if (parameters.skipped !== undefined) this.#skipped.add(parameters.skipped);
      seam.live(sentFromServer, sniffedOf(parameters, all ? sentFromServer : undefined));
    });
    const lost = new Promise<'lost'>((resolve) => bus.on('closed', () => resolve('lost')));
    await watch.begin();
    try {
      if (scope.since !== undefined) await this.#past({ ...scope, since: scope.since }, end, seam);
      seam.close();
      if (end.aborted || this.#enough.signal.aborted) return 'done';
      // Talk, not data: who waits for this line misses nothing from now on.
      const where = all ? ` on ${plural(watch.count, 'machine')}` : watch.isElsewhere ? ` on ${server}` : '';
      const what = scope.filter.text === '' ? '' : ` ${scope.filter.text}`;
      this.#output.say(`sniffing${what}${where}; Ctrl-C ends it`);
      const done = whenAborted(AbortSignal.any([end, this.#enough.signal])).then(() => 'done' as const);
      return await Promise.race([done, lost]);
    } finally {
      await watch.end();
    }
  }

  async #pastOnly(scope: Scope, end: AbortSignal): Promise<'done'> {
    const show = { past: (_server: string, sniffed: Sniffed) => this.#show(sniffed) };
    await this.#past({ ...scope, since: scope.since ?? 0 }, end, show);
    return 'done';
  }

  async #past(scope: Scope & { readonly since: number }, end: AbortSignal, to: Pick<Seam, 'past'>): Promise<void> {
    const { until, headers = false, all = false } = this.#options;
    const options = { ...scope, until, begunAt: this.#begunAt, isHeadersOnly: headers, isNamed: all };
    for await (const { server, sniffed } of readPast(this.#bus, await this.#machines(), options, this.#output)) {
      to.past(server, sniffed);
      if (end.aborted || this.#enough.signal.aborted) return;
    }
  }

  #show(sniffed: Sniffed): void {
    const { count } = this.#options;
    if (this.#shown === count) return;
    this.#sink.put(sniffed);
    if (++this.#shown === count) this.#enough.abort();
  }

  /** The filter, widened to the conversation that is followed, which also says when it began. */
  async #scope(): Promise<Scope> {
    const { follow, since } = this.#options;
    if (follow === undefined) return { filter: this.#wanted, since };
    const machines = await this.#machines();
    const { filter, since: begun, note } = await conversationOf(this.#bus, machines, follow);
    if (note !== undefined) this.#output.say(note);
    const both = this.#wanted.text === '' ? filter : `(${this.#wanted.text}) && (${filter})`;
    return { filter: compiled(both), since: since ?? begun };
  }

  /** The machines whose traffic is shown, as far as they can be asked. */
  async #machines(): Promise<Machine[]> {
    const { all, server } = this.#options;
    const own = this.#bus.server;
    if (all) return machinesOf(await askGraph(this.#bus)).filter(({ silence }) => silence === undefined);
    const name = server?.toLowerCase() ?? own;
    return [{ server: name, isOwn: name === own }];
  }
}

/** @throws ToolError with the place where it is wrong */
export function compiled(text: string): Filter {
  const { filter, error } = compileFilter(text);
  if (filter !== undefined) return filter;
  throw usageError(`the filter, character ${error.at + 1}: ${error.message}\n  ${text}\n  ${' '.repeat(error.at)}^`);
}
