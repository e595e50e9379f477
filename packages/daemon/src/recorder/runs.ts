// What was sent to other nodes: runs of lines that went out as one parcel, and what became of them.
//
// Each record of a line that goes to another node names its run. At the flush the run becomes a parcel, which gets its
// place in a stream: so the id of a line is that of its run's first line, plus its rank among the records of the run.

import type { FrameId } from '@snapcommunicator/network/frame';
import { Columns } from './columns.ts';
import { RUN_LIMIT } from './outcomes.ts';

export interface Run {
  /** All its records have lesser numbers. */
  readonly recordEnd: number;
  readonly count: number;
  /** The id of its first line; undefined as long as no stream has taken it. */
  readonly id: FrameId | undefined;
  /** The link by which it went; 0: it is not known, or none. */
  readonly port: number;
  /** So many lines, from the first on, are settled; if `isMixed`, not all of them were taken. */
  readonly settledCount: number;
  readonly isMixed: boolean;
  readonly settledMs: number;
}

const ROW_BYTES = 4 * 8 + 6 * 4;

/** A ring of fixed size. Times are those of records. */
export class Runs {
  readonly #countMax: number;
  readonly #key: Uint32Array;
  readonly #recordEnd: Float64Array;
  readonly #count: Uint32Array;
  readonly #incarnation: Float64Array;
  readonly #stream: Float64Array;
  readonly #number: Float64Array;
  readonly #port: Uint32Array;
  readonly #settledCount: Uint32Array;
  readonly #isMixed: Uint32Array;
  readonly #settledMs: Uint32Array;
  #last = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
    const columns = new Columns(countMax, ROW_BYTES);
    this.#recordEnd = columns.wide();
    this.#incarnation = columns.wide();
    this.#stream = columns.wide();
    this.#number = columns.wide();
    this.#key = columns.narrow();
    this.#count = columns.narrow();
    this.#port = columns.narrow();
    this.#settledCount = columns.narrow();
    this.#isMixed = columns.narrow();
    this.#settledMs = columns.narrow();
  }

  /** A number for the next run, never 0. */
  open(): number {
    this.#last = this.#last + 1 < RUN_LIMIT ? this.#last + 1 : 1;
    return this.#last;
  }

  /** The lines of a run go out together. @param recordEnd the number of the next record */
  close(run: number, count: number, recordEnd: number): void {
    const at = run % this.#countMax;
    this.#key[at] = run;
    this.#recordEnd[at] = recordEnd;
    this.#count[at] = count;
    this.#incarnation[at] = 0;
    this.#port[at] = 0;
    this.#settledCount[at] = 0;
    this.#isMixed[at] = 0;
  }

  /** A stream has taken it. */
  sent(run: number, { incarnation, stream, number }: FrameId, port: number): void {
    const at = this.#find(run);
    if (at < 0) return;
    this.#incarnation[at] = incarnation;
    this.#stream[at] = stream;
    this.#number[at] = number;
    this.#port[at] = port;
  }

  /** The next lines of it are settled. */
  settled(run: number, count: number, areTaken: boolean, timeMs: number): void {
    const at = this.#find(run);
    if (at < 0) return;
    this.#settledCount[at] = (this.#settledCount[at] as number) + count;
    if (!areTaken) this.#isMixed[at] = 1;
    this.#settledMs[at] = timeMs;
  }

  /** What is known of a run; undefined for one that is not closed yet, or forgotten. */
  get(run: number): Run | undefined {
    const at = this.#find(run);
    return at < 0 ? undefined : this.#runAt(at);
  }

  /** All runs that have a line with this id, in no order, with its rank in each. */
  *withLine({ incarnation, stream, number }: FrameId): Generator<{ key: number; run: Run; rank: number }> {
    for (let at = 0; at < this.#countMax; at++) {
      if (this.#incarnation[at] !== incarnation || this.#stream[at] !== stream) continue;
      const rank = number - (this.#number[at] as number);
      if (rank >= 0 && rank < (this.#count[at] as number))
        yield { key: this.#key[at] as number, run: this.#runAt(at), rank };
    }
  }

  #find(run: number): number {
    const at = run % this.#countMax;
    return run !== 0 && this.#key[at] === run ? at : -1;
  }

  #runAt(at: number): Run {
    const incarnation = this.#incarnation[at] as number;
    const [stream, number] = [this.#stream[at] as number, this.#number[at] as number];
    return {
      recordEnd: this.#recordEnd[at] as number,
      count: this.#count[at] as number,
      id: incarnation === 0 ? undefined : { incarnation, stream, number },
      port: this.#port[at] as number,
      settledCount: this.#settledCount[at] as number,
      isMixed: this.#isMixed[at] === 1,
      settledMs: this.#settledMs[at] as number,
    };
  }
}
