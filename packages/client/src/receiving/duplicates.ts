// Remembers what was delivered, so that a durable message that is delivered again is handled once.

import { isDurable } from '../message/parts.ts';
import type { Message } from '../wire/message.ts';

export interface DuplicatesOptions {
  /** How long an id is remembered, in milliseconds (10 minutes). */
  readonly rememberMs?: number;
  /** How many ids are remembered (100,000). */
  readonly idsMax?: number;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

/** The ids of messages that came, by sender, oldest first. */
export class Duplicates {
  readonly #rememberMs: number;
  readonly #idsMax: number;
  readonly #now: () => number;
  readonly #seen = new Map<string, number>();

  constructor(options: DuplicatesOptions = {}) {
    this.#rememberMs = options.rememberMs ?? 600_000;
    this.#idsMax = options.idsMax ?? 100_000;
    this.#now = options.now ?? Date.now;
  }

  /** Whether the message is one that came before and is delivered again. Remembers it if not. */
  isRepeat({ sentFromServer, sentFromService, parameters }: Message): boolean {
    const { message_id: id, redelivered, correlation_id: correlation } = parameters;
    // A request's id serves its report alone; it is only delivered again if it was put on disk.
    if (id === undefined || (id === correlation && redelivered === undefined && !isDurable(parameters['cache'])))
      return false;
    const key = `${sentFromServer}:${sentFromService} ${id}`;
    const now = this.#now();
    this.#forget(now);
    if (redelivered === '1' && this.#seen.has(key)) return true;
    this.#seen.delete(key);
    this.#seen.set(key, now);
    return false;
  }

  #forget(now: number): void {
    for (const [key, since] of this.#seen) {
      if (this.#seen.size < this.#idsMax && now - since < this.#rememberMs) return;
      this.#seen.delete(key);
    }
  }
}
