// The recorder's hook: one fixed record a line in the arena's ring, and the names that its flows stand for.

import type { Arena } from '../switch/arena.ts';
import { CELL_NOW_MS, CELL_NUMBER, POOL, RECORD_BYTES } from '../switch/arena-layout.ts';

/** What became of a line at this daemon. The inner loop writes 1, or 5 for those that go to another. */
export const OUTCOMES = ['', 'delivered', 'kept', 'refused', 'dropped', 'sent'] as const;
export type Outcome = Exclude<(typeof OUTCOMES)[number], ''>;

/** Whose lines go where with which command. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly command: string;
}

export interface LineRecord extends Flow {
  /** The number of the message at this daemon: part of its id. */
  readonly number: number;
  readonly bytes: number;
  /** Milliseconds since the daemon's start. */
  readonly timeMs: number;
  readonly outcome: Outcome;
}

/** Time for 2^32 lines at 140 million a second. */
export const OBSERVE_MS = 30_000;
const FLOWS_MAX = 65_536;
const UNKNOWN: Flow = { from: '', to: '', command: '' };

export class Recorder {
  readonly #arena: Arena;
  readonly #idsByKey = new Map<string, number>();
  /** In the order of their making: when there are too many, the oldest goes. */
  readonly #flows = new Map<number, Flow>();
  #lastFlow = 0;
  #lastLow = 0;
  #rounds = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The number of the next line, which is how many were handled since the start. */
  get nextNumber(): number {
    this.observe();
    return this.#rounds * 2 ** 32 + this.#lastLow;
  }

  /** The arena counts modulo 2^32: this must be called before so many lines have passed, at least every `OBSERVE_MS`. */
  observe(): void {
    const low = this.#arena.word(CELL_NUMBER);
    if (low < this.#lastLow) this.#rounds++;
    this.#lastLow = low;
  }

  /** The number by which records name this flow. */
  flowId(from: string, to: string, command: string): number {
    const key = `${from}>${to}/${command}`;
    const known = this.#idsByKey.get(key);
    if (known !== undefined) return known;
    if (this.#flows.size >= FLOWS_MAX) this.#forgetOldest();
    const id = (this.#lastFlow = (this.#lastFlow + 1) >>> 0);
    this.#idsByKey.set(key, id);
    this.#flows.set(id, { from, to, command });
    return id;
  }

  /** Records one line that did not pass the inner loop. @returns its number */
  note(flowId: number, bytes: number, outcome: Outcome): number {
    const arena = this.#arena;
    const number = this.nextNumber;
    const at = this.#addressOf(number);
    arena.setWord(at, flowId);
    arena.setWord(at + 4, bytes);
    arena.setWord(at + 8, arena.word(CELL_NOW_MS));
    arena.setWord(at + 12, OUTCOMES.indexOf(outcome));
    arena.setWord(CELL_NUMBER, (arena.word(CELL_NUMBER) + 1) >>> 0);
    return number;
  }

  /** The newest records, oldest first, at most `countMax`. */
  recent(countMax: number): LineRecord[] {
    const arena = this.#arena;
    const end = this.nextNumber;
    const count = Math.min(countMax, end, arena.recordCount);
    const records: LineRecord[] = [];
    for (let number = end - count; number < end; number++) {
      const at = this.#addressOf(number);
      const outcome = OUTCOMES[arena.word(at + 12)];
      if (!outcome) continue;
      const flow = this.#flows.get(arena.word(at)) ?? UNKNOWN;
      records.push({ ...flow, number, bytes: arena.word(at + 4), timeMs: arena.word(at + 8), outcome });
    }
    return records;
  }

  #addressOf(number: number): number {
    return POOL + (number % this.#arena.recordCount) * RECORD_BYTES;
  }

  #forgetOldest(): void {
    for (const [id, flow] of this.#flows) {
      this.#flows.delete(id);
      this.#idsByKey.delete(`${flow.from}>${flow.to}/${flow.command}`);
      return;
    }
  }
}
