// Which target each slot of the arena stands for, and which slots are free.

import { SLOT_BYTES, SLOT_COUNT_MAX, SLOTS } from './arena-layout.ts';

export class SlotTable<T extends { readonly slot: number }> {
  readonly #targets: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** Makes a target for a free slot; undefined when there is none left. */
  open<U extends T>(create: (index: number) => U): U | undefined {
    const index = this.#free.pop() ?? this.#targets.length;
    if (index >= SLOT_COUNT_MAX) return undefined;
    const target = create(index);
    this.#targets[index] = target;
    return target;
  }

  /** The dirty list may still name the slot in this turn, so it is free only in the next. */
  close(target: T): void {
    const index = (target.slot - SLOTS) / SLOT_BYTES;
    this.#targets[index] = undefined;
    setImmediate(() => this.#free.push(index));
  }

  at(index: number): T | undefined {
    return this.#targets[index];
  }
}
