// `snapcom sniff`: the traffic of the daemon as it passes, filtered; into a file, and from one.

import { createReadStream, openSync, writeSync } from 'node:fs';
import { compileFilter, FIELDS, type Filter } from '@snapcommunicator/network/filter';
import { type Command, Option } from 'commander';
import { communicatord } from 'snapcommunicator';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError, usageError } from './exit-codes.ts';
import { interruption, whenAborted } from './interruption.ts';
import { linesOf } from './lines.ts';
import { countOption } from './option-values.ts';
import type { Output } from './output.ts';
import { formatSniffed, readSniffed, recordOf, type Sniffed, sniffedOf } from './sniffed.ts';
import { formatCount, plural } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';

export interface SniffOptions extends CommonOptions {
  readonly count?: number;
  readonly headers?: boolean;
  readonly write?: string;
  readonly read?: string;
  readonly follow?: string;
  readonly since?: string;
  readonly server?: string;
  readonly all?: boolean;
}

/** Longest line of a file that is read: a message of the greatest size a daemon may be told to take, and then some. */
const fileLineBytesMax = 64 << 20;
/** How long a file may go without being written, so that who follows it sees something. */
const writeMsMax = 200;
const writeCharactersMax = 64 * 1024;
/** Between two words on messages that were left out. */
const skippedMsMin = 5000;

export function describe(command: Command): void {
  command
    .argument('[filter...]', "which messages, as in 'command==PING && to.service==images && size>1000'")
    .addOption(countOption('-n, --count <number>', 'end after so many messages', Number.MAX_SAFE_INTEGER))
    .option('--headers', 'leave the parameters out')
    .option('--write <file>', 'write them to a file, one JSON value a line, instead of printing them')
    .option('--read <file>', 'show what was written to a file, instead of live traffic')
    .option('--follow <id>', 'one message and its answers: its id, message_id or correlation_id')
    .addOption(new Option('--since <duration>').hideHelp())
    .addOption(new Option('--server <name>').hideHelp())
    .addOption(new Option('--all').hideHelp())
    .addHelpText(
      'after',
      `
Fields of a filter:
${Object.entries(FIELDS)
  .map(([name, { note }]) => `  ${name.padEnd(14)}${note}`)
  .join('\n')}
  parameter.NAME a parameter of the message, also p.NAME
Operators: == != ~ (contains; * stands for anything) > >= < <= && || ! ( )

Live traffic needs a privilege: the Unix socket, or a daemon with compat_control.`,
    );
}

export async function run({ args, options, output }: Call<SniffOptions>): Promise<ExitCode> {
  refuseWhatIsToCome(options);
  const filter = readFilter(args.join(' '), options.follow);
  const sink = openSink(options, output);
  try {
    return options.read === undefined
      ? await sniffLive(filter, sink, options, output)
      : await readFile(options.read, filter, sink, options, output);
  } finally {
    sink.close();
  }
}

/** Where sniffed messages go: the terminal, a program, a file. */
interface Sink {
  put(sniffed: Sniffed): void;
  close(): void;
}

function refuseWhatIsToCome({ since, server, all }: SniffOptions): void {
  if (since !== undefined)
    throw usageError(
      '--since is not possible yet: the daemon keeps no past traffic that could be shown. Live traffic is shown without it',
    );
  if (server !== undefined)
    throw usageError(
      '--server is not possible yet: daemons are not linked with each other in this version. Run snapcom on that machine',
    );
  if (all)
    throw usageError(
      '--all is not possible yet: daemons are not linked with each other in this version. The traffic of this one is shown without it',
    );
}

function readFilter(text: string, follow: string | undefined): Filter {
  const given = compiled(text);
  if (follow === undefined) return given;
  const id = `"${follow.replace(/[\\"]/g, '\\$&')}"`;
  const about = `(id==${id} || p.message_id==${id} || p.correlation_id==${id})`;
  return compiled(given.text === '' ? about : `(${given.text}) && ${about}`);
}

function compiled(text: string): Filter {
  const { filter, error } = compileFilter(text);
  if (filter !== undefined) return filter;
  throw usageError(`the filter, character ${error.at + 1}: ${error.message}\n  ${text}\n  ${' '.repeat(error.at)}^`);
}

async function sniffLive(filter: Filter, sink: Sink, options: SniffOptions, output: Output): Promise<ExitCode> {
  const end = interruption();
  const bus = await openConnection({ to: options.to });
  let shown = 0;
  const skipped = new Skipped(output);
  const lost = new Promise<'lost'>((resolve) => bus.on('closed', () => resolve('lost')));
  const enough = new Promise<'enough'>((resolve) => {
    bus.on(communicatord, 'SNIFFED', ({ service, sentFromService, parameters }) => {
      // Only the daemon's own word: any service could send a message of that name.
      if (service !== '' || sentFromService !== 'communicatord' || shown === options.count) return;
      if (parameters.skipped !== undefined) skipped.add(parameters.skipped);
      sink.put(sniffedOf(parameters));
      if (++shown === options.count) resolve('enough');
    });
  });
  const headers = options.headers === true;
  try {
    await bus.request(communicatord, 'SNIFF', { headers, ...(filter.text !== '' && { filter: filter.text }) });
  } catch (error) {
    await bus.close({ timeout: 1000 }).catch(() => {});
    throw error;
  }
  // Talk, not data: who waits for this line misses nothing from now on.
  output.say(`sniffing${filter.text === '' ? '' : ` ${filter.text}`}; Ctrl-C ends it`);
  const how = await Promise.race([enough, lost, whenAborted(end)]);
  await bus.close({ timeout: 2000 }).catch(() => {});
  if (options.write !== undefined) output.say(`${plural(shown, 'message')} written to ${options.write}`);
  skipped.tellAll();
  if (how === 'lost') throw new ToolError(EXIT.noConnection, 'the communicator closed the connection');
  return EXIT.done;
}

/** Messages that the daemon left out because they were too many for who reads here: told, but not each time. */
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

async function readFile(
  path: string,
  filter: Filter,
  sink: Sink,
  options: SniffOptions,
  output: Output,
): Promise<ExitCode> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  let shown = 0;
  let bad = 0;
  try {
    for await (const lines of linesOf(input, fileLineBytesMax)) {
      for (const { number, bytes } of lines) {
        const text = bytes === undefined ? '-' : Buffer.from(bytes).toString('utf8').trim();
        if (text === '') continue;
        const sniffed = readSniffed(text);
        if (sniffed === undefined) {
          if (++bad === 1) output.say(`${path}:${number}: not a message as --write writes them; left out`);
        } else if (filter.matches(recordOf(sniffed))) {
          const { parameters: _left, ...headers } = sniffed;
          sink.put(options.headers ? headers : sniffed);
          if (++shown === options.count) return bad > 0 ? EXIT.no : EXIT.done;
        }
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : usageError(`--read: ${path} cannot be read: ${message}`);
  }
  if (bad > 1) output.say(`${path}: ${formatCount(bad)} lines were left out`);
  return bad > 0 ? EXIT.no : EXIT.done;
}

function openSink({ write: path, json }: SniffOptions, output: Output): Sink {
  if (path !== undefined && path !== '-') return openFile(path);
  const isJson = json === true || path === '-';
  return {
    put: (sniffed) => (isJson ? output.json(sniffed) : output.line(formatSniffed(sniffed, output))),
    close: () => undefined,
  };
}

/** A file, written in batches and at once: nothing waits in memory, and nothing is lost when the tool ends. */
function openFile(path: string): Sink {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w', 0o600);
  } catch (error) {
    throw usageError(`--write: ${path} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  let batch = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (batch !== '') writeSync(descriptor, batch);
    batch = '';
  };
  return {
    put: (sniffed) => {
      batch += `${JSON.stringify(sniffed)}\n`;
      if (batch.length >= writeCharactersMax) flush();
      else timer ??= setTimeout(flush, writeMsMax);
    },
    close: flush,
  };
}
