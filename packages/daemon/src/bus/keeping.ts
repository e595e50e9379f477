// Carries out what the keeper decides: gives kept messages to services that come, writes the store, sets the timer.

import type { Instance } from '@snapcommunicator/network/frame';
import type { Entry, Keeper, KeeperEffect, KeepRefusal, KeptEntry } from '@snapcommunicator/network/keeper';
import { decodeRecord, encodeRecord } from '@snapcommunicator/network/keeper';
import { decodeLine, encodeMessage } from 'snapcommunicator/wire';
import type { LineContext } from '../graph/remote-nodes.ts';
import { frameIdOf } from '../recorder/message-id.ts';
import type { Reason } from '../recorder/outcomes.ts';
import type { Store } from '../store/store.ts';
import type { Destination } from '../switch/destination.ts';
import type { Output } from '../switch/output.ts';

export interface KeepingEvents {
  cached(entry: KeptEntry): void;
  expired(entry: KeptEntry, isReported: boolean): void;
  dropped(entry: KeptEntry, reason: 'store' | 'stopping', isReported: boolean): void;
  /** The destination's socket has it. Called for those whose sender asked, and for durable ones. */
  delivered(entry: KeptEntry): void;
  /** It was given out: to a service of this machine, or into what leads to another. @param word see `Output.lastOutcome` */
  givenOut(entry: KeptEntry, outcome: 'delivered' | 'sent', word?: number): void;
  /** It waits here again. @param isNews whether its stream does not count that by itself */
  cameBack(entry: KeptEntry, reason: Reason, isNews: boolean): void;
  /** The daemon that it went to says that its service has it. */
  confirmed(entry: KeptEntry): void;
  storeFailed(error: unknown): void;
  /** A durable message is on disk, and may go to its service if that is there. */
  stored(entry: KeptEntry): void;
  /** A record of the store was damaged, and is removed. */
  unreadable(key: string): void;
}

/** So many bytes are taken from the keeper at a time. */
const BATCH_BYTES = 262_144;
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Keeping {
  readonly #keeper: Keeper;
  readonly #output: Output;
  readonly #events: KeepingEvents;
  readonly #now: () => number;
  readonly #instance: Instance;
  #store: Store | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  /** Whether the last write of a durable message succeeded, or there was none. */
  isStoreWell = true;

  /** @param instance this life of the node */
  constructor(keeper: Keeper, output: Output, events: KeepingEvents, now: () => number, instance: Instance) {
    this.#keeper = keeper;
    this.#output = output;
    this.#events = events;
    this.#now = now;
    this.#instance = instance;
  }

  get keeper(): Keeper {
    return this.#keeper;
  }

  /** Takes over what the store holds. Call before anything else is kept. */
  restore(store: Store): void {
    this.#store = store;
    const unixMs = Date.now();
    const now = this.#now();
    const entries = [];
    for (const { key, bytes } of store.entries()) {
      const entry = decodeRecord(bytes, unixMs, now);
      if (entry !== undefined) entries.push(entry);
      else this.#discard(key);
    }
    this.#keeper.restore(entries, now);
    this.#carryOut();
  }

  /** A record that nobody can read, of a later version say, or damaged. */
  #discard(key: string): void {
    this.#events.unreadable(key);
    this.#store?.delete(key).catch((error: unknown) => this.#events.storeFailed(error));
  }

  hasKept(queues: readonly string[]): boolean {
    return queues.some((queue) => this.#keeper.hasKept(queue));
  }

  keep(entry: Entry): 'kept' | KeepRefusal {
    const result = this.#keeper.keep(entry, this.#now());
    this.#carryOut();
    return result;
  }

  /**
   * Gives the destination what is kept in these queues, as long as it takes it.
   * @param outcome whether it is a service of this machine. @returns how many it was given
   */
  drain(queues: readonly string[], destination: Destination, outcome: 'delivered' | 'sent' = 'delivered'): number {
    let given = 0;
    while (destination.state === 'open' && this.hasKept(queues)) {
      const entries = this.#keeper.take(queues, BATCH_BYTES, this.#now());
      if (entries.length === 0) break;
      const rest = this.#give(entries, destination, outcome);
      given += entries.length - rest.length;
      if (rest.length > 0) {
        this.#keeper.putBack(rest, this.#now(), false);
        break;
      }
    }
    this.#carryOut();
    return given;
  }

  /**
   * Gives out what waits in these queues to other nodes, oldest first, each message where `targetOf` says, until one must
   * go on waiting.
   */
  drainEach(queues: readonly string[], targetOf: (entry: KeptEntry) => Destination | undefined): void {
    while (this.hasKept(queues)) {
      const [entry] = this.#keeper.take(queues, 1, this.#now());
      if (entry === undefined) continue;
      const destination = targetOf(entry);
      if (destination?.state === 'open' && this.#sendOn(entry, destination)) continue;
      this.#keeper.putBack([entry], this.#now(), false);
      break;
    }
    this.#carryOut();
  }

  /** Gives out so many places in the order of arrival, for messages that go straight on. */
  reserve(count: number): number {
    return this.#keeper.reserve(count);
  }

  /** Another node has taken a message that was given out. @param isDelivered it says that its service has it */
  confirm(entry: KeptEntry, isDelivered = false): void {
    this.#keeper.delivered(entry.id);
    if (isDelivered) this.#events.confirmed(entry);
    this.#carryOut();
  }

  /** Messages came back, or seem to: they wait again, in their old places. */
  takeBack(entries: readonly KeptEntry[], mayHaveArrived: boolean, reason: Reason): void {
    for (const entry of entries) this.#putBack(entry, mayHaveArrived, reason);
    this.#carryOut();
  }

  #putBack(entry: KeptEntry, mayHaveArrived: boolean, reason: Reason): void {
    const { counters } = this.#keeper;
    const before = counters.putBack;
    this.#keeper.putBack([entry], this.#now(), mayHaveArrived);
    // Repeated calls change nothing.
    if (counters.putBack > before) this.#events.cameBack(entry, reason, reason !== 'returned' && reason !== 'unsent');
  }

  /** Drops what is in memory only, and closes the store once it has written all. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#keeper.close();
    this.#carryOut();
    await this.#store?.close();
  }

  /** Gives an entry to the stream to another node. */
  #sendOn(entry: KeptEntry, destination: Destination): boolean {
    const line = entry.isRedelivered ? markRedelivered(entry.bytes) : entry.bytes;
    const id = frameIdOf(String(entry.id), this.#instance);
    const context: LineContext = { deadlineMs: entry.deadlineMs, id, entry };
    if (this.#output.appendTracked(destination, line, undefined, undefined, context) !== 'queued') return false;
    this.#events.givenOut(entry, 'sent', this.#output.lastOutcome);
    return true;
  }

  /** Gives out entries in order; returns those from the first on that found no room. */
  #give(entries: readonly KeptEntry[], destination: Destination, outcome: 'delivered' | 'sent'): readonly KeptEntry[] {
    for (const [at, entry] of entries.entries()) {
      const line = entry.isRedelivered ? markRedelivered(entry.bytes) : entry.bytes;
      const isTracked = entry.isDurable || entry.report === 'always';
      const result = isTracked
        ? this.#output.appendTracked(destination, line, undefined, (isWritten) => this.#written(entry, isWritten))
        : this.#output.append(destination, line, undefined);
      if (result !== 'queued') return entries.slice(at);
      this.#events.givenOut(entry, outcome);
    }
    return [];
  }

  #written(entry: KeptEntry, isWritten: boolean): void {
    if (isWritten) {
      this.#keeper.delivered(entry.id);
      this.#events.delivered(entry);
    } else this.#putBack(entry, true, 'connection-lost');
    this.#carryOut();
  }

  #carryOut(): void {
    for (const effect of this.#keeper.takeEffects()) this.#carryOutOne(effect);
    this.#setTimer();
  }

  #carryOutOne(effect: KeeperEffect): void {
    switch (effect.kind) {
      case 'store-put':
        this.#put(effect.entry);
        break;
      case 'store-delete':
        this.#store?.delete(String(effect.id)).catch((error: unknown) => this.#events.storeFailed(error));
        break;
      case 'cached':
        this.#events.cached(effect.entry);
        break;
      case 'expired':
        this.#events.expired(effect.entry, effect.isReported);
        break;
      case 'dropped':
        this.#events.dropped(effect.entry, effect.reason, effect.isReported);
        break;
    }
  }

  #put(entry: KeptEntry): void {
    const record = encodeRecord(entry, Date.now(), this.#now());
    const put = this.#store?.put(String(entry.id), record) ?? Promise.reject(new Error('there is no store'));
    put
      .then(
        () => {
          this.isStoreWell = true;
          this.#keeper.stored(entry.id);
          this.#carryOut();
          this.#events.stored(entry);
        },
        (error: unknown) => {
          this.isStoreWell = false;
          this.#keeper.storeFailed(entry.id);
          this.#events.storeFailed(error);
        },
      )
      .finally(() => this.#carryOut());
  }

  #setTimer(): void {
    const deadline = this.#keeper.nextDeadline() ?? Number.POSITIVE_INFINITY;
    if (deadline === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#expire, Math.min(TIMER_MS_MAX, Math.max(0, deadline - this.#now()))).unref();
  }

  readonly #expire = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#keeper.expire(this.#now());
    this.#carryOut();
  };
}

/** The line with `redelivered=1`, by which a receiver knows that it may have had it before. */
function markRedelivered(bytes: Uint8Array): Uint8Array {
  const line = decodeLine(bytes, 0, bytes.length - 1);
  if (line.kind !== 'message') return bytes;
  return Buffer.from(
    `${encodeMessage({ ...line.message, parameters: { ...line.message.parameters, redelivered: '1' } })}\n`,
  );
}
