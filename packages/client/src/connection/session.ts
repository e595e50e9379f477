// The connection that stays: opened, lost and opened again for as long as the program wants, with pauses in between.

import { CommunicatorError, textOf } from '../errors.ts';
import { type Address, AddressError, formatAddress } from '../transport/address.ts';
import { TransportRefusal } from '../transport/transport.ts';
import { pause, within } from '../waiting.ts';
import { encodeMessage } from '../wire/encoder.ts';
import type { Line } from '../wire/parser.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { Link, type LinkOptions, type Registration } from './link.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

export interface SessionOptions extends Omit<LinkOptions, 'signal'>, OutboxOptions {
  /** Where to connect; asked before each attempt. */
  readonly addresses: () => readonly Address[];
  /** Whether a lost or failed connection is tried again. */
  readonly reconnects: boolean;
  readonly backoff: BackoffOptions;
}

/** An attempt that failed, or a connection that was lost, and what comes next. */
export interface Retry {
  /** How many attempts have failed in a row; 0 when a connection was lost that had been registered. */
  readonly attempt: number;
  readonly pauseMs: number;
  readonly error: Error | undefined;
}

export interface SessionEvents {
  /** Registered. What waited goes out when this returns, so what is written to `link` here is ahead of it. */
  onReady(registration: Registration, link: Link): void;
  onLine(line: Line, link: Link): void;
  /** The registered connection is over. */
  onLost(error: Error | undefined, lostBytes: number): void;
  onRetry(retry: Retry): void;
  /** A session that had been registered is not tried again: closed, or lost with `reconnects` off. */
  onEnd(error: Error | undefined): void;
}

/** What would be no better next time. */
const isRefusal = (error: unknown): boolean =>
  error instanceof TransportRefusal ||
  error instanceof AddressError ||
  (error instanceof CommunicatorError && error.code === 'REFUSED') ||
  (error as NodeJS.ErrnoException).code === 'EACCES';

/** Keeps one registered connection to the communicator. */
export class Session {
  readonly outbox: Outbox;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #backoff: Backoff;
  #stop = new AbortController();
  #link: Link | undefined;
  #registration: Registration | undefined;
  #wasReady = false;
  /**
   * What came right behind the first READY: messages that were kept for this service. They wait for one turn, in which the
   * program that awaited the connection says what it handles.
   */
  #early: { readonly line: Line; readonly link: Link }[] | undefined;
  #isClosing = false;
  #whenReady: (() => void) | undefined;
  #run: Promise<void> | undefined;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff(options.backoff);
    this.outbox = new Outbox(options);
  }

  /** What the communicator said, while there is a registered connection. */
  get registration(): Registration | undefined {
    return this.#registration;
  }

  /**
   * Starts, and resolves with the first registration. After a failure it may be started again.
   * @throws CommunicatorError REFUSED by a communicator or for good; DISCONNECTED after an attempt that is not repeated
   */
  start(): Promise<void> {
    if (this.#run !== undefined && !this.#stop.signal.aborted) {
      return Promise.reject(
        new CommunicatorError('REFUSED', `${this.#options.service} is connected, or connecting, already`),
      );
    }
    this.#stop = new AbortController();
    this.#isClosing = false;
    return new Promise((resolve, reject) => {
      this.#run = this.#keepConnected(resolve, reject);
    });
  }

  /**
   * Ends: UNREGISTER behind all that waits, then the communicator closes. What waits for a connection is given the time
   * to go out; without any, and after the limit, the end comes at once.
   * @returns the bytes that did not go out
   */
  async close(limitMs: number): Promise<number> {
    this.#isClosing = true;
    const deadline = performance.now() + limitMs;
    const isRunning = this.#run !== undefined && !this.#stop.signal.aborted;
    if (this.#registration === undefined && this.outbox.waitingBytes > 0 && isRunning) {
      const ready = new Promise<void>((resolve) => {
        this.#whenReady = resolve;
      });
      await within(Promise.race([ready, this.#run]), limitMs, this.#stop.signal);
    }
    const link = this.#link;
    let isInOrder = true;
    if (link !== undefined && this.#registration !== undefined) {
      this.outbox.push(encodeMessage({ command: 'UNREGISTER', parameters: { service: this.#registration.service } }));
      this.outbox.flush();
      isInOrder = await within(link.closed, Math.max(deadline - performance.now(), 0), this.#stop.signal);
    }
    const leftBytes = this.outbox.waitingBytes;
    this.#stop.abort();
    if (!isInOrder) link?.destroy();
    await this.#run;
    return leftBytes;
  }

  /** Ends now, without a word. */
  destroy(): void {
    this.#isClosing = true;
    this.#stop.abort();
    this.#link?.destroy();
  }

  async #keepConnected(resolve: () => void, reject: (error: unknown) => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      let failure: Error | undefined;
      try {
        await this.#connect();
        resolve();
        attempt = 0;
        failure = await this.#untilLost();
      } catch (error) {
        failure = error as Error;
      }
      const isOver = this.#isClosing && this.outbox.waitingBytes === 0;
      if (this.#stop.signal.aborted || isOver || !this.#options.reconnects || (!this.#wasReady && isRefusal(failure))) {
        reject(asCommunicatorError(failure));
        this.#stop.abort();
        if (this.#wasReady) this.#events.onEnd(failure);
        return;
      }
      const pauseMs = this.#backoff.nextMs();
      this.#events.onRetry({ attempt, pauseMs, error: failure });
      await pause(pauseMs, this.#stop.signal);
    }
  }

  /** One attempt: the addresses one after the other, until one takes the registration. */
  async #connect(): Promise<void> {
    const problems: unknown[] = [];
    for (const address of this.#options.addresses()) {
      this.#stop.signal.throwIfAborted();
      try {
        const link = await Link.open(address, { ...this.#options, signal: this.#stop.signal }, this.#linkEvents);
        this.#link = link;
        if (this.#stop.signal.aborted) link.destroy();
        await link.ready;
        return;
      } catch (error) {
        problems.push(error);
        // Somebody is there and says no: the next address might be another daemon, which was not meant.
        if (isRefusal(error)) break;
      }
    }
    throw problems.length === 1 ? problems[0] : new AggregateError(problems, problems.map(textOf).join('; '));
  }

  readonly #linkEvents = {
    onReady: (registration: Registration, link: Link): void => {
      this.#registration = registration;
      if (!this.#wasReady) {
        this.#early = [];
        setTimeout(() => this.#handEarly(), 0);
      }
      this.#wasReady = true;
      this.#events.onReady(registration, link);
      this.outbox.attach(link.transport);
      this.#whenReady?.();
    },
    onLine: (line: Line, link: Link): void => {
      if (this.#early === undefined) this.#events.onLine(line, link);
      else this.#early.push({ line, link });
    },
    onDrain: (): void => this.outbox.drained(),
    onClose: (error: Error | undefined): void => {
      if (this.#registration === undefined) return;
      this.#handEarly();
      this.#registration = undefined;
      this.#events.onLost(error, this.outbox.detach());
    },
  };

  /** Hands over what waited for the first turn. */
  #handEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { line, link } of early) this.#events.onLine(line, link);
  }

  async #untilLost(): Promise<Error | undefined> {
    const since = performance.now();
    const failure = await this.#link?.closed;
    this.#backoff.heldFor(performance.now() - since);
    return failure;
  }
}

/** Failures of the network as the library's own error, so that callers look at one `code`. */
function asCommunicatorError(error: Error | undefined): unknown {
  if (error instanceof CommunicatorError) return error;
  if (isRefusal(error ?? {})) {
    const help = (error as NodeJS.ErrnoException).code === 'EACCES' ? ': is this user in the group of the socket?' : '';
    return new CommunicatorError('REFUSED', `${textOf(error)}${help}`, { cause: error });
  }
  return new CommunicatorError(
    'DISCONNECTED',
    `cannot connect to a communicator: ${textOf(error ?? 'closed')}. Does the daemon run?`,
    { cause: error },
  );
}

/** What was being tried, for errors: `sc://127.0.0.1:4040`. */
export const formatAddresses = (addresses: readonly Address[]): string =>
  addresses.map((address) => formatAddress(address)).join(', ');
