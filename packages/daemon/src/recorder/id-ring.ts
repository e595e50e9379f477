// Ids of runs of lines in a ring of fixed size: which run a line with some id is in, and what its lines are called.

import type { NodeId } from '@snapcommunicator/network/frame';
import type { Columns } from './columns.ts';
import type { MessageId } from './message-id.ts';

/** Where a line is: in which row of the columns, and at which place of its run, from 0. */
export interface Found {
  readonly at: number;
  readonly place: number;
}

/** The lines of a run have consecutive ids. Its columns are read and written by row; who has the ring may have more. */
export class IdRing {
  /** Three wide columns and three narrow ones. */
  static readonly rowBytes = 3 * 8 + 3 * 4;

  readonly #countMax: number;
  readonly #incarnation: Float64Array;
  readonly #stream: Float64Array;
  readonly #number: Float64Array;
  readonly #count: Uint32Array;
  readonly #nodeHigh: Uint32Array;
  readonly #nodeLow: Uint32Array;
  #end = 0;
  /** Runs of one node come many at a time. */
  #lastNode: NodeId = '';
  #lastHigh = 0;
  #lastLow = 0;

  /** @param columns with all wide columns of the others taken, and none of the narrow ones */
  constructor(countMax: number, columns: Columns) {
    this.#countMax = countMax;
    this.#incarnation = columns.wide();
    this.#stream = columns.wide();
    this.#number = columns.wide();
    this.#count = columns.narrow();
    this.#nodeHigh = columns.narrow();
    this.#nodeLow = columns.narrow();
  }

  /** The first run that is still there, counted since the start. */
  get begin(): number {
    return Math.max(0, this.#end - this.#countMax);
  }

  /** How many runs were added since the start. */
  get end(): number {
    return this.#end;
  }

  /** Adds a run, in place of the oldest if there is no room; gives the row that it has got. */
  add(node: NodeId, incarnation: number, stream: number, number: number, count: number): number {
    const at = this.rowOf(this.#end++);
    if (node !== this.#lastNode) {
      this.#lastNode = node;
      this.#lastHigh = highOf(node);
      this.#lastLow = lowOf(node);
    }
    this.#nodeHigh[at] = this.#lastHigh;
    this.#nodeLow[at] = this.#lastLow;
    this.#incarnation[at] = incarnation;
    this.#stream[at] = stream;
    this.#number[at] = number;
    this.#count[at] = count;
    return at;
  }

  /** @param run counted since the start */
  rowOf(run: number): number {
    return run % this.#countMax;
  }

  countAt(at: number): number {
    return this.#count[at] as number;
  }

  /** The id of a line of the run in this row. */
  idAt(at: number, place = 0): MessageId {
    return {
      node: hex(this.#nodeHigh[at] as number) + hex(this.#nodeLow[at] as number),
      incarnation: this.#incarnation[at] as number,
      stream: this.#stream[at] as number,
      number: (this.#number[at] as number) + place,
    };
  }

  /** Every line with this id, oldest first. */
  *linesWith({ node, incarnation, stream, number }: MessageId): Generator<Found> {
    const [nodeHigh, nodeLow] = [highOf(node), lowOf(node)];
    for (let run = this.begin; run < this.#end; run++) {
      const at = this.rowOf(run);
      const place = number - (this.#number[at] as number);
      const isIt =
        place >= 0 &&
        place < (this.#count[at] as number) &&
        this.#nodeLow[at] === nodeLow &&
        this.#nodeHigh[at] === nodeHigh &&
        this.#incarnation[at] === incarnation &&
        this.#stream[at] === stream;
      if (isIt) yield { at, place };
    }
  }
}

const highOf = (node: NodeId): number => Number.parseInt(node.slice(0, 8), 16);
const lowOf = (node: NodeId): number => Number.parseInt(node.slice(8), 16);
const hex = (word: number): string => word.toString(16).padStart(8, '0');
