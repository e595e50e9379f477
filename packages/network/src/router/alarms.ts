// When each of many things wants to be looked at next: who asks for the earliest does not walk them all.

import { DeadlineHeap, type HeapItem } from '../keeper/deadline-heap.ts';

interface Alarm<T> extends HeapItem {
  readonly thing: T;
}

/**
 * One alarm for each thing. An alarm may ring early: what was put off meanwhile is found when it rings, so that putting
 * off, which happens with every frame, costs nothing.
 */
export class Alarms<T> {
  readonly #heap = new DeadlineHeap<Alarm<T>>();
  readonly #alarms = new Map<T, Alarm<T>>();
  #sequence = 0;

  /** The alarm rings then, unless it rings earlier already. */
  setNoLater(thing: T, dueMs: number): void {
    const before = this.#alarms.get(thing);
    if (dueMs === Number.POSITIVE_INFINITY || (before !== undefined && before.deadlineMs <= dueMs)) return;
    if (before !== undefined) this.#heap.remove(before);
    const alarm: Alarm<T> = { thing, deadlineMs: dueMs, sequence: this.#sequence++, heapIndex: -1 };
    this.#alarms.set(thing, alarm);
    this.#heap.add(alarm);
  }

  clear(thing: T): void {
    const alarm = this.#alarms.get(thing);
    if (alarm === undefined) return;
    this.#heap.remove(alarm);
    this.#alarms.delete(thing);
  }

  /** The next thing whose alarm has rung by now. It has none any more until one is set. */
  take(now: number): T | undefined {
    const first = this.#heap.first();
    if (first === undefined || first.deadlineMs > now) return undefined;
    this.clear(first.thing);
    return first.thing;
  }

  /** When the first alarm rings; infinity: never. */
  next(): number {
    return this.#heap.first()?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }
}
