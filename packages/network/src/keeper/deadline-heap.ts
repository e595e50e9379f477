// The order in which waiting messages expire: a binary heap whose items know their place, so that any can be removed.

/** What the heap orders: by deadline, equal ones by arrival. `heapIndex` belongs to the heap; -1 when outside. */
export interface HeapItem {
  readonly deadlineMs: number;
  readonly sequence: number;
  heapIndex: number;
}

const isBefore = (a: HeapItem, b: HeapItem): boolean =>
  a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.sequence < b.sequence);

/** Adding and removing cost O(log n), looking at the first O(1). */
export class DeadlineHeap<T extends HeapItem> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that expires first. */
  first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes an item out wherever it is. It must be in the heap. */
  remove(item: T): void {
    const index = item.heapIndex;
    if (this.#items[index] !== item) throw new Error('The deadline heap was asked to remove an item that is not in it');
    item.heapIndex = -1;
    const last = this.#items.pop() as T;
    if (last === item) return;
    this.#rise(last, index);
    this.#sink(last, last.heapIndex);
  }

  #rise(item: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex] as T;
      if (!isBefore(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: T, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#items[2 * index + 1];
      if (left === undefined) break;
      const right = this.#items[2 * index + 2];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, item)) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
