// Flooding: every link state reaches every node of the area, over links that keep order and lose nothing while they stand.
//
// When a link comes up both sides compare digests and send what the other lacks; from then on what is new goes to all
// neighbours but the one it came from. Hellos carry a hash of the database, so a difference that stays is found.

import type { DigestFrame, LinkFrame, NodeId, UpdateFrame } from '../frame/frame.ts';
import type { Adjacency } from './adjacency.ts';
import type { Change, Database } from './database.ts';
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
  readonly self: NodeId;
  readonly options: FloodingOptions;
  readonly database: Database;
  readonly adjacencies: ReadonlyMap<Port, Adjacency>;
  readonly send: (link: Port, frame: LinkFrame) => void;
  /** A link state is new, or newer. */
  readonly changed: (change: Change) => void;
  /** Somebody has heard more of this node than it said itself in this life. */
  readonly outbid: (heardIncarnation: number) => void;
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
    this.#parts.send(link, { kind: 'digest', isWhole: true, wantsAnswer, entries: this.#parts.database.digest() });
  }

  /** A neighbour said what it has. */
  receiveDigest(link: Port, frame: DigestFrame): void {
    for (const update of this.#parts.database.lacking(frame.entries, frame.isWhole)) this.#parts.send(link, update);
    if (frame.wantsAnswer) this.sendDigest(link, false);
  }

  receiveUpdate(link: Port, update: UpdateFrame, now: number): void {
    // Nothing is lost for good: once it is quiet, hellos show that the databases differ.
    if (!this.#isWithinRate(link, now)) {
      this.counters.throttled++;
      return;
    }
    const { self, database, send, changed, outbid } = this.#parts;
    const { origin, incarnation, sequence } = update;
    if (origin === self) {
      const { own } = database;
      if (incarnation > own.incarnation || (incarnation === own.incarnation && sequence > own.sequence))
        outbid(incarnation);
      return;
    }
    const result = database.accept(update);
    if (result === 'gap') {
      const known = database.get(origin);
      const entry = { origin, incarnation: known?.incarnation ?? 0, sequence: known?.sequence ?? 0 };
      send(link, { kind: 'digest', isWhole: false, wantsAnswer: false, entries: [entry] });
    }
    if (result === 'refused') this.counters.refused++;
    if (typeof result === 'string') return;
    this.counters.accepted++;
    changed(result);
    this.spread(update, link);
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

  /** Sends an update to all neighbours of the area but the one it came from. */
  spread(update: UpdateFrame, except: Port | undefined): void {
    for (const [link, { peer, state }] of this.#parts.adjacencies) {
      if (link !== except && peer.isInArea && state !== 'closed') this.#parts.send(link, update);
    }
  }
}
