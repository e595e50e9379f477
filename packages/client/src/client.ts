// `Communicator`: a program's place on the bus. It joins the rooms beside it and decides nothing that they could.

import { candidateAddresses } from './connection/candidates.ts';
import type { Link, Registration } from './connection/link.ts';
import { formatAddresses, Session } from './connection/session.ts';
import type { Given, ParametersOf, ServiceContract } from './contract/contract.ts';
import type { FlagWords } from './contract/flags.ts';
import { OWN_COMMANDS } from './contract/own-commands.ts';
import { CommunicatorError, textOf } from './errors.ts';
import { Emitter, type Listener } from './events.ts';
import { BusFlag, type FlagOptions } from './flag.ts';
import type { BroadcastOptions, ContractHandler, Handler, RequestOptions, RequestRest } from './handler.ts';
import { MessageBuilder } from './message/builder.ts';
import { backTo, type ParameterValues, type Part, textParameters } from './message/parts.ts';
import { type AnswerTo, type CommandOf, readAnswer } from './message/typed.ts';
import { Announcement } from './receiving/announcement.ts';
import { Dispatcher } from './receiving/dispatcher.ts';
import { Duplicates } from './receiving/duplicates.ts';
import { Handlers } from './receiving/handlers.ts';
import type { Inbox, MessagesOptions } from './receiving/inbox.ts';
import { withCorrelation } from './receiving/protocol.ts';
import { Receiver } from './receiving/receiver.ts';
import { createIds } from './requests/ids.ts';
import { type Outcome, Reports } from './requests/reports.ts';
import { Requests } from './requests/requests.ts';
import { draftBroadcast, draftRequest } from './sending/drafts.ts';
import { Sender } from './sending/sender.ts';
import {
  type CommunicatorEvents,
  type CommunicatorOptions,
  type ConnectOptions,
  createErrorPrinter,
  DEFAULTS,
  type Statistics,
} from './settings.ts';
import { openTransport } from './transport/open.ts';
import { within } from './waiting.ts';
import { type Message, NAME } from './wire/message.ts';

/** How much of the time for closing handlers may take; the rest is for what they, and others, have sent. */
const handlersShare = 0.8;

/**
 * A connection to the bus: a service by name, or a passing client. Made to be extended:
 *
 *     class Images extends Communicator {
 *       constructor(options) { super('images', options); this.on('RESIZE', …); }
 *     }
 *     await new Images(options).connect();
 */
export class Communicator {
  readonly #options: typeof DEFAULTS & CommunicatorOptions;
  readonly #name: string;
  readonly #events: Emitter<CommunicatorEvents>;
  readonly #announcement: Announcement;
  readonly #dispatcher: Dispatcher;
  readonly #session: Session;
  readonly #reports: Reports;
  readonly #sender: Sender;
  readonly #requests: Requests;
  readonly #handlers: Handlers;
  readonly #receiver: Receiver;
  #connections = 0;
  #lastProblem: Error | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param service the name; without one, a passing client under a name that the daemon makes unique
   * @throws CommunicatorError INVALID_MESSAGE when the name is not one
   */
  constructor(service?: string, options: CommunicatorOptions = {}) {
    if (service !== undefined && !NAME.test(service)) {
      const text = `${JSON.stringify(service)} is not the name of a service; expected letters, digits and _, at most 64`;
      throw new CommunicatorError('INVALID_MESSAGE', text);
    }
    this.#options = { ...DEFAULTS, ...withoutUndefined(options) };
    this.#name = service ?? `client_${typeof process === 'undefined' ? 'page' : process.pid}`;
    const onError = options.onError ?? createErrorPrinter();
    const ids = createIds();
    const { requestsMax, lateAnswerMs } = this.#options;
    const sendLine = (line: string): void => void this.#session.outbox.push(line);
    this.#events = new Emitter((error) => onError(error, undefined));
    this.#announcement = new Announcement(() => this.commands);
    this.#dispatcher = new Dispatcher(() => this.#announcement.changed());
    this.#session = this.#createSession(service === undefined);
    this.#reports = new Reports({ waitingMax: requestsMax });
    this.#sender = new Sender(
      { session: this.#session, reports: this.#reports, events: this.#events, ids },
      this.#name,
      this.#options,
    );
    this.#requests = new Requests(
      ids,
      {
        send: (draft) => this.#sender.push(draft),
        cancel: (ticket) => this.#session.outbox.cancel(ticket),
        isOwn: ({ sentFromServer, sentFromService }) =>
          sentFromService === this.service && sentFromServer === this.server,
      },
      { pendingMax: requestsMax, lateAnswerMs },
    );
    this.#handlers = new Handlers({
      dispatcher: this.#dispatcher,
      reply: (message, command, parameters) => this.reply(message, command, parameters),
      send: sendLine,
      onError,
    });
    this.#receiver = new Receiver({
      duplicates: new Duplicates(),
      requests: this.#requests,
      reports: this.#reports,
      dispatcher: this.#dispatcher,
      events: this.#events,
      onHelp: (writeNow) => this.#announcement.tellAll(writeNow),
      commands: () => this.commands,
      send: sendLine,
    });
  }

  /** The name under which the communicator knows this program; until then, the one that was asked for. */
  get service(): string {
    return this.#session.registration?.service ?? this.#name;
  }

  /** The name of this machine on the bus; empty while there is no connection. */
  get server(): string {
    return this.#session.registration?.server ?? '';
  }

  /** What the communicator said to the registration; undefined while there is no connection. */
  get registration(): Registration | undefined {
    return this.#session.registration;
  }

  get isConnected(): boolean {
    return this.#session.registration !== undefined;
  }

  /** Every command that this program understands, in order. */
  get commands(): string[] {
    const own = this.#events.has('stop') ? [...OWN_COMMANDS, 'STOP'] : OWN_COMMANDS;
    return [...new Set([...own, ...this.#dispatcher.commands])].sort();
  }

  get statistics(): Statistics {
    const { received, malformed, repeats, lateAnswers, unknown } = this.#receiver;
    return {
      sent: this.#sender.sent,
      received,
      malformed,
      repeats,
      lateAnswers,
      unknown,
      connections: this.#connections,
    };
  }

  /**
   * Connects and registers; from then on the connection is kept, for ever unless `reconnect` is off.
   * @param options.timeout how long this may take, in milliseconds; default: for ever
   * @throws CommunicatorError REFUSED with the communicator's reason; DISCONNECTED when the time is over; the signal's reason
   */
  async connect(options: Pick<ConnectOptions, 'timeout' | 'signal'> = {}): Promise<this> {
    const { timeout, signal } = options;
    signal?.throwIfAborted();
    if (this.#closing !== undefined) {
      throw new CommunicatorError('DISCONNECTED', `${this.#name} has been closed: make a new Communicator`);
    }
    let failure: unknown;
    const giveUp = (error: unknown): void => {
      failure ??= error;
      this.#session.destroy();
    };
    const onAbort = (): void => giveUp(signal?.reason);
    const timer = timeout === undefined ? undefined : setTimeout(() => giveUp(this.#noConnection(timeout)), timeout);
    signal?.addEventListener('abort', onAbort);
    try {
      await this.#session.start();
    } catch (error) {
      throw failure ?? error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
    return this;
  }

  /**
   * Handles a command, a command by its contract, or an event of the connection. The command is listed with the
   * communicator by itself. A handler that throws leaves the others alone: `onError` hears of it, and who sent a request
   * gets INVALID with the message. With a contract, parameters that do not fit are answered with INVALID before the handler.
   * @returns a function that takes the handler away again
   */
  on<E extends keyof CommunicatorEvents>(
    event: E,
    listener: Listener<CommunicatorEvents[E]>,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
  on<S extends ServiceContract, C extends CommandOf<S>>(
    contract: S,
    command: C,
    handler: ContractHandler<S, C>,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
  on(command: string, handler: Handler, options?: { readonly signal?: AbortSignal }): () => void;
  on(first: string | ServiceContract, second: unknown, third?: unknown, fourth?: unknown): () => void {
    let options = third as { readonly signal?: AbortSignal } | undefined;
    let remove: () => void;
    if (typeof first !== 'string') {
      options = fourth as typeof options;
      remove = this.#handlers.addByContract(first, second as string, third as ContractHandler<ServiceContract, string>);
    } else if (/^[a-z]/.test(first)) {
      remove = this.#events.on(first as keyof CommunicatorEvents, second as Listener<unknown>);
      if (first === 'stop') this.#announcement.changed();
    } else {
      remove = this.#handlers.add(first, second as Handler);
    }
    if (options?.signal?.aborted) remove();
    else options?.signal?.addEventListener('abort', remove, { once: true });
    return remove;
  }

  /** Begins a message: `bus.message('RESIZE').to('images').param('uri', uri).send()`. */
  message(command: string): MessageBuilder<Outcome | undefined> {
    return new MessageBuilder((...parts) => this.send(...parts), command);
  }

  /**
   * Sends one message, put together from its parts. All that is sent in one turn of the event loop leaves in one write;
   * without a connection it waits for the next one. The promise resolves at once while there is room, else when there is
   * room again, so a loop that awaits it sends as fast as the communicator takes it. It is no word on delivery, but for:
   * with `report('always')` it resolves with the outcome; with `cache({ durable: true })` once the message is on disk.
   * @throws CommunicatorError INVALID_MESSAGE, thrown at once; it rejects with QUEUE_FULL, DISCONNECTED, or TIMEOUT of a report
   */
  send(...parts: readonly Part[]): Promise<Outcome | undefined> {
    return this.#sender.send(parts);
  }

  /**
   * Asks a service and resolves with its answer.
   * @param target a contract, the name of a service, or `server:service`
   * @throws CommunicatorError NO_SUCH_SERVICE, TIMEOUT, INVALID_MESSAGE when it is not understood or the answer breaks the contract, REFUSED, EXPIRED, DISCONNECTED, QUEUE_FULL; the signal's reason
   */
  request<S extends ServiceContract, C extends CommandOf<S>>(
    target: S,
    command: C,
    ...rest: RequestRest<Given<ParametersOf<S, C>>>
  ): Promise<AnswerTo<S, C>>;
  request(target: string, command: string, parameters?: ParameterValues, options?: RequestOptions): Promise<Message>;
  async request(
    target: string | ServiceContract,
    command: string,
    values: object = {},
    options: RequestOptions = {},
  ): Promise<unknown> {
    const { draft, expect } = draftRequest(target, command, values as Record<string, unknown>, options);
    const answer = await this.#requests.start(draft, expect, options.timeout ?? this.#options.requestTimeoutMs);
    return typeof target === 'string' ? answer : readAnswer(target, command, answer);
  }

  /**
   * Sends to every service in the scope that lists the command, but this one; or to every instance of one service.
   * @throws CommunicatorError INVALID_MESSAGE, QUEUE_FULL, DISCONNECTED
   */
  async broadcast(command: string, parameters: ParameterValues = {}, options: BroadcastOptions = {}): Promise<void> {
    await this.send(draftBroadcast(command, parameters, options));
  }

  /** Answers the sender of a message. A message without a sender (a datagram) has nobody to answer: nothing is sent. */
  async reply(message: Message, command: string, parameters: ParameterValues = {}): Promise<void> {
    if (message.sentFromService === '') return;
    await this.send({ ...backTo(message), command, parameters: withCorrelation(message, textParameters(parameters)) });
  }

  /**
   * The messages with this command, or all that are no answers, as a sequence. It receives from this call on, also while the
   * connection is lost and regained, until it is left, its signal is aborted or the communicator is closed.
   * @throws CommunicatorError QUEUE_FULL in the sequence when more than `limit` messages wait (unless `overflow` is `drop`)
   */
  messages(command?: string, options: MessagesOptions = {}): Inbox {
    return this.#dispatcher.messages(command, options);
  }

  /**
   * A condition that an administrator must see, kept by the communicator until it is lowered, seen from the whole cluster:
   * `const full = bus.flag({ unit: 'mail', section: 'queue', name: 'full' })`, then `full.up('…')` and `full.down()`.
   * @throws CommunicatorError INVALID_MESSAGE when a word of it is none
   */
  flag(words: FlagWords, options: FlagOptions = {}): BusFlag {
    return new BusFlag(words, options, {
      request: (command, parameters) => this.request('', command, parameters, { expect: 'FLAGGED' }),
      onConnected: (listener) => this.#events.on('connected', listener),
    });
  }

  /**
   * Drains and ends: handlers at work may finish and reply, what is queued goes out, then UNREGISTER.
   * @param options.timeout how long that may take, in milliseconds (`drainTimeoutMs`)
   * @param options.signal ends it at once
   * @throws CommunicatorError DISCONNECTED when something that was queued could not be sent
   */
  close(options: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#closing ??= this.#drain(options.timeout ?? this.#options.drainTimeoutMs, options.signal);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #createSession(isPassing: boolean): Session {
    const {
      address,
      transient = isPassing,
      reconnect,
      queueWhileDisconnected,
      messageBytesMax,
      open = openTransport,
    } = this.#options;
    return new Session(
      {
        ...this.#options,
        open,
        service: this.#name,
        isTransient: transient,
        password: this.#options.password,
        lineBytesMax: messageBytesMax,
        addresses: () => candidateAddresses(address),
        reconnects: reconnect,
        backoff: this.#options.backoff ?? {},
        keepsWhileDisconnected: queueWhileDisconnected,
      },
      {
        onReady: (registration, link) => this.#ready(registration, link),
        onLine: (line, link) => this.#receiver.receive(line, (text) => link.write(text)),
        onLost: (error, lostBytes) => this.#lost(error, lostBytes),
        onRetry: (retry) => {
          this.#lastProblem = retry.error;
          this.#events.emit('retrying', retry);
        },
        onEnd: (error) => this.#end(error),
      },
    );
  }

  #ready(registration: Registration, link: Link): void {
    this.#connections++;
    this.#announcement.ready((text) => link.write(text));
    this.#events.emit('connected', registration);
  }

  #lost(error: Error | undefined, lostBytes: number): void {
    const { handedBefore } = this.#session.outbox;
    this.#announcement.reset();
    this.#requests.disconnected(handedBefore);
    this.#reports.disconnected(handedBefore);
    this.#events.emit('disconnected', { error, lostBytes });
  }

  #noConnection(timeoutMs: number): CommunicatorError {
    const { address } = this.#options;
    const place = formatAddresses(candidateAddresses(address));
    const reason = this.#lastProblem === undefined ? '' : `: ${textOf(this.#lastProblem)}`;
    return new CommunicatorError(
      'DISCONNECTED',
      `no communicator took the registration of ${this.#name} at ${place} within ${timeoutMs} ms${reason}. Does the daemon run?`,
      { cause: this.#lastProblem },
    );
  }

  async #drain(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const onAbort = (): void => this.#session.destroy();
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    await within(this.#handlers.idle(), timeoutMs * handlersShare, signal);
    this.#handlers.end(new CommunicatorError('DISCONNECTED', `${this.#name} is being closed`));
    this.#requests.close();
    const leftBytes = await this.#session.close(Math.max(deadline - performance.now(), 0));
    signal?.removeEventListener('abort', onAbort);
    this.#end(undefined);
    if (leftBytes > 0) {
      throw new CommunicatorError(
        'DISCONNECTED',
        `${this.#name} was closed before ${leftBytes} bytes that were queued could be sent: ${textOf(this.#lastProblem ?? 'the communicator did not take them in time')}`,
      );
    }
  }

  /** Nothing more comes or goes. */
  #end(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sender.close();
    this.#requests.close();
    this.#reports.close();
    this.#dispatcher.close();
    this.#events.emit('closed', { error });
  }
}

/**
 * Connects to the communicator of this machine and registers.
 *
 *     await using bus = await connect({ service: 'images' });
 *
 * @throws CommunicatorError as `Communicator.connect`
 */
export function connect(options: ConnectOptions = {}): Promise<Communicator> {
  const { service, timeout, signal, ...others } = options;
  return new Communicator(service, others).connect({
    ...(timeout !== undefined && { timeout }),
    ...(signal !== undefined && { signal }),
  });
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
