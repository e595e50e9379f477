// `snapcom top`: the busiest services, commands, flows and links, live.

import { formatRate } from '@snapcommunicator/network/atlas';
import {
  type Machine,
  machinesOf,
  mergeTraffic,
  readTraffic,
  sortedTraffic,
  type Traffic,
  type TrafficOf,
  type TrafficOrder,
} from '@snapcommunicator/network/story';
import { type Command, Option } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { askGraph, serverNamed } from './cluster.ts';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { interruption, whenAborted } from './interruption.ts';
import { countOption, durationOption } from './option-values.ts';
import { type Column, Output } from './output.ts';
import { Screen } from './screen.ts';
import { formatBytes, formatClock, plural } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';
import { askJson, hear, PRIVILEGE_HELP } from './witnesses.ts';

interface TopOptions extends CommonOptions {
  readonly server?: string;
  readonly all?: boolean;
  readonly once?: boolean;
  readonly interval: number;
  readonly rows: number;
  readonly sort: TrafficOrder;
}

const answerMsMax = 2000;
const ORDERS: readonly TrafficOrder[] = ['messages', 'bytes', 'name'];
/** Rows that daemons are asked for: more than are shown, so that what is merged is whole. */
const ROWS_ASKED = 1000;

export function describe(command: Command): void {
  command
    .option('--server <name>', 'the traffic of another machine')
    .option('--all', 'the traffic of all machines of the cluster, each message counted where it began')
    .option('--once', 'print it once and end')
    .addOption(durationOption('-i, --interval <duration>', 'between two pictures', '1s'))
    .addOption(countOption('-n, --rows <number>', 'rows of each kind at most', 1000, '10'))
    .addOption(new Option('--sort <order>', 'what comes first').choices(ORDERS).default('messages'))
    .addHelpText(
      'after',
      `
On a terminal the picture is drawn again and again: q ends it, m sorts by messages, b by bytes, n by name, p holds it. Rates
are of the span between two pictures. With --json each picture is one line.
${PRIVILEGE_HELP}`,
    );
}

export async function run({ options, output }: Call<TopOptions>): Promise<ExitCode> {
  if (options.server !== undefined && options.all)
    throw usageError('--server shows one machine and --all every one: give one of them');
  const end = interruption();
  const bus = await openConnection({ to: options.to });
  try {
    const top = new Top(bus, options, output);
    if (options.once) await top.showOnce();
    else await top.show(end);
  } finally {
    await bus.close({ timeout: 1000 }).catch(() => {});
  }
  return EXIT.done;
}

class Top {
  readonly #bus: Communicator;
  readonly #options: TopOptions;
  readonly #output: Output;
  #order: TrafficOrder;
  #isHeld = false;
  #last: Picture | undefined;

  constructor(bus: Communicator, options: TopOptions, output: Output) {
    this.#bus = bus;
    this.#options = options;
    this.#output = output;
    this.#order = options.sort;
  }

  async showOnce(): Promise<void> {
    this.#print(await this.#ask(await this.#machines()), this.#output);
  }

  /** One picture after the other, until the user or the system ends it. */
  async show(end: AbortSignal): Promise<void> {
    const lost = new AbortController();
    this.#bus.on('closed', () => lost.abort());
    const screen = this.#output.isTerminal && !this.#options.json ? new Screen(this.#output) : undefined;
    const quit = new AbortController();
    screen?.onKey((key) => this.#press(key, quit, screen));
    const over = AbortSignal.any([end, quit.signal, lost.signal]);
    const ended = whenAborted(over);
    try {
      while (!over.aborted) {
        if (!this.#isHeld) {
          this.#last = await this.#ask(await this.#machines());
          this.#draw(screen);
        }
        const pause = new Promise((resolve) => setTimeout(resolve, this.#options.interval));
        await Promise.race([pause, ended]);
      }
    } finally {
      screen?.close();
    }
    if (lost.signal.aborted) this.#output.say('the communicator closed the connection');
  }

  #press(key: string, quit: AbortController, screen: Screen): void {
    if (key === 'q' || key === '\u0003') return quit.abort();
    if (key === 'p' || key === ' ') this.#isHeld = !this.#isHeld;
    const order = ORDERS.find((each) => each.startsWith(key));
    if (order !== undefined) this.#order = order;
    this.#draw(screen);
  }

  #draw(screen: Screen | undefined): void {
    if (this.#last === undefined) return;
    if (screen === undefined) return this.#print(this.#last, this.#output);
    let text = '';
    const frame = new Output({ out: { isTTY: true, write: (part) => void (text += part) }, err: { write: () => {} } });
    this.#print(this.#last, frame, screen.rows);
    screen.draw(text);
  }

  /** The machines that are looked at. Asked each time: they come and go. */
  async #machines(): Promise<Machine[]> {
    const { server, all } = this.#options;
    if (server === undefined && !all) return [{ server: this.#bus.server, isOwn: true }];
    const graph = await askGraph(this.#bus);
    const machines = machinesOf(graph).filter(({ silence }) => silence === undefined);
    if (server === undefined) return machines;
    const name = serverNamed(graph, server);
    return [{ server: name, isOwn: name === graph.seenFrom }];
  }

  async #ask(machines: readonly Machine[]): Promise<Picture> {
    const told: TrafficOf[] = [];
    const silent: string[] = [];
    const count = this.#options.all ? ROWS_ASKED : Math.max(this.#options.rows, 100);
    await Promise.all(
      machines.map(async (machine) => {
        const { server } = machine;
        const ask = (asked: string) => askJson(this.#bus, asked, 'TRAFFIC', { count }, readTraffic, answerMsMax);
        const heard = await hear(machine, ask);
        if ('answer' in heard) told.push({ server, traffic: heard.answer.value });
        else if (this.#options.all) silent.push(server);
        else throw heard.error;
      }),
    );
    const [first] = told;
    const traffic = this.#options.all || first === undefined ? mergeTraffic(told, ROWS_ASKED) : first.traffic;
    return { servers: told.map(({ server }) => server).sort(), silent: silent.sort(), traffic };
  }

  /** @param rowsMax of the terminal */
  #print({ servers, silent, traffic }: Picture, output: Output, rowsMax?: number): void {
    const { rows, all, json } = this.#options;
    if (json) {
      const sorted = sortedTraffic(traffic, this.#order, rows);
      return output.json({ servers, ...(silent.length > 0 && { silent }), ...traffic, ...sorted });
    }
    const countMax = Math.min(rows, rowsMax === undefined ? rows : Math.max(1, Math.floor((rowsMax - 10) / 4)));
    const { services, commands, flows, links } = sortedTraffic(traffic, this.#order, countMax);
    const where = all ? plural(servers.length, 'machine') : (servers[0] ?? '');
    const notes = [
      traffic.isSampled ? 'estimated' : '',
      silent.length > 0 ? `no answer from ${silent.join(', ')}` : '',
      this.#isHeld ? 'held' : '',
    ].filter((note) => note !== '');
    output.line(
      `${output.paint('bold', where)}  ${formatClock(traffic.time).slice(0, 8)}  ${formatRate(traffic.messages)} messages, ${rateOf(traffic.bytes)}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}`,
    );
    const table = (columns: readonly Column[], cells: readonly (readonly string[])[]): void => {
      if (cells.length === 0) return;
      output.line('');
      output.table(columns, cells);
    };
    table(
      [{ title: 'SERVICE'.padEnd(NAME_WIDTH) }, right('SENT'), right('RECEIVED')],
      services.map(({ service, sent, received }) => [service, formatRate(sent), formatRate(received)]),
    );
    table(
      [{ title: 'COMMAND'.padEnd(NAME_WIDTH) }, right('MESSAGES'), right('BYTES')],
      commands.map(({ command, messages, bytes }) => [command, formatRate(messages), rateOf(bytes)]),
    );
    table(
      [{ title: 'FLOW'.padEnd(NAME_WIDTH) }, right('MESSAGES'), right('BYTES')],
      flows.map(({ from, to, command, messages, bytes }) => [
        `${from || '-'} → ${to} ${command}`,
        formatRate(messages),
        rateOf(bytes),
      ]),
    );
    table(
      [{ title: 'LINK'.padEnd(NAME_WIDTH) }, right('MESSAGES →'), right('←'), right('BYTES →'), right('←')],
      links.map(({ server, messagesOut, messagesIn, bytesOut, bytesIn }) => [
        server,
        formatRate(messagesOut),
        formatRate(messagesIn),
        rateOf(bytesOut),
        rateOf(bytesIn),
      ]),
    );
  }
}

interface Picture {
  readonly servers: readonly string[];
  /** Machines that told nothing. */
  readonly silent: readonly string[];
  readonly traffic: Traffic;
}

/** So that columns stand still while names come and go. */
const NAME_WIDTH = 40;
const right = (title: string): Column => ({ title: title.padStart(9), align: 'right' });
const rateOf = (bytesPerSecond: number): string => `${formatBytes(Math.round(bytesPerSecond))}/s`;
