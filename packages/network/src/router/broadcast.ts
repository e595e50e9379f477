// Broadcasts: each node has each message once and in the order of its origin, also while links come and go.
//
// A message follows the tree of shortest paths from its origin, which all nodes compute alike. While they do not, some
// miss it or get it twice: what comes twice is known by its number; what is missing is noticed because neighbours tell
// each other how far they have come, and is fetched from the neighbour that has it, within a window.

import {
  type BroadcastState,
  type DataFrame,
  type FetchFrame,
  type Frame,
  HOPS_MAX,
  type Instance,
  nodeOf,
  type ScopeMark,
  type VectorFrame,
} from '../frame/frame.ts';
import { Alarms } from './alarms.ts';
import type { Port } from './machine.ts';

export interface BroadcastOptions {
  /** What can be given again: so many messages of one origin, for so long, and so many bytes of all. */
  readonly windowCount: number;
  readonly windowMs: number;
  readonly windowBytesMax: number;
  /** After news, neighbours are told so much later how far this node has come. */
  readonly vectorDelayMs: number;
  /** What a neighbour has and this node does not is given so long to arrive by itself. */
  readonly patienceMs: number;
  /** A node that is younger takes what its first neighbour has as the past, which is not for it. */
  readonly youthMs: number;
  /** Origins, in all their lives, of which is remembered how far they had come. */
  readonly seriesMax: number;
  /** Messages that one request fetches. */
  readonly fetchMax: number;
}

export const BROADCAST_OPTIONS: BroadcastOptions = {
  windowCount: 10_000,
  windowMs: 60_000,
  windowBytesMax: 64 * 1024 * 1024,
  vectorDelayMs: 50,
  patienceMs: 20,
  youthMs: 5000,
  seriesMax: 65_536,
  fetchMax: 1000,
};

/** What an unknown origin is said to have sent is kept in mind for so long, and looked at so often; so many of them. */
const DOUBT_MS = 5000;
const DOUBT_RETRY_MS = 250;
const DOUBTS_MAX = 1000;

export interface BroadcastParts {
  readonly self: Instance;
  readonly options: BroadcastOptions;
  readonly isKnown: (origin: Instance) => boolean;
  /** The ports to the children of this node in the tree of an origin; all links while no tree is known. */
  readonly childrenOf: (origin: Instance, scope: ScopeMark) => readonly Port[];
  /** Links over which there is an adjacency in full. */
  readonly links: () => Iterable<Port>;
  /** Whether broadcasts of a scope go over a link: `?` ends where the area does. */
  readonly isWithin: (link: Port, scope: ScopeMark) => boolean;
  readonly send: (link: Port, frame: Frame) => void;
  readonly deliver: (frame: DataFrame) => void;
}

export interface BroadcastCounters {
  delivered: number;
  repeats: number;
  fetched: number;
  /** Messages that could not be had from anybody any more. */
  missed: number;
  /** Frames whose origin nobody knows, or that should have ended at the border of their area. */
  unknownOrigins: number;
}

interface Held {
  readonly frame: DataFrame;
  readonly atMs: number;
}

/** What is known of the broadcasts of one origin in one scope. */
interface Series {
  readonly origin: Instance;
  readonly scope: ScopeMark;
  /** All up to here were delivered, or are missed for ever. */
  done: number;
  /** All from here up to `done` are held, if it is not beyond. */
  low: number;
  /** What can be given again, and what waits for something before it. */
  readonly held: Map<number, Held>;
  /** What a neighbour has beyond this node. */
  wanted: { readonly link: Port; readonly low: number; readonly high: number; readonly askAtMs: number } | undefined;
}

export class Broadcast {
  readonly #parts: BroadcastParts;
  readonly #bornAtMs: number;
  /** Whether a neighbour has said what went before this node was there. */
  #hasPast = false;
  readonly #series = new Map<string, Series>();
  /** Series about which neighbours are to be told. */
  readonly #news = new Set<Series>();
  /** When each series wants to be looked at. */
  readonly #alarms = new Alarms<Series>();
  #tellAtMs = Number.POSITIVE_INFINITY;
  #heldBytes = 0;
  /** What neighbours have of origins that are not known: who has just started abroad may be heard of a little later. */
  #doubts: { readonly link: Port; readonly state: BroadcastState; readonly untilMs: number }[] = [];
  #doubtAtMs = Number.POSITIVE_INFINITY;
  readonly counters: BroadcastCounters = { delivered: 0, repeats: 0, fetched: 0, missed: 0, unknownOrigins: 0 };

  constructor(parts: BroadcastParts, now: number) {
    this.#parts = parts;
    this.#bornAtMs = now;
  }

  /** Sends a message of this machine to all. @returns its number */
  send(scope: ScopeMark, payload: Uint8Array, now: number): number {
    const { self } = this.#parts;
    const series = this.#seriesOf(self, scope);
    const sequence = ++series.done;
    const frame: DataFrame = {
      kind: 'data',
      hops: HOPS_MAX,
      origin: self,
      last: scope,
      stream: 0,
      base: 0,
      sequence,
      count: 1,
      id: undefined,
      payload,
    };
    this.#hold(series, frame, now);
    this.#pass(frame, undefined);
    this.#tell(series, now);
    return sequence;
  }

  receive(link: Port, frame: DataFrame, now: number): void {
    const { self, isKnown, isWithin } = this.#parts;
    const scope = frame.last as ScopeMark;
    if (!isKnown(frame.origin) || !isWithin(link, scope)) {
      this.counters.unknownOrigins++;
      return;
    }
    const series = this.#seriesOf(frame.origin, scope);
    if (frame.origin === self || frame.sequence <= series.done || series.held.has(frame.sequence)) {
      this.counters.repeats++;
      return;
    }
    // In bytes of its own: those of the frame are part of a read, which would be held as a whole, or written into again.
    this.#hold(series, { ...frame, payload: new Uint8Array(frame.payload) }, now);
    if (frame.hops > 0) this.#pass({ ...frame, hops: frame.hops - 1 }, link);
    this.#advance(series);
    this.#tell(series, now);
  }

  /** An adjacency is full: says how far everything has come. */
  linkUp(link: Port): void {
    const { isKnown, self } = this.#parts;
    const known = [...this.#series.values()].filter(({ origin }) => isKnown(origin) || origin === self);
    this.#sayHowFar(link, true, known);
  }

  receiveVector(link: Port, frame: VectorFrame, now: number): void {
    // Later ones of its youth may name what was sent since it is there, and is still under way.
    const isPast = frame.isWhole && !this.#hasPast && now - this.#bornAtMs < this.#parts.options.youthMs;
    this.#hasPast ||= frame.isWhole;
    const { self, isKnown, isWithin } = this.#parts;
    for (const state of frame.states) {
      if (state.origin === self || !isWithin(link, state.scope)) continue;
      if (isKnown(state.origin)) this.#compare(link, state, isPast, now);
      else if (this.#doubts.length < DOUBTS_MAX) {
        this.#doubts.push({ link, state, untilMs: now + DOUBT_MS });
        this.#doubtAtMs = Math.min(this.#doubtAtMs, now + DOUBT_RETRY_MS);
      }
    }
  }

  /** A neighbour has come so far. */
  #compare(link: Port, { origin, scope, low, high }: BroadcastState, isPast: boolean, now: number): void {
    const isNew = !this.#series.has(`${origin} ${scope}`);
    const series = this.#seriesOf(origin, scope);
    if (isNew && isPast) this.#skipTo(series, high);
    if (high <= series.done || (series.wanted !== undefined && series.wanted.high >= high)) return;
    const askAtMs = now + this.#parts.options.patienceMs;
    series.wanted = { link, low, high, askAtMs };
    this.#alarms.setNoLater(series, askAtMs);
  }

  /** Looks whether origins that were not known have been heard of meanwhile. */
  #resolveDoubts(now: number): void {
    if (this.#doubtAtMs > now) return;
    const doubts = this.#doubts;
    this.#doubts = [];
    for (const doubt of doubts) {
      if (this.#parts.isKnown(doubt.state.origin)) this.#compare(doubt.link, doubt.state, false, now);
      else if (doubt.untilMs > now) this.#doubts.push(doubt);
    }
    this.#doubtAtMs = this.#doubts.length === 0 ? Number.POSITIVE_INFINITY : now + DOUBT_RETRY_MS;
  }

  receiveFetch(link: Port, { origin, scope, range }: FetchFrame): void {
    const series = this.#series.get(`${origin} ${scope}`);
    if (series === undefined || !this.#parts.isWithin(link, scope)) return;
    const last = Math.min(range[1], range[0] + this.#parts.options.fetchMax - 1);
    for (let number = range[0]; number <= last; number++) {
      const held = series.held.get(number);
      if (held !== undefined) this.#parts.send(link, { ...held.frame, hops: HOPS_MAX });
    }
  }

  /** A life of a node is over, or seems to be: nobody asks for what it said, but how far it had come is remembered. */
  end(origin: Instance): void {
    for (const scope of ['*', '?'] as const) {
      const series = this.#series.get(`${origin} ${scope}`);
      if (series === undefined) continue;
      for (const number of [...series.held.keys()]) this.#drop(series, number);
      series.wanted = undefined;
      this.#news.delete(series);
      this.#alarms.clear(series);
    }
  }

  wake(now: number): void {
    this.#resolveDoubts(now);
    for (let series = this.#alarms.take(now); series !== undefined; series = this.#alarms.take(now)) {
      this.#fetch(series, now);
      this.#forgetOld(series, now);
      this.#alarms.setNoLater(series, this.#deadlineOf(series));
    }
    if (this.#tellAtMs > now) return;
    this.#tellAtMs = Number.POSITIVE_INFINITY;
    const news = [...this.#news];
    this.#news.clear();
    for (const link of this.#parts.links()) this.#sayHowFar(link, false, news);
  }

  #sayHowFar(link: Port, isWhole: boolean, about: readonly Series[]): void {
    const within = about.filter(({ scope }) => this.#parts.isWithin(link, scope));
    if (within.length === 0 && !isWhole) return;
    this.#parts.send(link, { kind: 'vector', isWhole, states: within.map((series) => this.#stateOf(series)) });
  }

  nextDeadline(): number {
    return Math.min(this.#tellAtMs, this.#doubtAtMs, this.#alarms.next());
  }

  /** When a series has to ask for something, or may forget its oldest message. */
  #deadlineOf({ wanted, held }: Series): number {
    const oldest: Held | undefined = held.values().next().value;
    const forgetAtMs = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.atMs + this.#parts.options.windowMs;
    return Math.min(wanted?.askAtMs ?? Number.POSITIVE_INFINITY, forgetAtMs);
  }

  #seriesOf(origin: Instance, scope: ScopeMark): Series {
    const key = `${origin} ${scope}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      for (const [oldest, { origin: past }] of this.#series) {
        if (this.#series.size < this.#parts.options.seriesMax) break;
        if (!this.#parts.isKnown(past)) this.#series.delete(oldest);
      }
      series = { origin, scope, done: 0, low: 1, held: new Map(), wanted: undefined };
      this.#series.set(key, series);
    }
    return series;
  }

  #pass(frame: DataFrame, except: Port | undefined): void {
    const links = this.#parts.childrenOf(frame.origin, frame.last as ScopeMark);
    for (const link of links) if (link !== except) this.#parts.send(link, frame);
  }

  /** Delivers what is in order now. */
  #advance(series: Series): void {
    for (let held = series.held.get(series.done + 1); held !== undefined; held = series.held.get(series.done + 1)) {
      series.done++;
      this.counters.delivered++;
      this.#parts.deliver(held.frame);
    }
    if (series.wanted !== undefined && series.wanted.high <= series.done) series.wanted = undefined;
  }

  /** Asks the neighbour that has more, once what it has had its time to come by itself. */
  #fetch(series: Series, now: number): void {
    const { wanted } = series;
    if (wanted === undefined || wanted.askAtMs > now) return;
    series.wanted = undefined;
    if (wanted.low > series.done + 1) {
      this.#giveUp(series, wanted.low - 1);
      this.#tell(series, now);
    }
    if (series.done >= wanted.high) return;
    const range = [series.done + 1, wanted.high] as const;
    this.counters.fetched++;
    this.#parts.send(wanted.link, { kind: 'fetch', origin: series.origin, scope: series.scope, range });
    const next = wanted.high - series.done > this.#parts.options.fetchMax;
    if (next) series.wanted = { ...wanted, askAtMs: now + this.#parts.options.patienceMs * 5 };
  }

  /** Numbers up to `last` are given up, but for those that are here; these are delivered. */
  #giveUp(series: Series, last: number): void {
    const here = [...series.held.keys()].filter((number) => number > series.done && number <= last);
    for (const number of [...here.sort((a, b) => a - b), last + 1]) {
      if (number - 1 > series.done) {
        this.counters.missed += number - 1 - series.done;
        this.#skipTo(series, number - 1);
      }
      this.#advance(series);
    }
  }

  /** What comes before is the past, and cannot be given to anybody. */
  #skipTo(series: Series, done: number): void {
    series.done = done;
    series.low = done + 1;
  }

  #hold(series: Series, frame: DataFrame, now: number): void {
    series.held.set(frame.sequence, { frame, atMs: now });
    this.#alarms.setNoLater(series, now + this.#parts.options.windowMs);
    this.#heldBytes += frame.payload.length;
    const { windowCount, windowBytesMax } = this.#parts.options;
    while (series.held.size > windowCount || this.#heldBytes > windowBytesMax) {
      const oldest = series.held.keys().next().value;
      if (oldest === undefined || oldest === frame.sequence) return;
      this.#drop(series, oldest);
    }
  }

  #drop(series: Series, number: number): void {
    this.#heldBytes -= series.held.get(number)?.frame.payload.length ?? 0;
    series.held.delete(number);
    // What has not had its turn is fetched again.
    if (number <= series.done) series.low = Math.max(series.low, number + 1);
  }

  #forgetOld(series: Series, now: number): void {
    for (const [number, { atMs }] of series.held) {
      if (atMs + this.#parts.options.windowMs > now) return;
      if (number > series.done) {
        // It waited as long as anything is held for what was before it.
        this.#giveUp(series, number);
        this.#tell(series, now);
      }
      this.#drop(series, number);
    }
  }

  #tell(series: Series, now: number): void {
    this.#news.add(series);
    this.#tellAtMs = Math.min(this.#tellAtMs, now + this.#parts.options.vectorDelayMs);
  }

  /** What is there without a gap, up to what was done. */
  #stateOf({ origin, scope, done, low }: Series): BroadcastState {
    return { origin, scope, low: Math.min(low, done + 1), high: done };
  }
}

export const broadcastIdOf = ({ origin, last, sequence }: DataFrame): string => broadcastId(origin, last, sequence);

/** Numbers are given out for each scope by itself, so the scope is in the id. */
export const broadcastId = (origin: Instance, scope: string, sequence: number): string =>
  `${nodeOf(origin)}.${origin.slice(nodeOf(origin).length + 1)}.${scope}.${sequence}`;
