// Messages of which the outcome was asked for: each waits for the daemon's report that decides.

import { CommunicatorError } from '../errors.ts';
import type { Message } from '../wire/message.ts';

/** What became of a message. */
export interface Outcome {
  /**
   * `delivered` to the service's socket; `cached`: kept on disk, for a durable message whose outcome was not asked for;
   * `failed` or `expired`, with the reason; `unknown`, because the connection or a daemon was lost first.
   */
  readonly status: 'delivered' | 'cached' | 'failed' | 'expired' | 'unknown';
  readonly reason?: string;
}

/** Which report decides: the outcome, or already that the message is on disk. */
export type Awaited = 'outcome' | 'stored';

interface Waiting {
  readonly awaited: Awaited;
  readonly resolve: (outcome: Outcome) => void;
  readonly ticket: number;
  readonly end: () => void;
}

export interface AwaitReport {
  readonly id: string;
  readonly awaited: Awaited;
  readonly ticket: number;
  /** For errors: `RESIZE to images`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const STATUSES: readonly string[] = ['delivered', 'cached', 'failed', 'expired', 'unknown'];

export class Reports {
  readonly #waiting = new Map<string, Waiting>();
  readonly #waitingMax: number;

  constructor(options: { readonly waitingMax: number }) {
    this.#waitingMax = options.waitingMax;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#waitingMax;
  }

  /** Waits for the report on a message that was sent. Rejects with TIMEOUT or the signal's reason. */
  wait({ id, awaited, ticket, what, timeoutMs, signal }: AwaitReport): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.#waiting.get(id)?.end();
        reject(error);
      };
      const onAbort = (): void => fail(signal?.reason);
      const timer = setTimeout(() => {
        fail(
          new CommunicatorError(
            'TIMEOUT',
            `no report on ${what} came within ${timeoutMs} ms: it may be delivered or not`,
          ),
        );
      }, timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, { awaited, resolve, ticket, end });
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
    });
  }

  /** @returns whether the report is on a message of which somebody waits to hear */
  settle({ parameters }: Message): boolean {
    const { message_id: id, status, reason } = parameters;
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting === undefined) return false;
    if (status === undefined || !STATUSES.includes(status)) return true;
    if (status === 'cached' && waiting.awaited !== 'stored') return true;
    waiting.end();
    waiting.resolve({ status: status as Outcome['status'], ...(reason !== undefined && { reason }) });
    return true;
  }

  /** The connection is gone, and with it the reports on what a socket had. */
  disconnected(handedBefore: number): void {
    for (const waiting of [...this.#waiting.values()]) {
      if (waiting.ticket < handedBefore) this.#giveUp(waiting, 'the connection to the communicator was lost');
    }
  }

  close(): void {
    for (const waiting of [...this.#waiting.values()]) this.#giveUp(waiting, 'the communicator was closed');
  }

  #giveUp(waiting: Waiting, reason: string): void {
    waiting.end();
    waiting.resolve({ status: 'unknown', reason });
  }
}
