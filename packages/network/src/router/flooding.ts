// Flooding: every link state reaches every node of the area, over links that keep order and lose nothing while they stand.
//
// When a link comes up both sides compare digests and send what the other lacks; from then on what is new goes to all
// neighbours but the one it came from. Hellos carry a hash of the database, so a difference that stays is found.

import type { DigestFrame, LinkFrame, NodeId, UpdateFrame } from '../frame/frame.ts';
import type { Adjacencies } from './adjacencies.ts';
import type { Adjacency } from './adjacency.ts';
import type { Change, Database } from './database.ts';
import { startIn } from './link-state.ts';
import type { Port } from './machine.ts';
import { TokenBucket } from './token-bucket.ts';

export interface FloodingOptions {
  /** Updates that a link may bring, a second in the long run, and at once. What is beyond it is refused and counted. */
  readonly updatesPerSecondMax: number;
  readonly updatesBurstMax: number;
}

/** All of a full database at once, and then more than a thousand nodes that change as fast as they may. */
export const FLOODING_OPTIONS: FloodingOptions = { updatesPerSecondMax: 10_000, updatesBurstMax: 40_000 };

export interface FloodingCounters {
  /** Updates that brought something new. */
  accepted: number;
  /** Updates beyond the limits on a link state or on the number of nodes. */
  refused: number;
  /** Updates beyond the limit on their rate. */
  throttled: number;
}

export interface FloodingParts {
  /** What is flooded: link states, within the area; or summaries, everywhere. */
  readonly about: UpdateFrame['kind'];
  readonly self: NodeId;
  readonly options: FloodingOptions;
  readonly database: Database;
  readonly adjacencies: Adjacencies;
  readonly send: (link: Port, frame: LinkFrame) => void;
  /** A link state is new, or newer. */
  readonly changed: (change: Change, now: number) => void;
  /** Somebody has heard more of this node than it said itself in this life. */
  readonly outbid: (heardIncarnation: number) => void;
  /** And it was under the number that this life bears as well. */
  readonly lifeTaken: (heardIncarnation: number) => void;
}

export class Flooding {
  readonly #parts: FloodingParts;
  readonly #buckets = new WeakMap<Adjacency, TokenBucket>();
  readonly counters: FloodingCounters = { accepted: 0, refused: 0, throttled: 0 };

  constructor(parts: FloodingParts) {
    this.#parts = parts;
  }

  /** Says what is here. */
  sendDigest(link: Port, wantsAnswer: boolean): void {
    const { send, database } = this.#parts;
    send(link, { kind: this.#digestKind, isWhole: true, wantsAnswer, entries: database.digest() });
  }

  /** A neighbour said what it has. */
  receiveDigest(link: Port, frame: DigestFrame): void {
    const { send, database, about } = this.#parts;
    for (const update of database.lacking(frame.entries, frame.isWhole)) send(link, { ...update, kind: about });
    if (frame.wantsAnswer) this.sendDigest(link, false);
  }

  receiveUpdate(link: Port, update: UpdateFrame, now: number): void {
    // Nothing is lost for good: once it is quiet, hellos show that the databases differ.
    if (!this.#isWithinRate(link, now)) {
      this.counters.throttled++;
      return;
    }
    const { self, database, send, changed } = this.#parts;
    const { origin } = update;
    if (origin === self) return this.#receiveOwn(update);
    const result = database.accept(update);
    if (result === 'gap') {
      const known = database.get(origin);
      const entry = { origin, incarnation: known?.incarnation ?? 0, sequence: known?.sequence ?? 0 };
      send(link, { kind: this.#digestKind, isWhole: false, wantsAnswer: false, entries: [entry] });
    }
    if (result === 'refused') this.counters.refused++;
    if (typeof result === 'string') return;
    this.counters.accepted++;
    changed(result, now);
    this.spread(update, link);
  }

  #receiveOwn(update: UpdateFrame): void {
    const { database, outbid, lifeTaken } = this.#parts;
    const { own } = database;
    const { incarnation, sequence } = update;
    const isLater = incarnation > own.incarnation || (incarnation === own.incarnation && sequence > own.sequence);
    if (isLater && startIn(update) === own.facts.start) lifeTaken(incarnation);
    // What an earlier life said is taken back by saying something, if only nothing.
    else if (isLater || own.sequence === 0) outbid(isLater ? incarnation : own.incarnation - 1);
  }

  #isWithinRate(link: Port, now: number): boolean {
    const { adjacencies, options } = this.#parts;
    const adjacency = adjacencies.get(link);
    if (adjacency === undefined) return false;
    let bucket = this.#buckets.get(adjacency);
    if (bucket === undefined) {
      bucket = new TokenBucket(options.updatesPerSecondMax, options.updatesBurstMax, now);
      this.#buckets.set(adjacency, bucket);
    }
    return bucket.take(now);
  }

  /** Sends an update to all neighbours that it is for, but not to the one it came from. */
  spread(update: UpdateFrame, except: Port | undefined): void {
    const { about, adjacencies, send } = this.#parts;
    const frame = update.kind === about ? update : { ...update, kind: about };
    for (const [link, adjacency] of adjacencies.entries()) {
      if (link !== except && adjacency.state !== 'closed' && this.#isFor(adjacency)) send(link, frame);
    }
  }

  #isFor({ peer }: Adjacency): boolean {
    return this.#parts.about === 'summary' || peer.isInArea;
  }

  get #digestKind(): DigestFrame['kind'] {
    return this.#parts.about === 'summary' ? 'summary-digest' : 'digest';
  }
}
