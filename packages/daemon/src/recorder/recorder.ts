// The recorder's hook: one fixed record a line in the arena's ring, and the names that its flows stand for.

import type { RecordedOutcome } from '@snapcommunicator/network/story';
import type { Arena } from '../switch/arena.ts';
import { CELL_NOW_MS, CELL_NUMBER, POOL, RECORD_BYTES } from '../switch/arena-layout.ts';
import { Identities } from './identities.ts';
import type { MessageId } from './message-id.ts';
import { LATER, type Reason, wordOf } from './outcomes.ts';
import { Passages } from './passages.ts';
import { Runs } from './runs.ts';

/** Whose lines go where with which command. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly command: string;
}

export interface LineRecord {
  readonly flow: Flow;
  readonly flowId: number;
  /** The number of the record at this daemon; part of the message's id, if that is its own. */
  readonly number: number;
  readonly bytes: number;
  /** Milliseconds since the daemon's start, modulo 2^32. */
  readonly timeMs: number;
  /** See `outcomes.ts`. */
  readonly word: number;
}

/** What is said of a record beyond its outcome. */
export interface NoteDetails {
  readonly reason?: Reason;
  /** The message's id, if it is not the record's own number. */
  readonly id?: MessageId | undefined;
  /** The link that it came over. */
  readonly port?: number | undefined;
  /** The message has a record here already: this is what became of it. */
  readonly isLater?: boolean;
}

/** Time for 2^32 lines at 140 million a second. */
export const OBSERVE_MS = 30_000;
/** Flows of one generation. The two newest are known. */
const FLOWS_MAX = 32_768;
/** So far the clock of the machine may get from the one that counts from the start. */
const DRIFT_MS_MAX = 20;
const UNKNOWN: Flow = { from: '', to: '', command: '' };

export interface RecorderOptions {
  /** Runs, ids and passages that are remembered, each. */
  readonly runCountMax: number;
  /** Milliseconds since the daemon's start. */
  readonly now: () => number;
}

interface Generation {
  readonly ids: Map<string, number>;
  readonly flows: Map<number, Flow>;
}

export class Recorder {
  readonly runs: Runs;
  readonly identities: Identities;
  readonly passages: Passages;
  /** Names are about to be forgotten: who goes on using a flow must ask for its number again. */
  onTurnover: () => void = () => undefined;
  readonly #arena: Arena;
  readonly #now: () => number;
  #current = newGeneration();
  #previous = newGeneration();
  #lastFlow = 0;
  #lastLow = 0;
  #rounds = 0;
  #laterCount = 0;
  #epochMs = 0;

  constructor(arena: Arena, options: RecorderOptions) {
    this.#arena = arena;
    this.#now = options.now;
    this.runs = new Runs(options.runCountMax);
    this.identities = new Identities(options.runCountMax);
    this.passages = new Passages(options.runCountMax);
  }

  /** The number of the next line, which is how many were recorded since the start. */
  get nextNumber(): number {
    this.observe();
    return this.#rounds * 2 ** 32 + this.#lastLow;
  }

  /** The number of the oldest record that is held. */
  get oldestNumber(): number {
    return Math.max(0, this.nextNumber - this.#arena.recordCount);
  }

  /** How many messages this daemon dealt with: records without those of later events. */
  get messageCount(): number {
    return this.nextNumber - this.#laterCount;
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
    const known = this.#current.ids.get(key);
    if (known !== undefined) return known;
    if (this.#current.ids.size >= FLOWS_MAX) {
      this.#previous = this.#current;
      this.#current = newGeneration();
      this.onTurnover();
    }
    const id = this.#previous.ids.get(key) ?? (this.#lastFlow = (this.#lastFlow + 1) >>> 0);
    this.#current.ids.set(key, id);
    this.#current.flows.set(id, { from, to, command });
    return id;
  }

  flow(id: number): Flow {
    return this.#current.flows.get(id) ?? this.#previous.flows.get(id) ?? UNKNOWN;
  }

  /** Records one line that did not pass the inner loop. @returns its number */
  note(flowId: number, bytes: number, outcome: RecordedOutcome, details: NoteDetails = {}): number {
    const { reason, id, port, isLater = false } = details;
    const arena = this.#arena;
    const number = this.nextNumber;
    const at = this.#addressOf(number);
    arena.setWord(CELL_NOW_MS, this.#now() >>> 0);
    arena.setWord(at, flowId);
    arena.setWord(at + 4, bytes);
    arena.setWord(at + 8, arena.word(CELL_NOW_MS));
    arena.setWord(at + 12, wordOf(outcome, reason) | (isLater ? LATER : 0));
    arena.setWord(CELL_NUMBER, (arena.word(CELL_NUMBER) + 1) >>> 0);
    if (isLater) this.#laterCount++;
    if (id !== undefined) this.identities.add(number, 1, id, port ?? 0);
    return number;
  }

  /** It became of a line what was not known when it was noted. @param word see `outcomes.ts` */
  amend(number: number, word: number): void {
    const at = this.#addressOf(number) + 12;
    this.#arena.setWord(at, (word | (this.#arena.word(at) & LATER)) >>> 0);
  }

  /** A record that is held. */
  record(number: number): LineRecord {
    const arena = this.#arena;
    const at = this.#addressOf(number);
    const flowId = arena.word(at);
    return {
      flow: this.flow(flowId),
      flowId,
      number,
      bytes: arena.word(at + 4),
      timeMs: arena.word(at + 8),
      word: arena.word(at + 12),
    };
  }

  /** Parts of a record, without making an object of it. */
  flowIdAt(number: number): number {
    return this.#arena.word(this.#addressOf(number));
  }

  bytesAt(number: number): number {
    return this.#arena.word(this.#addressOf(number) + 4);
  }

  wordAt(number: number): number {
    return this.#arena.word(this.#addressOf(number) + 12);
  }

  /** How long ago a record was made, in milliseconds. */
  ageAt(number: number): number {
    return this.ageOf(this.#arena.word(this.#addressOf(number) + 8));
  }

  /** How long ago that was. @param timeMs as in a record */
  ageOf(timeMs: number): number {
    return ((this.#now() >>> 0) - timeMs) >>> 0;
  }

  /** Unix seconds of a time in a record: the same whenever it is asked, unless the clock is set. */
  unixTimeOf(timeMs: number): number {
    const now = this.#now();
    const age = ((now >>> 0) - timeMs) >>> 0;
    return (this.#epochAt(now) + Math.floor(now) - age) / 1000;
  }

  /** How long ago that was, in milliseconds; 0 for what is to come. @param unixTime in seconds */
  ageSince(unixTime: number): number {
    const now = this.#now();
    return Math.max(0, this.#epochAt(now) + now - unixTime * 1000);
  }

  /** When the daemon started, in Unix milliseconds. The two clocks drift: only what can be seen moves it. */
  #epochAt(now: number): number {
    const epochMs = Math.round(Date.now() - now);
    if (Math.abs(epochMs - this.#epochMs) > DRIFT_MS_MAX) this.#epochMs = epochMs;
    return this.#epochMs;
  }

  /** The time of now, as records have it. */
  get timeMs(): number {
    return this.#now() >>> 0;
  }

  #addressOf(number: number): number {
    return POOL + (number % this.#arena.recordCount) * RECORD_BYTES;
  }
}

const newGeneration = (): Generation => ({ ids: new Map(), flows: new Map() });
