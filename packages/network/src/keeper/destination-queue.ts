// The messages that wait for one destination, in the order of their arrival: a linked list, since any may expire.

import type { HeapItem } from './deadline-heap.ts';
import type { KeptEntry } from './entry.ts';

/** A waiting message's place in its queue and in the order of deadlines. */
export class Slot implements HeapItem {
  readonly entry: KeptEntry;
  readonly deadlineMs: number;
  readonly sequence: number;
  heapIndex = -1;
  previous: Slot | undefined;
  next: Slot | undefined;

  constructor(entry: KeptEntry) {
    this.entry = entry;
    this.deadlineMs = entry.deadlineMs;
    this.sequence = entry.sequence;
  }
}

export class DestinationQueue {
  #first: Slot | undefined;
  #last: Slot | undefined;
  #count = 0;
  #bytes = 0;

  get first(): Slot | undefined {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the lines that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All slots, oldest first. A slot may be removed only after the walk. */
  *[Symbol.iterator](): Generator<Slot> {
    for (let slot = this.#first; slot !== undefined; slot = slot.next) yield slot;
  }

  append(slot: Slot): void {
    this.#insertBefore(undefined, slot);
  }

  /**
   * Puts slots, in ascending sequence, back among those that wait. What is put back was taken from the front, so that
   * the walk ends early.
   */
  merge(slots: readonly Slot[]): void {
    let position = this.#first;
    for (const slot of slots) {
      while (position !== undefined && position.sequence < slot.sequence) position = position.next;
      this.#insertBefore(position, slot);
    }
  }

  remove(slot: Slot): void {
    if (slot.previous === undefined) this.#first = slot.next;
    else slot.previous.next = slot.next;
    if (slot.next === undefined) this.#last = slot.previous;
    else slot.next.previous = slot.previous;
    slot.previous = undefined;
    slot.next = undefined;
    this.#count--;
    this.#bytes -= slot.entry.bytes.length;
  }

  #insertBefore(position: Slot | undefined, slot: Slot): void {
    const previous = position === undefined ? this.#last : position.previous;
    slot.previous = previous;
    slot.next = position;
    if (previous === undefined) this.#first = slot;
    else previous.next = slot;
    if (position === undefined) this.#last = slot;
    else position.previous = slot;
    this.#count++;
    this.#bytes += slot.entry.bytes.length;
  }
}
