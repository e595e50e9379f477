// Live traffic for `snapcom sniff`: of the daemon of the connection, of another machine, or of all.

import type { Filter } from '@snapcommunicator/network/filter';
import { type Communicator, CommunicatorError, communicatord } from 'snapcommunicator';
import { askGraph, daemonOf, othersIn } from './cluster.ts';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import { interruption, whenAborted } from './interruption.ts';
import type { Output } from './output.ts';
import { type Sniffed, sniffedOf } from './sniffed.ts';
import { plural } from './text.ts';
import type { CommonOptions } from './tool.ts';

export interface LiveOptions extends CommonOptions {
  readonly count?: number;
  readonly headers?: boolean;
  readonly write?: string;
  readonly server?: string;
  readonly all?: boolean;
}

/** Where sniffed messages go: the terminal, a program, a file. */
export interface Sink {
  put(sniffed: Sniffed): void;
  close(): void;
}

/** Daemons of other machines show traffic for 15 s. */
const renewMs = 5000;
const answerMsMax = 5000;
/** Between two words on messages that were left out. */
const skippedMsMin = 5000;

/** Puts what passes into the sink, until it is enough or the user ends it. @throws ToolError, CommunicatorError */
export async function sniffLive(filter: Filter, sink: Sink, options: LiveOptions, output: Output): Promise<ExitCode> {
  const end = interruption();
  const bus = await openConnection({ to: options.to });
  const watch = new Watch(bus, filter, options, output);
  let shown = 0;
  const skipped = new Skipped(output);
  const lost = new Promise<'lost'>((resolve) => bus.on('closed', () => resolve('lost')));
  const enough = new Promise<'enough'>((resolve) => {
    bus.on(communicatord, 'SNIFFED', ({ sentFromServer, sentFromService, parameters }) => {
      // Only the word of a daemon that was asked: any service could send a message of that name.
      if (sentFromService !== 'communicatord' || !watch.has(sentFromServer) || shown === options.count) return;
      if (parameters.skipped !== undefined) skipped.add(parameters.skipped);
      sink.put(sniffedOf(parameters, options.all ? sentFromServer : undefined));
      if (++shown === options.count) resolve('enough');
    });
  });
  try {
    await watch.begin();
  } catch (error) {
    await bus.close({ timeout: 1000 }).catch(() => {});
    throw error;
  }
  // Talk, not data: who waits for this line misses nothing from now on.
  const where = options.all
    ? ` on ${plural(watch.count, 'machine')}`
    : watch.isElsewhere
      ? ` on ${options.server}`
      : '';
  output.say(`sniffing${filter.text === '' ? '' : ` ${filter.text}`}${where}; Ctrl-C ends it`);
  const how = await Promise.race([enough, lost, whenAborted(end)]);
  await watch.end();
  await bus.close({ timeout: 2000 }).catch(() => {});
  if (options.write !== undefined) output.say(`${plural(shown, 'message')} written to ${options.write}`);
  skipped.tellAll();
  if (how === 'lost') throw new ToolError(EXIT.noConnection, 'the communicator closed the connection');
  return EXIT.done;
}

/** The daemons that show their traffic. */
class Watch {
  readonly #bus: Communicator;
  readonly #parameters: { readonly headers: boolean; readonly filter?: string };
  readonly #options: LiveOptions;
  readonly #output: Output;
  readonly #servers = new Set<string>();
  readonly #refused = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: Communicator, filter: Filter, options: LiveOptions, output: Output) {
    this.#bus = bus;
    this.#parameters = { headers: options.headers === true, ...(filter.text !== '' && { filter: filter.text }) };
    this.#options = options;
    this.#output = output;
  }

  get count(): number {
    return this.#servers.size;
  }

  get isElsewhere(): boolean {
    return this.#options.server !== undefined && this.#options.server.toLowerCase() !== this.#bus.server;
  }

  has(server: string): boolean {
    return this.#servers.has(server);
  }

  /** @throws ToolError, CommunicatorError when whoever was named does not show its traffic */
  async begin(): Promise<void> {
    if (this.isElsewhere) await this.#ask((this.#options.server as string).toLowerCase());
    else await this.#ask(this.#bus.server);
    if (this.#options.all) await this.#askAll();
    if (this.isElsewhere || this.#options.all) this.#timer = setInterval(() => void this.#renew(), renewMs).unref();
  }

  /** Tells the others that nobody looks any more; they find out by themselves, but later. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    for (const server of this.#servers) {
      const address = server === this.#bus.server ? {} : { server, service: 'communicatord' };
      await this.#bus.send({ ...address, command: 'SNIFF', parameters: { stop: 'true' } }).catch(() => {});
    }
  }

  async #ask(server: string): Promise<void> {
    const isOwn = server === this.#bus.server;
    // The first message may be here before the answer is.
    this.#servers.add(server);
    try {
      await this.#bus.request(daemonOf(isOwn ? '' : server), 'SNIFF', this.#parameters, { timeout: answerMsMax });
    } catch (error) {
      this.#servers.delete(server);
      if (isOwn || !(error instanceof CommunicatorError)) throw error;
      throw new ToolError(
        error.code === 'REFUSED' ? EXIT.refused : error.code === 'TIMEOUT' ? EXIT.timedOut : EXIT.noService,
        `${server} does not show its traffic: ${error.message}`,
        { cause: error },
      );
    }
  }

  /** All machines that can be reached; who refuses is named once. */
  async #askAll(): Promise<void> {
    const others = othersIn(await askGraph(this.#bus));
    await Promise.all(
      others.map((name) =>
        this.#ask(name).catch((error: unknown) => {
          if (!this.#refused.has(name)) this.#output.say(error instanceof Error ? error.message : String(error));
          this.#refused.add(name);
        }),
      ),
    );
  }

  async #renew(): Promise<void> {
    try {
      if (this.#options.all) await this.#askAll();
      else for (const server of this.#servers) await this.#ask(server);
    } catch (error) {
      this.#output.say(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Messages that a daemon left out because they were too many for who reads here: told, but not each time. */
class Skipped {
  readonly #output: Output;
  #total = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  add(count: number): void {
    this.#total += count;
    const now = performance.now();
    if (now - this.#toldMs < skippedMsMin) return;
    this.#toldMs = now;
    this.#output.say(
      `${plural(this.#total, 'message')} passed unseen so far: too many for who reads this; a FILTER helps`,
    );
  }

  tellAll(): void {
    if (this.#total > 0) this.#output.say(`${plural(this.#total, 'message')} passed unseen`);
  }
}
