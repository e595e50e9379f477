// Frames that only passed this daemon, on their way from one to another: nothing of them is read but their heads.

import { type DataFrame, type Instance, incarnationOf, nodeOf } from '@snapcommunicator/network/frame';
import { Columns } from './columns.ts';
import { hex } from './identities.ts';
import type { MessageId } from './message-id.ts';

export interface Passage {
  /** The id of its first line. */
  readonly id: MessageId;
  readonly count: number;
  /** Of its lines. */
  readonly bytes: number;
  readonly cameBy: number;
  /** 0: there was no way on. */
  readonly wentBy: number;
  /** As in records. */
  readonly timeMs: number;
  /** The number of the next record when it passed: its place among them. */
  readonly record: number;
}

const ROW_BYTES = 4 * 8 + 7 * 4;

/** A ring of fixed size. */
export class Passages {
  readonly #countMax: number;
  readonly #nodeHigh: Uint32Array;
  readonly #nodeLow: Uint32Array;
  readonly #incarnation: Float64Array;
  readonly #stream: Float64Array;
  readonly #number: Float64Array;
  readonly #count: Uint32Array;
  readonly #bytes: Uint32Array;
  readonly #cameBy: Uint32Array;
  readonly #wentBy: Uint32Array;
  readonly #timeMs: Uint32Array;
  readonly #record: Float64Array;
  #end = 0;
  /** Frames of one origin come many at a time. */
  #lastOrigin: Instance = '';
  #lastHigh = 0;
  #lastLow = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
    const columns = new Columns(countMax, ROW_BYTES);
    this.#incarnation = columns.wide();
    this.#stream = columns.wide();
    this.#number = columns.wide();
    this.#record = columns.wide();
    this.#nodeHigh = columns.narrow();
    this.#nodeLow = columns.narrow();
    this.#count = columns.narrow();
    this.#bytes = columns.narrow();
    this.#cameBy = columns.narrow();
    this.#wentBy = columns.narrow();
    this.#timeMs = columns.narrow();
  }

  /** A data frame passes. @param wentBy 0: there is no way on */
  add(frame: DataFrame, cameBy: number, wentBy: number, timeMs: number, record: number): void {
    const at = this.#end++ % this.#countMax;
    if (frame.origin !== this.#lastOrigin) {
      const node = nodeOf(frame.origin);
      this.#lastOrigin = frame.origin;
      this.#lastHigh = Number.parseInt(node.slice(0, 8), 16);
      this.#lastLow = Number.parseInt(node.slice(8), 16);
    }
    const { id } = frame;
    this.#nodeHigh[at] = this.#lastHigh;
    this.#nodeLow[at] = this.#lastLow;
    this.#incarnation[at] = id?.incarnation ?? incarnationOf(frame.origin);
    this.#stream[at] = id?.stream ?? frame.stream;
    this.#number[at] = id?.number ?? frame.sequence;
    this.#count[at] = frame.count;
    this.#bytes[at] = frame.payload.length;
    this.#cameBy[at] = cameBy;
    this.#wentBy[at] = wentBy;
    this.#timeMs[at] = timeMs;
    this.#record[at] = record;
  }

  /** The frames with a line of this id in them, oldest first. */
  *withLine(id: MessageId): Generator<Passage> {
    const nodeHigh = Number.parseInt(id.node.slice(0, 8), 16);
    const nodeLow = Number.parseInt(id.node.slice(8), 16);
    for (let entry = Math.max(0, this.#end - this.#countMax); entry < this.#end; entry++) {
      const at = entry % this.#countMax;
      const place = id.number - (this.#number[at] as number);
      const isIt =
        place >= 0 &&
        place < (this.#count[at] as number) &&
        this.#nodeLow[at] === nodeLow &&
        this.#nodeHigh[at] === nodeHigh &&
        this.#incarnation[at] === id.incarnation &&
        this.#stream[at] === id.stream;
      if (isIt) yield this.#passageAt(at);
    }
  }

  #passageAt(at: number): Passage {
    return {
      id: {
        node: hex(this.#nodeHigh[at] as number) + hex(this.#nodeLow[at] as number),
        incarnation: this.#incarnation[at] as number,
        stream: this.#stream[at] as number,
        number: this.#number[at] as number,
      },
      count: this.#count[at] as number,
      bytes: this.#bytes[at] as number,
      cameBy: this.#cameBy[at] as number,
      wentBy: this.#wentBy[at] as number,
      timeMs: this.#timeMs[at] as number,
      record: this.#record[at] as number,
    };
  }
}
