// What this node says of itself: gathers changes, and makes of them a new link state, not oftener than it may.

import type { Change, Database } from './database.ts';
import { KEY, type LinkState } from './link-state.ts';

/** Incarnations are seconds since 1970, or so: some minutes ahead of the clock do no harm. */
const OUTBID_SPAN = 1000;

/** So many facts put a change off for a millisecond: it begins to matter with some thousands of them. */
const FACTS_PER_MS = 10;

export class Origination {
  readonly #database: Database;
  readonly #intervalMs: number;
  readonly #random: () => number;
  readonly #changes = new Map<string, string | undefined>();
  #lastMs = Number.NEGATIVE_INFINITY;
  /** The incarnation in which the own link state must be born again, for something greater was heard of. */
  #incarnation = 0;

  constructor(database: Database, intervalMs: number, random: () => number) {
    this.#database = database;
    this.#intervalMs = intervalMs;
    this.#random = random;
  }

  /** A fact that is to be told, or taken back. */
  tell(key: string, value: string | undefined): void {
    if (this.#database.own.items.get(key)?.value === value) this.#changes.delete(key);
    else this.#changes.set(key, value);
  }

  /** From now on these facts are told, and of the keys that are meant no others. */
  replace(facts: ReadonlyMap<string, string>, isMeant: (key: string) => boolean): void {
    for (const key of [...this.#database.own.items.keys(), ...this.#changes.keys()]) {
      if (isMeant(key) && !facts.has(key)) this.tell(key, undefined);
    }
    for (const [key, value] of facts) this.tell(key, value);
  }

  /**
   * Somebody heard of a later life of this node than this one: the next link state must be later still. By how much is
   * random: an earlier life may have outbid the same, and been heard by others; two different states would bear one number.
   * @returns the incarnation of the next link state
   */
  outbid(heard: LinkState['incarnation']): LinkState['incarnation'] {
    if (this.#incarnation <= heard) this.#incarnation = heard + 1 + Math.floor(this.#random() * OUTBID_SPAN);
    return this.#incarnation;
  }

  /** When a link state is due. */
  dueMs(now: number): number {
    const isDue = this.#changes.size > 0 || this.#incarnation > 0;
    return isDue ? Math.max(now, this.#lastMs + this.#pauseMs()) : Number.POSITIVE_INFINITY;
  }

  /** A change copies the whole: with very many facts it is made less often, or would cost more than all else. */
  #pauseMs(): number {
    return Math.max(this.#intervalMs, this.#database.own.items.size / FACTS_PER_MS);
  }

  /** Makes the new link state, if anything is to be told. */
  originate(now: number): Change | undefined {
    if (this.dueMs(now) > now) return undefined;
    this.#lastMs = now;
    let next = this.#database.own;
    if (this.#incarnation > 0) {
      this.#changes.set(KEY.start, String(next.facts.start));
      next = next.reborn(this.#incarnation);
      this.#incarnation = 0;
    }
    if (this.#changes.size > 0) next = next.changed(this.#changes);
    this.#changes.clear();
    return this.#database.replaceOwn(next);
  }
}
