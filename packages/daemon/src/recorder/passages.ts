// Frames that only passed this daemon, on their way from one to another: nothing of them is read but their heads.

import { type DataFrame, type Instance, incarnationOf, type NodeId, nodeOf } from '@snapcommunicator/network/frame';
import { Columns } from './columns.ts';
import { IdRing } from './id-ring.ts';
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

const ROW_BYTES = IdRing.rowBytes + 8 + 4 * 4;

/** A ring of fixed size. */
export class Passages {
  readonly #ids: IdRing;
  readonly #bytes: Uint32Array;
  readonly #cameBy: Uint32Array;
  readonly #wentBy: Uint32Array;
  readonly #timeMs: Uint32Array;
  readonly #record: Float64Array;
  /** Frames of one origin come many at a time. */
  #lastOrigin: Instance = '';
  #lastNode: NodeId = '';

  constructor(countMax: number) {
    const columns = new Columns(countMax, ROW_BYTES);
    this.#record = columns.wide();
    this.#ids = new IdRing(countMax, columns);
    this.#bytes = columns.narrow();
    this.#cameBy = columns.narrow();
    this.#wentBy = columns.narrow();
    this.#timeMs = columns.narrow();
  }

  /** A data frame passes. @param wentBy 0: there is no way on */
  add(frame: DataFrame, cameBy: number, wentBy: number, timeMs: number, record: number): void {
    const { id, origin } = frame;
    if (origin !== this.#lastOrigin) {
      this.#lastOrigin = origin;
      this.#lastNode = nodeOf(origin);
    }
    const at = this.#ids.add(
      this.#lastNode,
      id?.incarnation ?? incarnationOf(origin),
      id?.stream ?? frame.stream,
      id?.number ?? frame.sequence,
      frame.count,
    );
    this.#bytes[at] = frame.payload.length;
    this.#cameBy[at] = cameBy;
    this.#wentBy[at] = wentBy;
    this.#timeMs[at] = timeMs;
    this.#record[at] = record;
  }

  /** The frames with a line of this id in them, oldest first. */
  *withLine(id: MessageId): Generator<Passage> {
    for (const { at } of this.#ids.linesWith(id)) yield this.#passageAt(at);
  }

  #passageAt(at: number): Passage {
    return {
      id: this.#ids.idAt(at),
      count: this.#ids.countAt(at),
      bytes: this.#bytes[at] as number,
      cameBy: this.#cameBy[at] as number,
      wentBy: this.#wentBy[at] as number,
      timeMs: this.#timeMs[at] as number,
      record: this.#record[at] as number,
    };
  }
}
