// The disk of a simulated machine: what was written survives a crash, what was under way does not.

import { decodeRecord, encodeRecord, type KeptEntry, type MessageId, type StoredEntry } from '../keeper/keeper.ts';
import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';

/** A write takes so long, in ms of the virtual clock. */
const WRITE_MS_MIN = 0.1;
const WRITE_MS_MAX = 20;

export class Disk {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #records = new Map<MessageId, Uint8Array>();
  #readyAtMs = 0;
  /** Counts crashes: what was asked for before one is not carried out after it. */
  #life = 0;

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  /** Writes a message; `isDone` is called when it is there for good. */
  put(entry: KeptEntry, unixMs: number, now: number, isDone: () => void): void {
    const record = encodeRecord(entry, unixMs, now);
    this.#later(() => {
      this.#records.set(entry.id, record);
      isDone();
    });
  }

  delete(id: MessageId): void {
    this.#later(() => void this.#records.delete(id));
  }

  /** What is there after a restart. */
  read(unixMs: number, now: number): StoredEntry[] {
    return Array.from(this.#records.values(), (record) => {
      const entry = decodeRecord(record, unixMs, now);
      if (entry === undefined) throw new Error('A record on the simulated disk cannot be read');
      return entry;
    });
  }

  /** The machine died; what it had asked for may not have been done. */
  crash(): void {
    this.#life++;
    this.#readyAtMs = 0;
  }

  wipe(): void {
    this.#records.clear();
  }

  /** One after the other, as they were asked for. */
  #later(action: () => void): void {
    const lateMs = WRITE_MS_MIN + this.#random.next() * (WRITE_MS_MAX - WRITE_MS_MIN);
    this.#readyAtMs = Math.max(this.#readyAtMs, this.#queue.nowMs + lateMs);
    const life = this.#life;
    this.#queue.at(this.#readyAtMs, () => {
      if (life === this.#life) action();
    });
  }
}
