// The input that is being tried, in memory that two threads share: who never comes back from it can still be asked.

import { INPUT_BYTES_MAX } from './mutator.mjs';

// Two words, how many inputs were tried and how long this one is, then its bytes.
const COUNT = 0;
const LENGTH = 1;
const WORDS = 2;
const NONE = -1;

export class CurrentInput {
  #words;
  #bytes;

  /** @param {SharedArrayBuffer} shared what the other thread has; without it, new memory */
  constructor(shared = new SharedArrayBuffer(WORDS * 4 + INPUT_BYTES_MAX)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, WORDS);
    this.#bytes = new Uint8Array(shared, WORDS * 4);
  }

  /** How many inputs were tried, modulo 2^32. */
  get count() {
    return Atomics.load(this.#words, COUNT);
  }

  /** The input that is being tried, or undefined. */
  get input() {
    const length = Atomics.load(this.#words, LENGTH);
    return this.count === 0 || length === NONE ? undefined : this.#bytes.slice(0, length);
  }

  set(input) {
    const bytes = input.length > INPUT_BYTES_MAX ? input.subarray(0, INPUT_BYTES_MAX) : input;
    this.#bytes.set(bytes);
    Atomics.store(this.#words, LENGTH, bytes.length);
    Atomics.add(this.#words, COUNT, 1);
  }

  /** From now on the thread does something else, which may take its time. */
  clear() {
    Atomics.store(this.#words, LENGTH, NONE);
  }
}
