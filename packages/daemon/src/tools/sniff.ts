// `snapcom sniff`: the traffic of daemons, as it passes and as it passed, filtered; into a file, and from one.

import { createReadStream, openSync, writeSync } from 'node:fs';
import { FIELDS, type Filter } from '@snapcommunicator/network/filter';
import type { Command } from 'commander';
import { aboutIds } from './conversation.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { linesOf } from './lines.ts';
import { countOption, momentOption } from './option-values.ts';
import type { Output } from './output.ts';
import { compiled, type Sink, sniffBus } from './sniff-bus.ts';
import { formatSniffed, readSniffed, recordOf } from './sniffed.ts';
import { formatCount } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';

export interface SniffOptions extends CommonOptions {
  readonly count?: number;
  readonly headers?: boolean;
  readonly write?: string;
  readonly read?: string;
  readonly follow?: string;
  /** Unix seconds. */
  readonly since?: number;
  readonly until?: number;
  readonly server?: string;
  readonly all?: boolean;
}

/** Longest line of a file that is read: a message of the greatest size a daemon may be told to take, and then some. */
const fileLineBytesMax = 64 << 20;
/** How long a file may go without being written, so that who follows it sees something. */
const writeMsMax = 200;
const writeCharactersMax = 64 * 1024;

export function describe(command: Command): void {
  command
    .argument('[filter...]', "which messages, as in 'command==PING && to.service==images && size>1000'")
    .addOption(countOption('-n, --count <number>', 'end after so many messages', Number.MAX_SAFE_INTEGER))
    .option('--headers', 'leave the parameters out')
    .option('--write <file>', 'write them to a file, one JSON value a line, instead of printing them')
    .option('--read <file>', 'show what was written to a file, instead of live traffic')
    .option('--follow <id>', 'one message and its answers: its id, message_id or correlation_id')
    .addOption(momentOption('--since <time>', 'begin in the past: 5m ago, or at 14:02:30, and go on live'))
    .addOption(momentOption('--until <time>', 'end in the past, and do not go on live; 0s: now'))
    .option('--server <name>', 'the traffic of another machine')
    .option('--all', 'the traffic of all machines of the cluster: each message where it is sent and where it arrives')
    .addHelpText(
      'after',
      `
Fields of a filter:
${Object.entries(FIELDS)
  .map(([name, { note }]) => `  ${name.padEnd(14)}${note}`)
  .join('\n')}
  parameter.NAME a parameter of the message, also p.NAME
Operators: == != ~ (contains; * stands for anything) > >= < <= && || ! ( )

What is past comes from the recorders of the daemons, which hold the last messages without their parameters, unless
recorder_payloads has them kept; then it goes on live, without a gap and nothing twice.

Traffic needs a privilege: the Unix socket, or a daemon with compat_control; and that of other machines links that
prove who speaks: scs:, or a cluster secret.`,
    );
}

export async function run({ args, options, output }: Call<SniffOptions>): Promise<ExitCode> {
  checkOptions(options);
  const filter = compiled(args.join(' '));
  const sink = openSink(options, output);
  try {
    return options.read === undefined
      ? await sniffBus(filter, sink, options, output)
      : await readFile(options.read, followed(filter, options.follow), sink, options, output);
  } finally {
    sink.close();
  }
}

function checkOptions({ since, until, server, all, read }: SniffOptions): void {
  if (server !== undefined && all) throw usageError('--server shows one machine and --all every one: give one of them');
  if (read !== undefined && (server !== undefined || all))
    throw usageError('--read shows a file: leave --server and --all out');
  if (since !== undefined && until !== undefined && since > until) throw usageError('--since is later than --until');
}

/** What is in a file is all that is known of a conversation. */
function followed(filter: Filter, id: string | undefined): Filter {
  if (id === undefined) return filter;
  return compiled(filter.text === '' ? aboutIds([id]) : `(${filter.text}) && (${aboutIds([id])})`);
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
        } else if (isWithin(sniffed.time, options) && filter.matches(recordOf(sniffed))) {
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

const isWithin = (time: number, { since, until }: SniffOptions): boolean =>
  time >= (since ?? Number.NEGATIVE_INFINITY) && time <= (until ?? Number.POSITIVE_INFINITY);

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
