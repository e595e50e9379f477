// The seam between past and live traffic: what is in both is shown once, and nothing between them is missed.
//
// Live traffic is watched before the past is asked for, and held back until the past has been shown. So whatever happens
// in between is in at least one of the two; what is in both bears the same id and outcome.

import type { Sniffed } from './sniffed.ts';

/** Recorders tell the time of the turn in which a line was handled, sniffed messages that of their showing. */
const SLACK_SECONDS = 1;
/** Live messages that are held back at most. */
const HELD_MAX = 100_000;

interface Live {
  readonly server: string;
  readonly sniffed: Sniffed;
}

export class Seam {
  readonly #begunAt: number;
  readonly #show: (sniffed: Sniffed) => void;
  readonly #leftOut: (count: number) => void;
  /** How often each message of the past that may come again has been shown. */
  readonly #shown = new Map<string, number>();
  #held: Live[] | undefined = [];
  #lost = 0;

  /**
   * @param begunAt unix seconds of this machine: when live traffic began to be watched
   * @param leftOut is told how many live messages there was no room for
   */
  constructor(begunAt: number, show: (sniffed: Sniffed) => void, leftOut: (count: number) => void) {
    this.#begunAt = begunAt;
    this.#show = show;
    this.#leftOut = leftOut;
  }

  past(server: string, sniffed: Sniffed): void {
    if (sniffed.time >= this.#begunAt - SLACK_SECONDS) {
      const key = keyOf(server, sniffed);
      this.#shown.set(key, (this.#shown.get(key) ?? 0) + 1);
    }
    this.#show(sniffed);
  }

  live(server: string, sniffed: Sniffed): void {
    if (this.#held === undefined) this.#showLive({ server, sniffed });
    else if (this.#held.length < HELD_MAX) this.#held.push({ server, sniffed });
    else this.#lost++;
  }

  /** The past has been shown: what was held back follows, and live traffic goes through from now on. */
  close(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const live of held) this.#showLive(live);
    if (this.#lost > 0) this.#leftOut(this.#lost);
  }

  #showLive({ server, sniffed }: Live): void {
    const key = keyOf(server, sniffed);
    const count = this.#shown.get(key) ?? 0;
    if (count === 0) return this.#show(sniffed);
    if (count === 1) this.#shown.delete(key);
    else this.#shown.set(key, count - 1);
  }
}

/** The same for a message in the past and live. Where an id is missing its head and size must do. */
const keyOf = (server: string, { id, from, to, command, size, outcome }: Sniffed): string =>
  id === undefined ? `${server} ${from} ${to} ${command} ${size} ${outcome}` : `${server} ${id} ${outcome}`;
