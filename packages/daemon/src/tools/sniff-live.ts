// Live traffic for `snapcom sniff`: which daemons show theirs, of one machine, or of all, and what they had to leave out.

import type { Filter } from '@snapcommunicator/network/filter';
import { type Communicator, CommunicatorError } from 'snapcommunicator';
import { askGraph, daemonOf, othersIn } from './cluster.ts';
import { EXIT, ToolError } from './exit-codes.ts';
import type { Output } from './output.ts';
import { plural } from './text.ts';
import type { CommonOptions } from './tool.ts';

export interface LiveOptions extends CommonOptions {
  readonly headers?: boolean;
  readonly server?: string;
  readonly all?: boolean;
}

/** Daemons of other machines show traffic for 15 s. */
const renewMs = 5000;
const answerMsMax = 5000;
/** Between two words on messages that were left out. */
const skippedMsMin = 5000;

/** The daemons that show their traffic. */
export class Watch {
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
export class Skipped {
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
