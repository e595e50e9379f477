// The last minutes: how many messages there were in each second, and what came and went.

import type { Happening, History as HistoryDocument, HistoryEvent } from '@snapcommunicator/network/story';

export interface HistoryParts {
  /** How many messages this daemon dealt with since its start. */
  readonly messageCount: () => number;
  /** Milliseconds since any start. */
  readonly now: () => number;
  /** Events that are remembered. */
  readonly eventsMax: number;
  /** For so long, at most, seconds and events are told. */
  readonly ageMsMax: number;
}

const STEP_MS = 1000;
/** Seconds that are remembered at most. */
const SECONDS_MAX = 3600;

export class History {
  readonly #parts: HistoryParts;
  readonly #seconds: Float64Array;
  readonly #events: HistoryEvent[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #startedAtMs: number;
  /** Called each second. */
  onSecond: () => void = () => undefined;
  /** Seconds since the start that are written down. */
  #count = 0;
  #lastMessages = 0;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    this.#seconds = new Float64Array(Math.min(SECONDS_MAX, Math.ceil(parts.ageMsMax / STEP_MS)));
    this.#startedAtMs = parts.now();
    this.#timer = setInterval(() => this.tick(), STEP_MS).unref();
  }

  /** Messages in the last second that is over. */
  get lastPerSecond(): number {
    return this.#count === 0 ? 0 : (this.#seconds[(this.#count - 1) % this.#seconds.length] as number);
  }

  /** Something came or went. */
  add(kind: Happening, server: string, details: { readonly peer?: string; readonly service?: string } = {}): void {
    this.#events.push({ time: Date.now() / 1000, kind, server, ...details });
    if (this.#events.length > this.#parts.eventsMax * 1.25)
      this.#events.splice(0, this.#events.length - this.#parts.eventsMax);
  }

  /** Time has passed: writes down the seconds that are over. A daemon that had no time itself spreads what it missed. */
  tick(): void {
    const over = Math.floor((this.#parts.now() - this.#startedAtMs) / STEP_MS);
    const missing = over - this.#count;
    if (missing <= 0) return;
    const messages = this.#parts.messageCount();
    const each = (messages - this.#lastMessages) / missing;
    this.#lastMessages = messages;
    for (let second = Math.max(this.#count, over - this.#seconds.length); second < over; second++)
      this.#seconds[second % this.#seconds.length] = each;
    this.#count = over;
    this.onSecond();
  }

  /** @param since Unix seconds; undefined: all that is remembered. @param eventsMax of them, the newest */
  read(since: number | undefined, eventsMax: number): HistoryDocument {
    this.tick();
    const { length } = this.#seconds;
    // Seconds are those of the monotonic clock: the last one that is over ended so long ago.
    const openMs = this.#parts.now() - this.#startedAtMs - this.#count * STEP_MS;
    const end = (Date.now() - openMs) / 1000;
    const oldest = Math.max(0, this.#count - length);
    const wanted = since === undefined ? oldest : this.#count - Math.ceil(Math.max(0, end - since));
    const first = Math.min(this.#count, Math.max(oldest, wanted));
    const messages: number[] = [];
    for (let second = first; second < this.#count; second++)
      messages.push(Math.round((this.#seconds[second % length] as number) * 10) / 10);
    const oldestTime = Math.max(since ?? 0, Date.now() / 1000 - this.#parts.ageMsMax / 1000);
    const events = this.#events.filter(({ time }) => time >= oldestTime).slice(-eventsMax);
    return { start: end - messages.length, step: 1, messages, events };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
