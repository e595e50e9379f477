// `snapcom listen`: is a service for as long as it runs, and prints what arrives or runs a program for each message.

import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { COMMAND, encodeJson, encodeMessage, type Message, NAME } from 'snapcommunicator/wire';
import { isForDaemon } from './composition.ts';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, explain, ToolError, usageError } from './exit-codes.ts';
import { interruption, whenAborted } from './interruption.ts';
import type { ProgramRuns } from './listen-exec.ts';
import { countOption, durationOption } from './option-values.ts';
import type { Output } from './output.ts';
import type { Call, CommonOptions } from './tool.ts';

export interface ListenOptions extends CommonOptions {
  readonly count?: number;
  readonly exec?: readonly string[];
  readonly jobs: number;
  readonly timeout: number;
  readonly queue: number;
}

/** So many messages may wait between the library and here: those of one read from the socket, which are taken behind it. */
const inboxMax = 100_000;

export function describe(command: Command): void {
  command
    .argument('<service>', 'the name to register')
    .argument('[command...]', 'what to listen for; broadcasts come only for these. Default: all that is sent to it')
    .addOption(countOption('-n, --count <number>', 'end after so many messages', Number.MAX_SAFE_INTEGER))
    .option(
      '--exec <program...>',
      'run this for each message; its output is the answer. Arguments that begin with - go behind a --',
    )
    .addOption(countOption('--jobs <number>', '--exec: so many programs at a time', 1000, '4'))
    .addOption(durationOption('--timeout <duration>', '--exec: a program that takes longer is ended', '60s'))
    .addOption(countOption('--queue <number>', '--exec: so many messages may wait for a program', 1_000_000, '1000'))
    .addHelpText(
      'after',
      `
The program of --exec has the message in its environment (SNAPCOM_COMMAND, SNAPCOM_SERVICE, SNAPCOM_FROM, and each
parameter as SNAPCOM_PARAM_name) and the line on its standard input. Each line that it prints is a message: with an
address it goes there, without one it answers the sender.

Examples:
  snapcom listen hello PING
  snapcom listen clock TIME --exec sh -- -c 'echo "NOW text=$(date)"'
  snapcom listen logger LOG_ROTATE --count 1 --json`,
    );
}

export async function run({ args, behindDashes, options, output }: Call<ListenOptions>): Promise<ExitCode> {
  const { service, commands, program } = readArguments(args, behindDashes, options);
  const Runs = program.length === 0 ? undefined : (await import('./listen-exec.ts')).ProgramRuns;
  const { jobs: jobsMax, queue: waitingMax, timeout: timeoutMs } = options;
  const end = interruption();
  let listener: Listener | undefined;
  let reading: Promise<'over'> | undefined;
  const bus = await openConnection({
    to: options.to,
    service,
    reconnect: true,
    queueWhileDisconnected: true,
    onError: (error) => output.say(explain(error)),
    prepare: (unconnected) => {
      const runs = Runs && new Runs(unconnected, program, { jobsMax, waitingMax, timeoutMs }, output);
      listener = new Listener(unconnected, options, output, runs);
      reading = listener.listen(commands);
    },
  });
  const stopTelling = tellOfConnection(bus, output);
  // Talk, not data: who waits for this line may send from now on.
  output.say(`listening as ${bus.server}:${bus.service}`);
  const how = await Promise.race([reading, listener?.isFull, whenAborted(end)]);
  await listener?.runs?.idle();
  stopTelling();
  await bus.close();
  if (how === 'over') throw new ToolError(EXIT.noConnection, 'the connection to the communicator has ended');
  return listener?.runs?.hasFailed === true ? EXIT.no : EXIT.done;
}

/** Takes each message, in order, until there were enough. */
class Listener {
  readonly #bus: Communicator;
  readonly #options: ListenOptions;
  readonly #output: Output;
  readonly runs: ProgramRuns | undefined;
  #left: number;
  #setFull: () => void = () => undefined;
  /** Resolves when `--count` has been reached. */
  readonly isFull: Promise<void>;

  constructor(bus: Communicator, options: ListenOptions, output: Output, runs: ProgramRuns | undefined) {
    this.#bus = bus;
    this.#options = options;
    this.#output = output;
    this.runs = runs;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
    this.isFull = new Promise((resolve) => {
      this.#setFull = resolve;
    });
  }

  /** Resolves with `over` when nothing more can come. */
  async listen(commands: readonly string[]): Promise<'over'> {
    const wanted = commands.length === 0 ? [undefined] : commands;
    await Promise.all(wanted.map((command) => this.#listenFor(command)));
    return 'over';
  }

  async #listenFor(command: string | undefined): Promise<void> {
    for await (const message of this.#bus.messages(command, { limit: inboxMax })) {
      if (command === undefined && isTalkOfDaemon(message)) continue;
      this.#take(message);
    }
  }

  #take(message: Message): void {
    if (this.#left <= 0) return;
    this.#left--;
    if (this.runs !== undefined) this.runs.start(message);
    else this.#output.foreignLine(this.#options.json ? encodeJson(message) : encodeMessage(message));
    if (this.#left === 0) this.#setFull();
  }
}

/** HELP, ALIVE and their like, which the library answers. */
const isTalkOfDaemon = (message: Message): boolean =>
  isForDaemon(message) && message.sentFromService === 'communicatord';

interface Arguments {
  readonly service: string;
  readonly commands: readonly string[];
  readonly program: readonly string[];
}

function readArguments(
  args: readonly string[],
  behindDashes: readonly string[],
  { exec = [] }: ListenOptions,
): Arguments {
  // What stands behind -- belongs to the program.
  if (behindDashes.length > 0 && exec.length === 0)
    throw usageError('what stands behind -- are arguments for the program of --exec, which is missing');
  const [service, ...commands] = args.slice(0, args.length - behindDashes.length);
  if (service === undefined) throw usageError('which SERVICE? Write it before --exec, which takes what follows it');
  if (!NAME.test(service))
    throw usageError(`${JSON.stringify(service)} is not the name of a service; expected letters, digits and _`);
  for (const command of commands) {
    if (!COMMAND.test(command))
      throw usageError(
        `${JSON.stringify(command)} is not a command; expected capitals, digits and _, as in LOG_ROTATE`,
      );
  }
  return { service, commands, program: [...exec, ...behindDashes] };
}

/** Says on standard error how the connection fares. @returns a function that ends it */
function tellOfConnection(bus: Communicator, output: Output): () => void {
  let lastProblem: string | undefined;
  const stops = [
    bus.on('disconnected', ({ error }) => {
      const reason = error === undefined ? '' : `: ${error.message}`;
      output.say(`the connection to the communicator was lost${reason}; trying again`);
    }),
    bus.on('connected', () => {
      lastProblem = undefined;
      output.say('connected again');
    }),
    bus.on('retrying', ({ error, attempt }) => {
      // Said once for each kind of trouble, not for each attempt.
      if (attempt > 0 && error !== undefined && error.message !== lastProblem) output.say(error.message);
      lastProblem = error?.message;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
