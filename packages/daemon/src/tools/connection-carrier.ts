// Sends over a connection: knows what the communicator refused, and that it has read everything.

import type { Communicator, Outcome } from 'snapcommunicator';
import { report } from 'snapcommunicator';
import type { Message } from 'snapcommunicator/wire';
import type { Carrier, SendOptions } from './carrier.ts';
import { headOf, isForDaemon } from './composition.ts';
import { openConnection, settle } from './connection.ts';
import { EXIT, type ExitCode, exitCodeOf, explain } from './exit-codes.ts';
import type { Output } from './output.ts';

/** So many reports are awaited at a time. */
const windowMax = 1000;
/** Commands after which the daemon closes the connection. */
const LAST_WORDS = new Set(['STOP', 'SHUTDOWN', 'UNREGISTER']);

const DURABLE = /(^|;)\s*durable\s*(;|$)/;

interface Awaited {
  readonly message: Message;
  readonly line: number | undefined;
  /** Whether the outcome is printed; else only one that is bad. */
  readonly isReported: boolean;
  /** Never rejects. */
  readonly ended: Promise<Outcome | Error>;
}

export async function openConnectionCarrier(options: SendOptions, output: Output): Promise<Carrier> {
  return new ConnectionCarrier(await openConnection({ to: options.to }), options, output);
}

class ConnectionCarrier implements Carrier {
  readonly #bus: Communicator;
  readonly #options: SendOptions;
  readonly #output: Output;
  readonly #awaited: Awaited[] = [];
  #code: ExitCode = EXIT.done;
  #refusals = 0;
  #hasLastWord = false;

  constructor(bus: Communicator, options: SendOptions, output: Output) {
    this.#bus = bus;
    this.#options = options;
    this.#output = output;
    bus.on('rejected', (answer) => this.#rejected(answer));
    bus.on('quitting', () => this.#refused('the communicator is stopping and takes nothing more', EXIT.refused));
  }

  async send(message: Message, line: number | undefined): Promise<void> {
    const { report: wantsReport, timeout } = this.#options;
    const { transmission_report: typed, cache } = message.parameters;
    const isForOther = !isForDaemon(message);
    this.#hasLastWord ||= !isForOther && LAST_WORDS.has(message.command);
    const isReported = isForOther && (wantsReport === true || typed === 'always');
    // A durable message is sent when it is on disk, or delivered: that is what its sender pays for.
    const isDurable = isForOther && cache !== undefined && DURABLE.test(cache);
    if (!isReported && !isDurable) {
      await this.#bus.send(message);
      return;
    }
    const ended = this.#bus
      .send(message, isReported ? report('always') : {}, timeout === undefined ? {} : { timeout })
      .then(
        (outcome) => outcome ?? ({ status: 'unknown' } as const),
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
    this.#awaited.push({ message, line, isReported, ended });
    if (this.#awaited.length >= windowMax) await this.#tellNext();
  }

  async finish(): Promise<ExitCode> {
    while (this.#awaited.length > 0) await this.#tellNext();
    try {
      await settle(this.#bus);
    } catch (error) {
      if (!this.#hasLastWord || exitCodeOf(error) !== EXIT.noConnection) throw error;
    }
    await this.#bus.close();
    if (this.#refusals > 1) this.#output.say(`${this.#refusals} messages were refused`);
    return this.#code;
  }

  async abandon(): Promise<void> {
    await this.#bus.close({ timeout: 1000 }).catch(() => {});
  }

  /** Waits for the oldest outcome and prints it, so that outcomes come in the order of the messages. */
  async #tellNext(): Promise<void> {
    const next = this.#awaited.shift();
    if (next === undefined) return;
    const { message, line, isReported } = next;
    const ended = await next.ended;
    if (ended instanceof Error) {
      this.#note(exitCodeOf(ended));
      this.#output.say(`${placeOf(line)}${explain(ended)}`);
      return;
    }
    const code = exitCodeOfOutcome(ended);
    this.#note(code);
    const { status, reason } = ended;
    const text = `${placeOf(line)}${headOf(message)} ${status}${reason === undefined ? '' : `: ${reason}`}`;
    if (!isReported) {
      if (code !== EXIT.done) this.#output.say(text);
    } else if (this.#options.json) {
      this.#output.json({ ...(line !== undefined && { line }), status, ...(reason !== undefined && { reason }) });
    } else this.#output.line(text);
  }

  /** The daemon's word on something that was sent. What a service says comes at any time, and is not about sending. */
  #rejected({ command, parameters, sentFromService, service }: Message): void {
    if (sentFromService !== 'communicatord' || service !== '') return;
    if (command === 'SERVICE_UNAVAILABLE') {
      const { destination_service: name = '?', unsent_command: unsent = '?' } = parameters;
      this.#refused(`there is no service ${name} that could take ${unsent}`, EXIT.noService);
    } else if (command === 'UNKNOWN') {
      this.#refused(`the communicator does not know the command ${parameters['command'] ?? '?'}`, EXIT.refused);
    } else
      this.#refused(parameters['message'] ?? `${parameters['command'] ?? 'the message'} was refused`, EXIT.refused);
  }

  #refused(text: string, code: ExitCode): void {
    this.#note(code);
    // One tells what is wrong; a file of them would tell it a thousand times.
    if (++this.#refusals === 1) this.#output.say(text);
  }

  /** The first thing that went wrong decides how the tool ends. */
  #note(code: ExitCode): void {
    if (this.#code === EXIT.done) this.#code = code;
  }
}

function exitCodeOfOutcome({ status, reason }: Outcome): ExitCode {
  switch (status) {
    case 'delivered':
    case 'cached':
      return EXIT.done;
    case 'failed':
      return reason === 'absent' ? EXIT.noService : EXIT.refused;
    case 'expired':
      return EXIT.timedOut;
    case 'unknown':
      return EXIT.no;
  }
}

const placeOf = (line: number | undefined): string => (line === undefined ? '' : `line ${line}: `);
