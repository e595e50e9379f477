// Requests under way: each finds its answer by its correlation id, or, where a service gives none back, by its lane.

import { CommunicatorError } from '../errors.ts';
import type { Draft } from '../message/parts.ts';
import type { Addressed } from '../sending/drafts.ts';
import type { Message } from '../wire/message.ts';
import type { Ids } from './ids.ts';
import { type LaneRequest, Lanes } from './lanes.ts';

/** How lines leave; the tickets are the outbox's. */
export interface RequestLine {
  /** @returns the ticket @throws CommunicatorError when the message cannot be taken */
  send(draft: Addressed): number;
  /** @returns whether the line was taken back before it went out */
  cancel(ticket: number): boolean;
  /** Whether this very program sent the message. */
  isOwn(message: Message): boolean;
}

export interface RequestsOptions {
  /** How many may be under way (10,000). */
  readonly pendingMax: number;
  /** After how long the answer of a request that was given up cannot come any more, in milliseconds. */
  readonly lateAnswerMs: number;
}

interface Pending extends LaneRequest {
  readonly id: string;
  readonly draft: Draft;
  readonly timeoutMs: number;
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: unknown) => void;
  /** Of the line; undefined while it waits for its turn. */
  ticket: number | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  stopListening: (() => void) | undefined;
}

/** The names under which the local daemon answers. */
const DAEMON = 'communicatord';
const isDaemon = (service: string): boolean => service === '' || service === DAEMON || service === 'snapcommunicatord';

/** All requests of one program. */
export class Requests {
  readonly #ids: Ids;
  readonly #line: RequestLine;
  readonly #options: RequestsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #lanes: Lanes<Pending>;

  constructor(ids: Ids, line: RequestLine, options: RequestsOptions) {
    this.#ids = ids;
    this.#line = line;
    this.#options = options;
    this.#lanes = new Lanes(
      { send: (pending) => this.#send(pending), probe: (service) => this.#probe(service) },
      options,
    );
  }

  /**
   * Sends a request and resolves with its answer.
   * @param expect the commands that answer it, where that is known
   */
  start(draft: Draft, expect: readonly string[], timeoutMs: number): Promise<Message> {
    if (this.#pending.size >= this.#options.pendingMax) {
      const text = `${this.#pending.size} requests are under way, at most requestsMax may be: await some of them`;
      return Promise.reject(new CommunicatorError('QUEUE_FULL', text));
    }
    const { signal, server, command } = draft;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const service = isDaemon(draft.service) ? DAEMON : draft.service;
      const id = this.#ids.next();
      const pending: Pending = {
        id,
        server,
        service,
        command,
        expect,
        draft,
        timeoutMs,
        resolve,
        reject,
        ticket: undefined,
        timer: undefined,
        stopListening: undefined,
      };
      this.#pending.set(id, pending);
      pending.timer = setTimeout(() => this.#giveUp(pending, this.#timeoutError(pending)), timeoutMs);
      if (signal !== undefined) {
        const onAbort = (): void => this.#giveUp(pending, signal.reason);
        signal.addEventListener('abort', onAbort);
        pending.stopListening = () => signal.removeEventListener('abort', onAbort);
      }
      this.#lanes.enter(pending);
    });
  }

  /** Looks whether a message answers a request. @returns `late` when it did, but nobody waits any more */
  settle(message: Message): 'answer' | 'late' | undefined {
    const { correlation_id: id, message_id: messageId } = message.parameters;
    if (message.command === 'SERVICE_UNAVAILABLE' || message.command === 'TRANSMISSION_REPORT') {
      return this.#settleReport(message) ? 'answer' : undefined;
    }
    if (id === undefined) return this.#settleByLane(message);
    if (!id.startsWith(this.#ids.prefix)) return undefined;
    // A program may ask itself: then its own request comes in here, which bears its id twice.
    if (messageId === id && this.#line.isOwn(message)) return undefined;
    const pending = this.#pending.get(id);
    this.#lanes.echoes(pending?.service ?? message.sentFromService);
    if (pending === undefined) return 'late';
    this.#answer(pending, message);
    return 'answer';
  }

  /** The connection is gone: what a socket had may or may not have been handled. */
  disconnected(handedBefore: number): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.ticket === undefined || pending.ticket >= handedBefore) continue;
      const text = `the connection to the communicator was lost before ${pending.service} answered ${pending.command}: it may have been handled or not`;
      this.#giveUp(pending, new CommunicatorError('DISCONNECTED', text));
    }
    this.#lanes.forgetEchoes();
  }

  /** Ends all of them. */
  close(): void {
    for (const pending of [...this.#pending.values()]) {
      const text = `the communicator was closed before ${pending.service} answered ${pending.command}`;
      this.#giveUp(pending, new CommunicatorError('DISCONNECTED', text));
    }
    this.#lanes.close();
  }

  #send(pending: Pending): void {
    const { draft, id } = pending;
    try {
      // The id is the message's own too, so that the daemon's word on it names the request.
      pending.ticket = this.#line.send({
        ...draft,
        parameters: { ...draft.parameters, correlation_id: id, message_id: id },
      });
    } catch (error) {
      this.#finish(pending, false);
      pending.reject(error);
    }
  }

  #probe(service: string): void {
    const id = this.#ids.next();
    try {
      this.#line.send({
        server: '',
        service,
        command: 'ALIVE',
        parameters: { cache: 'no', correlation_id: id, serial: id },
      });
    } catch {
      // A full queue: the request that waits hears of it when its turn comes.
    }
  }

  #settleByLane(message: Message): 'answer' | 'late' | undefined {
    const { serial } = message.parameters;
    if (message.command === 'ABSOLUTELY' && serial?.startsWith(this.#ids.prefix) === true) {
      this.#lanes.doesNotEcho(message.sentFromService);
      return 'answer';
    }
    const match = this.#lanes.match(message);
    if (match === undefined || match === 'late') return match;
    this.#answer(match.answered, message);
    return 'answer';
  }

  #answer(pending: Pending, message: Message): void {
    this.#finish(pending, false);
    const { command, parameters } = message;
    const isRefusal = command === 'INVALID' || command === 'UNKNOWN';
    if (!isRefusal || pending.expect.includes(command)) return pending.resolve(message);
    const text =
      parameters['message'] ?? (command === 'UNKNOWN' ? 'it does not know the command' : 'it gave no reason');
    pending.reject(new CommunicatorError('INVALID_MESSAGE', `${pending.service} refuses ${pending.command}: ${text}`));
  }

  /** What the daemon says about a request. */
  #settleReport({ command, parameters }: Message): boolean {
    const { message_id: id, status, reason } = parameters;
    const pending = id === undefined ? this.#unavailable(parameters) : this.#pending.get(id);
    if (pending === undefined) return id?.startsWith(this.#ids.prefix) === true && command === 'SERVICE_UNAVAILABLE';
    const what = `${pending.service} cannot take ${pending.command}`;
    if (command === 'SERVICE_UNAVAILABLE') {
      this.#finish(pending, false);
      pending.reject(
        new CommunicatorError(
          'NO_SUCH_SERVICE',
          `there is no service ${placeOf(pending)} that could take ${pending.command}: does it run, and is that its name?`,
        ),
      );
    } else if (status === 'expired') {
      this.#finish(pending, false);
      pending.reject(new CommunicatorError('EXPIRED', `${what}: it was kept for it until its time was over`));
    } else if (status === 'failed') {
      this.#finish(pending, false);
      pending.reject(new CommunicatorError('REFUSED', `${what}: ${reason ?? 'the communicator gave no reason'}`));
    }
    return true;
  }

  /** The request that an answer without its id is about: only if there is no other one that it could be. */
  #unavailable({ destination_service: service, unsent_command: command }: Message['parameters']): Pending | undefined {
    let found: Pending | undefined;
    for (const pending of this.#pending.values()) {
      if (pending.service !== service || pending.command !== command || pending.ticket === undefined) continue;
      if (found !== undefined) return undefined;
      found = pending;
    }
    return found;
  }

  #giveUp(pending: Pending, error: unknown): void {
    if (!this.#pending.has(pending.id)) return;
    this.#finish(pending, pending.ticket !== undefined && !this.#line.cancel(pending.ticket));
    pending.reject(error);
  }

  #finish(pending: Pending, mayStillBeAnswered: boolean): void {
    clearTimeout(pending.timer);
    pending.stopListening?.();
    this.#pending.delete(pending.id);
    this.#lanes.leave(pending, mayStillBeAnswered);
  }

  #timeoutError(pending: Pending): CommunicatorError {
    const { service, command, timeoutMs, ticket, expect } = pending;
    const text = `${placeOf(pending)} does not answer ${command} within ${timeoutMs} ms`;
    const stray = this.#lanes.lastUnnamedAnswer(service);
    if (ticket === undefined) {
      return new CommunicatorError(
        'TIMEOUT',
        `${text}: it was waiting for an earlier request, because ${service} is not known to give correlation ids back`,
      );
    }
    if (expect.length === 0 && stray !== undefined) {
      return new CommunicatorError(
        'TIMEOUT',
        `${text}; it sent ${stray} without a correlation id: if that is the answer, name it with expect: '${stray}'`,
      );
    }
    return new CommunicatorError('TIMEOUT', text);
  }
}

const placeOf = ({ server, service }: LaneRequest): string => (server === '' ? service : `${server}:${service}`);
