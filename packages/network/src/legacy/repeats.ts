// Which messages have been seen, so that a copy that comes another way is dropped. Bounded in number and time.

export interface RepeatsOptions {
  /** So many are remembered; the oldest give way. */
  readonly countMax: number;
  /** A message is remembered so long at least, whatever its timeout says: clocks differ. */
  readonly holdMsMin: number;
  /** And so long at most: a timeout is foreign input. */
  readonly holdMsMax: number;
}

export const REPEATS_OPTIONS: RepeatsOptions = { countMax: 100_000, holdMsMin: 60_000, holdMsMax: 3_600_000 };

export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #forgetAtMs = new Map<string, number>();

  constructor(options: RepeatsOptions = REPEATS_OPTIONS) {
    this.#options = options;
  }

  get count(): number {
    return this.#forgetAtMs.size;
  }

  /**
   * Notes a message.
   * @param sender `server:service` in the message: a service cannot spoil the ids of others, for its sender is stamped
   * @param leftMs how long copies may still come, by its timeout
   * @returns whether it had been noted before, and not forgotten since
   */
  note(sender: string, id: string, leftMs: number, now: number): boolean {
    const { countMax, holdMsMin, holdMsMax } = this.#options;
    const key = `${sender} ${id}`;
    if ((this.#forgetAtMs.get(key) ?? 0) > now) return true;
    for (const [old, forgetAtMs] of this.#forgetAtMs) {
      if (forgetAtMs > now && this.#forgetAtMs.size < countMax) break;
      this.#forgetAtMs.delete(old);
    }
    this.#forgetAtMs.delete(key);
    this.#forgetAtMs.set(key, now + (leftMs > holdMsMin ? Math.min(leftMs, holdMsMax) : holdMsMin));
    return false;
  }
}
