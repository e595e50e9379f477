// Which ids lines have that got them from other daemons, or earlier: runs of consecutive records with consecutive ids.
//
// A line's own id is the number of its record, and needs no entry here. Lines that arrive in one parcel get consecutive
// records as long as nothing else is recorded between them: one entry for all of them.

import { Columns } from './columns.ts';
import type { MessageId } from './message-id.ts';

export interface Identified {
  readonly id: MessageId;
  /** The link that it came over; 0: none, or it is not known. */
  readonly port: number;
}

const ROW_BYTES = 4 * 8 + 4 * 4;

/** A ring of fixed size, in the order of record numbers. */
export class Identities {
  readonly #countMax: number;
  readonly #record: Float64Array;
  readonly #count: Uint32Array;
  readonly #nodeHigh: Uint32Array;
  readonly #nodeLow: Uint32Array;
  readonly #incarnation: Float64Array;
  readonly #stream: Float64Array;
  readonly #number: Float64Array;
  readonly #port: Uint32Array;
  /** How many were added since the start. */
  #end = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
    const columns = new Columns(countMax, ROW_BYTES);
    this.#record = columns.wide();
    this.#incarnation = columns.wide();
    this.#stream = columns.wide();
    this.#number = columns.wide();
    this.#count = columns.narrow();
    this.#nodeHigh = columns.narrow();
    this.#nodeLow = columns.narrow();
    this.#port = columns.narrow();
  }

  /**
   * Records from `record` on have ids from `id` on.
   * @param record greater than all before
   */
  add(record: number, count: number, id: MessageId, port: number): void {
    const at = this.#end++ % this.#countMax;
    this.#record[at] = record;
    this.#count[at] = count;
    this.#nodeHigh[at] = Number.parseInt(id.node.slice(0, 8), 16);
    this.#nodeLow[at] = Number.parseInt(id.node.slice(8), 16);
    this.#incarnation[at] = id.incarnation;
    this.#stream[at] = id.stream;
    this.#number[at] = id.number;
    this.#port[at] = port;
  }

  /** What a record is called, if not by its own number. */
  find(record: number): Identified | undefined {
    let low = Math.max(0, this.#end - this.#countMax);
    let high = this.#end;
    // The last entry that begins no later.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#record[middle % this.#countMax] as number) <= record) low = middle + 1;
      else high = middle;
    }
    const at = (low - 1) % this.#countMax;
    if (low === 0 || low <= this.#end - this.#countMax) return undefined;
    const place = record - (this.#record[at] as number);
    if (place >= (this.#count[at] as number)) return undefined;
    const node = hex(this.#nodeHigh[at] as number) + hex(this.#nodeLow[at] as number);
    const [incarnation, stream] = [this.#incarnation[at] as number, this.#stream[at] as number];
    const id = { node, incarnation, stream, number: (this.#number[at] as number) + place };
    return { id, port: this.#port[at] as number };
  }

  /** The numbers of all records with this id, in order. */
  recordsOf(id: MessageId): number[] {
    const nodeHigh = Number.parseInt(id.node.slice(0, 8), 16);
    const nodeLow = Number.parseInt(id.node.slice(8), 16);
    const records: number[] = [];
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
      if (isIt) records.push((this.#record[at] as number) + place);
    }
    return records;
  }
}

export const hex = (word: number): string => word.toString(16).padStart(8, '0');
