// A table of named timers: when each is due. The next deadline is their minimum; nobody ticks.

export class Timers<Name extends string> {
  readonly #dueMs = new Map<Name, number>();

  /** Sets a timer, in place of what was set before. */
  set(name: Name, dueMs: number): void {
    this.#dueMs.set(name, dueMs);
  }

  /** Sets a timer unless it is due earlier already. */
  setNoLater(name: Name, dueMs: number): void {
    const before = this.#dueMs.get(name);
    if (before === undefined || before > dueMs) this.#dueMs.set(name, dueMs);
  }

  clear(name: Name): void {
    this.#dueMs.delete(name);
  }

  /** Whether a timer is due. It is cleared by that. */
  take(name: Name, now: number): boolean {
    const dueMs = this.#dueMs.get(name);
    if (dueMs === undefined || dueMs > now) return false;
    this.#dueMs.delete(name);
    return true;
  }

  next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const dueMs of this.#dueMs.values()) if (dueMs < next) next = dueMs;
    return next;
  }
}
