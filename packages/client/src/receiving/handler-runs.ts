// Handlers at work: started, waited for at the end, and their failures told.

import type { Message } from '../wire/message.ts';

/** Counts the handlers that have not ended, so that a program can end without cutting one off. */
export class HandlerRuns {
  readonly #onFailure: (error: unknown, message: Message) => void;
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(onFailure: (error: unknown, message: Message) => void) {
    this.#onFailure = onFailure;
  }

  /** Runs a handler; what it throws, or rejects with, is told and goes no further. */
  start(handler: () => unknown, message: Message): void {
    let result: unknown;
    try {
      result = handler();
    } catch (error) {
      return this.#onFailure(error, message);
    }
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
    this.#running++;
    (result as PromiseLike<unknown>).then(
      () => this.#ended(),
      (error: unknown) => {
        this.#onFailure(error, message);
        this.#ended();
      },
    );
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  #ended(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
