// Finds the rank of a record among those of its run: the ring has them in order, between those of other lines.

import { LATER, wordOfRun } from './outcomes.ts';
import type { Recorder } from './recorder.ts';
import type { Run } from './runs.ts';

/** For one question: what was counted once is not counted again. */
export class RunRanks {
  readonly #recorder: Recorder;
  /** By the word of their run, a record whose rank is known: the one that was asked for last. */
  readonly #known = new Map<number, { readonly number: number; readonly rank: number }>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Undefined if it cannot be told. */
  rankOf(number: number, key: number, run: Run): number | undefined {
    const word = wordOfRun(key);
    const known = this.#known.get(word);
    let rank: number;
    // From the nearer of two places where it is known: the record before, or the end of the run.
    if (known !== undefined && known.number <= number)
      rank = known.rank + this.#count(word, known.number + 1, number + 1);
    else if (known !== undefined) rank = known.rank - this.#count(word, number, known.number);
    else rank = run.count - this.#count(word, number, Math.min(run.recordEnd, this.#recorder.nextNumber));
    if (rank < 0 || rank >= run.count) return undefined;
    this.#known.set(word, { number, rank });
    return rank;
  }

  /** The record of the line with this rank; undefined if it is held no more. */
  recordAt(key: number, run: Run, rank: number): number | undefined {
    const word = wordOfRun(key);
    const oldest = this.#recorder.oldestNumber;
    let left = run.count - rank;
    for (let number = Math.min(run.recordEnd, this.#recorder.nextNumber) - 1; number >= oldest; number--) {
      if (this.#isOf(word, number) && --left === 0) return number;
    }
    return undefined;
  }

  #count(word: number, first: number, end: number): number {
    let count = 0;
    for (let number = first; number < end; number++) if (this.#isOf(word, number)) count++;
    return count;
  }

  #isOf(word: number, number: number): boolean {
    return (this.#recorder.wordAt(number) & ~LATER) >>> 0 === word;
  }
}
