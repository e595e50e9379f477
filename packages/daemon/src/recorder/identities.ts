// Which ids lines have that got them from other daemons, or earlier: runs of consecutive records with consecutive ids.
//
// A line's own id is the number of its record, and needs no entry here. Lines that arrive in one parcel get consecutive
// records as long as nothing else is recorded between them: one entry for all of them.

import { Columns } from './columns.ts';
import { IdRing } from './id-ring.ts';
import type { MessageId } from './message-id.ts';

export interface Identified {
  readonly id: MessageId;
  /** The link that it came over; 0: none, or it is not known. */
  readonly port: number;
}

const ROW_BYTES = IdRing.rowBytes + 8 + 4;

/** A ring of fixed size, in the order of record numbers. */
export class Identities {
  readonly #ids: IdRing;
  readonly #record: Float64Array;
  readonly #port: Uint32Array;

  constructor(countMax: number) {
    const columns = new Columns(countMax, ROW_BYTES);
    this.#record = columns.wide();
    this.#ids = new IdRing(countMax, columns);
    this.#port = columns.narrow();
  }

  /**
   * Records from `record` on have ids from `id` on.
   * @param record greater than all before
   */
  add(record: number, count: number, { node, incarnation, stream, number }: MessageId, port: number): void {
    const at = this.#ids.add(node, incarnation, stream, number, count);
    this.#record[at] = record;
    this.#port[at] = port;
  }

  /** What a record is called, if not by its own number. */
  find(record: number): Identified | undefined {
    const { begin, end } = this.#ids;
    let [low, high] = [begin, end];
    // The last entry that begins no later.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#record[this.#ids.rowOf(middle)] as number) <= record) low = middle + 1;
      else high = middle;
    }
    if (low === begin) return undefined;
    const at = this.#ids.rowOf(low - 1);
    const place = record - (this.#record[at] as number);
    if (place >= this.#ids.countAt(at)) return undefined;
    return { id: this.#ids.idAt(at, place), port: this.#port[at] as number };
  }

  /** The numbers of all records with this id, in order. */
  recordsOf(id: MessageId): number[] {
    const records: number[] = [];
    for (const { at, place } of this.#ids.linesWith(id)) records.push((this.#record[at] as number) + place);
    return records;
  }
}
