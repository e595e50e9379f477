// How much passes this daemon: messages per second of services, commands, flows and links, from recorder and links.

import type { Traffic } from '@snapcommunicator/network/story';
import type { History } from './history.ts';
import { isLater } from './outcomes.ts';
import type { Recorder } from './recorder.ts';

/** What a link has carried since it came up. */
export interface LinkCarried {
  readonly messagesOut: number;
  readonly messagesIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

export interface TrafficLink {
  readonly port: number;
  readonly server: string;
  readonly carried: LinkCarried;
  /** Per second, lately: for who asks for the first time. */
  readonly rates: LinkCarried | undefined;
}

export interface TrafficParts {
  readonly recorder: Recorder;
  readonly history: History;
  readonly links: () => Iterable<TrafficLink>;
  /** Milliseconds since any start. */
  readonly now: () => number;
}

/** How things stood when somebody asked. */
interface Baseline {
  readonly atMs: number;
  readonly number: number;
  readonly messages: number;
  readonly links: ReadonlyMap<number, LinkCarried>;
}

interface Tally {
  messages: number;
  bytes: number;
}

/** So many of those who ask are remembered, and for how long. */
const CALLERS_MAX = 64;
const MEMORY_MS = 60_000;
/** Rates over less time than this say little: then those of the last second are told. */
const SPAN_MS_MIN = 900;
const LAST_MS = 1000;
/** So many records are looked at for one answer; of more, every so manieth. */
const SAMPLES_MAX = 65_536;

export class TrafficMeter {
  readonly #parts: TrafficParts;
  readonly #baselines = new Map<unknown, Baseline>();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /**
   * The traffic since the same caller asked last, or of the last second.
   * @param rowsMax rows of each kind, busiest first
   */
  read(caller: unknown, rowsMax: number): Traffic {
    const { recorder, now } = this.#parts;
    const before = this.#baselineOf(caller);
    const links = [...this.#parts.links()];
    const next: Baseline = {
      atMs: now(),
      number: recorder.nextNumber,
      messages: recorder.messageCount,
      links: new Map(links.map(({ port, carried }) => [port, carried])),
    };
    const since = before ?? this.#lastSecond(next);
    const seconds = (next.atMs - since.atMs) / 1000;
    const { flows, share, isSampled, bytes } = this.#tally(since.number, next.number, next.messages - since.messages);
    const rate = (count: number): number => rounded((count * share) / seconds);
    const answer: Traffic = {
      time: Date.now() / 1000,
      seconds: rounded(seconds),
      isSampled,
      messages: rounded((next.messages - since.messages) / seconds),
      bytes: rate(bytes),
      services: this.#services(flows, rate, rowsMax),
      commands: busiest(this.#commands(flows), rowsMax, rate),
      flows: [...flows]
        .sort(([, a], [, b]) => b.messages - a.messages)
        .slice(0, rowsMax)
        .map(([id, tally]) => ({ ...recorder.flow(id), messages: rate(tally.messages), bytes: rate(tally.bytes) })),
      links: links.map((link) => ({ server: link.server, ...ratesOf(link, before, next.atMs) })),
    };
    if (before === undefined || seconds * 1000 >= SPAN_MS_MIN) this.#remember(caller, next);
    return answer;
  }

  #baselineOf(caller: unknown): Baseline | undefined {
    const known = this.#baselines.get(caller);
    if (known === undefined) return undefined;
    const ageMs = this.#parts.now() - known.atMs;
    return ageMs >= SPAN_MS_MIN && ageMs <= MEMORY_MS ? known : undefined;
  }

  #remember(caller: unknown, baseline: Baseline): void {
    const known = this.#baselines.get(caller);
    // Who asks often is answered over the last second, and its time goes on counting.
    if (known !== undefined && baseline.atMs - known.atMs < SPAN_MS_MIN) return;
    this.#baselines.delete(caller);
    this.#baselines.set(caller, baseline);
    for (const oldest of this.#baselines.keys()) {
      if (this.#baselines.size <= CALLERS_MAX) break;
      this.#baselines.delete(oldest);
    }
  }

  /** How things stood a second ago: exactly, if the recorder holds all since then. */
  #lastSecond({ atMs, number, messages }: Baseline): Baseline {
    const { recorder, history } = this.#parts;
    const oldest = recorder.oldestNumber;
    let first = number;
    let low = oldest;
    while (low < first) {
      const middle = Math.floor((low + first) / 2);
      if (recorder.ageAt(middle) > LAST_MS) low = middle + 1;
      else first = middle;
    }
    const links = new Map<number, LinkCarried>();
    if (first > oldest || oldest === 0) {
      let later = 0;
      for (let at = first; at < number; at++) if (isLater(recorder.wordAt(at))) later++;
      return { atMs: atMs - LAST_MS, number: first, messages: messages - (number - first - later), links };
    }
    return { atMs: atMs - LAST_MS, number: first, messages: messages - history.lastPerSecond, links };
  }

  /** Adds up records by flow. @param messages how many there were: a sample stands for all */
  #tally(start: number, end: number, messages: number) {
    const { recorder } = this.#parts;
    const first = Math.max(start, recorder.oldestNumber);
    const step = Math.max(1, Math.ceil((end - first) / SAMPLES_MAX));
    const flows = new Map<number, Tally>();
    let counted = 0;
    let bytes = 0;
    for (let number = first; number < end; number += step) {
      if (isLater(recorder.wordAt(number))) continue;
      const id = recorder.flowIdAt(number);
      const size = recorder.bytesAt(number);
      let tally = flows.get(id);
      if (tally === undefined) {
        tally = { messages: 0, bytes: 0 };
        flows.set(id, tally);
      }
      tally.messages++;
      tally.bytes += size;
      counted++;
      bytes += size;
    }
    const isSampled = step > 1 || first > start;
    return { flows, bytes, isSampled, share: isSampled && counted > 0 ? messages / counted : 1 };
  }

  #services(flows: ReadonlyMap<number, Tally>, rate: (count: number) => number, rowsMax: number) {
    const services = new Map<string, { sent: number; received: number }>();
    const of = (name: string): { sent: number; received: number } => {
      let counts = services.get(name);
      if (counts === undefined) {
        counts = { sent: 0, received: 0 };
        services.set(name, counts);
      }
      return counts;
    };
    for (const [id, { messages }] of flows) {
      const { from, to } = this.#parts.recorder.flow(id);
      if (from !== '') of(from).sent += messages;
      if (!isBroadcast(to)) of(to).received += messages;
    }
    return [...services]
      .sort(([, a], [, b]) => b.sent + b.received - a.sent - a.received)
      .slice(0, rowsMax)
      .map(([service, { sent, received }]) => ({ service, sent: rate(sent), received: rate(received) }));
  }

  #commands(flows: ReadonlyMap<number, Tally>): Map<string, Tally> {
    const commands = new Map<string, Tally>();
    for (const [id, { messages, bytes }] of flows) {
      const { command } = this.#parts.recorder.flow(id);
      const tally = commands.get(command);
      if (tally === undefined) commands.set(command, { messages, bytes });
      else {
        tally.messages += messages;
        tally.bytes += bytes;
      }
    }
    return commands;
  }
}

function busiest(tallies: ReadonlyMap<string, Tally>, rowsMax: number, rate: (count: number) => number) {
  return [...tallies]
    .sort(([, a], [, b]) => b.messages - a.messages)
    .slice(0, rowsMax)
    .map(([command, { messages, bytes }]) => ({ command, messages: rate(messages), bytes: rate(bytes) }));
}

const NOTHING: LinkCarried = { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0 };

/** A link that came up since is counted from its beginning. */
function ratesOf({ port, carried, rates }: TrafficLink, before: Baseline | undefined, atMs: number): LinkCarried {
  if (before === undefined) return rates ?? NOTHING;
  const base = before.links.get(port) ?? NOTHING;
  const seconds = (atMs - before.atMs) / 1000;
  const rate = (key: keyof LinkCarried): number => rounded((carried[key] - base[key]) / seconds);
  return {
    messagesOut: rate('messagesOut'),
    messagesIn: rate('messagesIn'),
    bytesOut: rate('bytesOut'),
    bytesIn: rate('bytesIn'),
  };
}

const isBroadcast = (to: string): boolean => /:[.?*]?$/.test(to) || to === '';
const rounded = (value: number): number => Math.round(value * 100) / 100;
