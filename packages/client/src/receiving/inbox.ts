// Messages as an asynchronous sequence, between those that come and the one who takes them, with a limit.

import { CommunicatorError } from '../errors.ts';
import type { Message } from '../wire/message.ts';

export interface MessagesOptions {
  /** How many messages may wait to be taken (1,000). */
  readonly limit?: number;
  /** What happens beyond it: `error` ends the sequence with QUEUE_FULL behind what waits (default), `drop` drops what is new. */
  readonly overflow?: 'error' | 'drop';
  readonly signal?: AbortSignal;
}

interface Taker {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: unknown): void;
}

/** One sequence of messages. It receives from its creation on, whether or not somebody takes already. */
export class Inbox implements AsyncIterableIterator<Message, undefined> {
  readonly #limit: number;
  readonly #overflow: 'error' | 'drop';
  readonly #what: string;
  readonly #onEnd: (inbox: Inbox) => void;
  readonly #waiting: Message[] = [];
  readonly #takers: Taker[] = [];
  #end: { readonly error?: unknown } | undefined;
  /** How many messages were dropped because the limit was reached. */
  dropped = 0;

  constructor(what: string, options: MessagesOptions, onEnd: (inbox: Inbox) => void) {
    this.#limit = options.limit ?? 1000;
    this.#overflow = options.overflow ?? 'error';
    this.#what = what;
    this.#onEnd = onEnd;
    const { signal } = options;
    if (signal?.aborted) this.fail(signal.reason);
    else signal?.addEventListener('abort', () => this.fail(signal.reason), { once: true });
  }

  push(message: Message): void {
    if (this.#end !== undefined) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) return taker.resolve({ value: message, done: false });
    if (this.#waiting.length < this.#limit) return void this.#waiting.push(message);
    this.dropped++;
    if (this.#overflow === 'drop') return;
    this.#finish({
      error: new CommunicatorError(
        'QUEUE_FULL',
        `${this.#limit} messages wait in messages(${this.#what}) and another one came: take them faster, or raise its limit`,
      ),
    });
  }

  /** No more will come: what waits can still be taken. */
  close(): void {
    this.#finish({});
  }

  /** Ends now, with an error for the next one who takes. */
  fail(error: unknown): void {
    this.#waiting.length = 0;
    this.#finish({ error });
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#waiting.shift();
    if (message !== undefined) return { value: message, done: false };
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => {
        this.#takers.push({ resolve, reject });
      });
    }
    const end = this.#end;
    this.#end = {};
    if ('error' in end) throw end.error;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#waiting.length = 0;
    this.close();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#onEnd(this);
    const [first, ...others] = this.#takers.splice(0);
    if (first === undefined) return;
    // One taker hears of an error; for the others the sequence is simply over.
    if ('error' in end) first.reject(end.error);
    else first.resolve({ value: undefined, done: true });
    for (const taker of others) taker.resolve({ value: undefined, done: true });
    this.#end = {};
  }
}
