// Runs a program for each message: a bounded number at a time, for a bounded time, its output the answer.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Communicator } from 'snapcommunicator';
import { encodeMessage, type Line, LineReader, type Message, WIRE_ERRORS } from 'snapcommunicator/wire';
import { headOf, isBroadcast, messageBytesMax } from './composition.ts';
import { explain } from './exit-codes.ts';
import type { Output } from './output.ts';

export interface RunLimits {
  readonly jobsMax: number;
  readonly waitingMax: number;
  readonly timeoutMs: number;
}

/** Longest value in the environment, in bytes: the kernel takes 128 KiB, name included. The line has them all. */
const environmentValueBytesMax = 64 * 1024;
/** What all values may have together. */
const environmentBytesMax = 512 * 1024;
/** Answers of one program; one that prints more has gone astray. */
const answersMax = 10_000;
/** What may wait for programs together, in characters. */
const waitingCharactersMax = 64 << 20;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** How a program ended. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

export class ProgramRuns {
  readonly #bus: Communicator;
  readonly #program: readonly string[];
  readonly #limits: RunLimits;
  readonly #output: Output;
  readonly #waiting: { readonly message: Message; readonly line: string }[] = [];
  #waitingCharacters = 0;
  #running = 0;
  #refused = 0;
  #whenIdle: (() => void)[] = [];
  /** Whether a program could not be run, failed or was ended. */
  hasFailed = false;

  constructor(bus: Communicator, program: readonly string[], limits: RunLimits, output: Output) {
    this.#bus = bus;
    this.#program = program;
    this.#limits = limits;
    this.#output = output;
  }

  /** Runs the program for a message, now or when its turn comes; with too many waiting the message is refused. */
  start(message: Message): void {
    const line = encodeMessage(message);
    if (this.#running < this.#limits.jobsMax) {
      void this.#run(message, line);
      return;
    }
    const { waitingMax } = this.#limits;
    if (this.#waiting.length >= waitingMax || this.#waitingCharacters + line.length > waitingCharactersMax) {
      this.hasFailed = true;
      if (this.#refused++ === 0)
        this.#output.say(
          `${this.#waiting.length} messages wait for a program (--queue, --jobs): ${headOf(message)} is refused`,
        );
      this.#refuse(message, 'too many messages wait here');
      return;
    }
    this.#waiting.push({ message, line });
    this.#waitingCharacters += line.length;
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    if (this.#refused > 1) this.#output.say(`${this.#refused} messages were refused`);
  }

  async #run(message: Message, line: string): Promise<void> {
    this.#running++;
    try {
      await this.#runOne(message, line);
    } catch (error) {
      this.hasFailed = true;
      this.#output.say(`${headOf(message)}: ${explain(error)}`);
    }
    this.#running--;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#waitingCharacters -= next.line.length;
      void this.#run(next.message, next.line);
    } else if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #runOne(message: Message, line: string): Promise<void> {
    const [program = '', ...args] = this.#program;
    // A group of its own, so that what the program has started ends with it.
    const child: Child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environmentOf(message) },
      detached: true,
    });
    // A program need not read its input.
    child.stdin.on('error', () => {}).end(`${line}\n`);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, this.#limits.timeoutMs);
    let printed = 0;
    let answered = 0;
    const reader = new LineReader({ lineBytesMax: messageBytesMax });
    const answer = (answerLine: Line): void => {
      if (++printed > answersMax) killGroup(child);
      else if (this.#answer(message, answerLine)) answered++;
    };
    child.stdout.on('data', (chunk: Uint8Array) => {
      if (!reader.feed(chunk, answer)) killGroup(child);
    });
    const end = await ended(child);
    clearTimeout(timer);
    reader.end(answer);
    if (end.code === 0 && printed === answered) return;
    this.hasFailed = true;
    const problem = isLate
      ? `took longer than ${this.#limits.timeoutMs / 1000} s`
      : printed > answersMax
        ? `printed more than ${answersMax} lines`
        : end.code === 0
          ? 'printed what is not a message'
          : problemOf(end);
    this.#output.say(`${headOf(message)}: ${program} ${problem}`);
    if (answered === 0) this.#refuse(message, `the program for it ${problem}`);
  }

  /** Sends what the program printed. @returns whether it is a message */
  #answer(message: Message, line: Line): boolean {
    if (line.kind === 'blank') return true;
    if (line.kind === 'invalid') {
      this.#output.say(
        `${headOf(message)}: a line of the program is not a message (${line.error}): ${WIRE_ERRORS[line.error].cause}`,
      );
      return false;
    }
    const { server, service, command, parameters } = line.message;
    if (service === '' && message.sentFromService === '') {
      this.#output.say(`${headOf(message)} came without a sender: ${command} answers nobody`);
      return true;
    }
    const sent =
      service === ''
        ? this.#bus.reply(message, command, parameters)
        : this.#bus.send({ server, service, command, parameters });
    sent.catch((error: unknown) => this.#output.say(`${command}: ${explain(error)}`));
    return true;
  }

  /** Tells who waits for an answer that there will be none. */
  #refuse(message: Message, reason: string): void {
    const { command, sentFromService, parameters } = message;
    const isAwaited = parameters['correlation_id'] !== undefined && command !== 'INVALID' && command !== 'UNKNOWN';
    if (!isAwaited || sentFromService === '' || isBroadcast(message)) return;
    this.#bus.reply(message, 'INVALID', { command, message: reason }).catch(() => {});
  }
}

/** What the program is told; values too large for an environment are on the line only. */
function environmentOf(message: Message): Record<string, string> {
  const { sentFromServer, sentFromService, server, service, command, parameters } = message;
  const environment: Record<string, string> = {
    SNAPCOM_COMMAND: command,
    SNAPCOM_SERVICE: server === '' ? service : `${server}:${service}`,
    SNAPCOM_FROM: sentFromService === '' ? '' : `${sentFromServer}:${sentFromService}`,
  };
  let total = 0;
  for (const [name, value] of Object.entries(parameters)) {
    const bytes = Buffer.byteLength(value);
    if (bytes > environmentValueBytesMax || total + bytes > environmentBytesMax) continue;
    total += bytes;
    environment[`SNAPCOM_PARAM_${name}`] = value;
  }
  return environment;
}

function ended(child: Child): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    // After `close` all of its output has been read.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function killGroup({ pid }: Child): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

const problemOf = ({ code, signal, error }: End): string =>
  error !== undefined
    ? `cannot be run: ${error.message}`
    : signal !== null
      ? `was ended by ${signal}`
      : `ended with ${code}`;
