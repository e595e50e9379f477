// The virtual clock: what happens next, and when. It jumps from one event to the next; equal times keep their order.

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class EventQueue {
  readonly #events: Event[] = [];
  #order = 0;
  #nowMs = 0;
  /** Events that have happened. */
  count = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): void {
    // Binary fractions, rounded up: adding a whole number to them is exact, and no alarm comes before its time.
    const event = { atMs: Math.max(Math.ceil(atMs * 1024) / 1024, this.#nowMs), order: this.#order++, run };
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, events[parent] as Event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run);
  }

  /** Lets everything happen up to a time. `shouldStop` is asked after each event. */
  runUntil(untilMs: number, shouldStop: () => boolean = () => false): void {
    for (let next = this.#events[0]; next !== undefined && next.atMs <= untilMs; next = this.#events[0]) {
      this.#pop();
      this.#nowMs = next.atMs;
      this.count++;
      next.run();
      if (shouldStop()) return;
    }
    this.#nowMs = untilMs;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop() as Event;
    const size = events.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(events[child + 1] as Event, events[child] as Event)) child++;
      if (!isBefore(events[child] as Event, last)) break;
      events[at] = events[child] as Event;
      at = child;
    }
    events[at] = last;
  }
}
