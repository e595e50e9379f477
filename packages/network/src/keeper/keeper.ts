// Messages kept for later: their order, their time, their limits, and what the store must hold of them.
//
// A state machine without clock or input and output of its own. Each input may bring about effects, which the caller
// carries out after it: `for (const effect of keeper.takeEffects()) …`. A message that was kept ends in exactly one
// way: taken (then delivered, or put back), expired, or dropped with a reason.

import type { TtlLimits } from './cache-policy.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { DestinationQueue, Slot } from './destination-queue.ts';
import type { Entry, KeptEntry, MessageId, StoredEntry } from './entry.ts';

export { type CachePolicy, parseCachePolicy, parseReport, TTL_LIMITS, type TtlLimits } from './cache-policy.ts';
export type { Entry, KeptEntry, MessageId, ReportLevel, StoredEntry } from './entry.ts';
export { decodeRecord, encodeRecord } from './entry-record.ts';

export interface KeeperOptions extends TtlLimits {
  /** Messages in all, those included that were given out and are not confirmed yet. */
  readonly countMax: number;
  /** Bytes of their lines in all. */
  readonly bytesMax: number;
  /** Bytes of the lines that wait for one destination. */
  readonly bytesPerDestinationMax: number;
}

/** Which limit a message would have broken. */
export type KeepRefusal = 'count' | 'bytes' | 'destination-bytes';

/** Why a message was given up: the store failed, so a durable one could not be kept as asked; or the daemon stops. */
export type DropReason = 'store' | 'stopping';

/** What the caller must do. Outcomes come in any case, to be counted; `isReported` says whether the sender hears of it. */
export type KeeperEffect =
  /** Write it to the store, then call `stored(entry.id)` or `storeFailed(entry.id)`. */
  | { readonly kind: 'store-put'; readonly entry: KeptEntry }
  /** Remove it from the store, after all that was asked of it before. */
  | { readonly kind: 'store-delete'; readonly id: MessageId }
  /** The sender asked to hear that its message is kept: report `cached`. */
  | { readonly kind: 'cached'; readonly entry: KeptEntry }
  | { readonly kind: 'expired'; readonly entry: KeptEntry; readonly isReported: boolean }
  | { readonly kind: 'dropped'; readonly entry: KeptEntry; readonly reason: DropReason; readonly isReported: boolean };

/** Events since the start. At all times kept + restored + putBack = taken + expired + dropped + the number waiting. */
export interface KeeperCounters {
  kept: number;
  restored: number;
  taken: number;
  putBack: number;
  expired: number;
  dropped: number;
  readonly refused: Record<KeepRefusal, number>;
}

/** A durable message until it is delivered, expired or dropped. Its bytes count all that time. */
interface DurableState {
  entry: KeptEntry;
  /** Its place while it waits; absent while it is given out. */
  slot: Slot | undefined;
  store: 'pending' | 'stored' | 'failed';
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #queues = new Map<string, DestinationQueue>();
  readonly #deadlines = new DeadlineHeap<Slot>();
  readonly #durable = new Map<MessageId, DurableState>();
  readonly #counters: KeeperCounters = {
    kept: 0,
    restored: 0,
    taken: 0,
    putBack: 0,
    expired: 0,
    dropped: 0,
    refused: { count: 0, bytes: 0, 'destination-bytes': 0 },
  };
  #effects: KeeperEffect[] = [];
  #sequence = 0;
  #heldCount = 0;
  #heldBytes = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** How many messages wait. */
  get waitingCount(): number {
    return this.#deadlines.size;
  }

  /** How many messages are held: those that wait, and durable ones that were given out and are not confirmed. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** Bytes of the lines that are held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get counters(): Readonly<KeeperCounters> {
    return this.#counters;
  }

  /** Whether something waits for a destination: then newer messages for it must be kept as well, behind that. */
  hasKept(destination: string): boolean {
    return this.#queues.has(destination);
  }

  /** All destinations that something waits for. */
  *destinations(): Generator<{ readonly destination: string; readonly count: number; readonly bytes: number }> {
    for (const [destination, { count, bytes }] of this.#queues) yield { destination, count, bytes };
  }

  /** When `expire` has something to do; undefined while nothing waits. */
  nextDeadline(): number | undefined {
    return this.#deadlines.first()?.deadlineMs;
  }

  /** The effects since the last call, oldest first. */
  takeEffects(): KeeperEffect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /** Keeps a message behind all others for its destination, or says which limit stands against it. */
  keep(entry: Entry, now: number): 'kept' | KeepRefusal {
    const refusal = this.#refusal(entry);
    if (refusal !== undefined) {
      this.#counters.refused[refusal]++;
      return refusal;
    }
    const ttlMs = this.#ttlWithin(entry.ttlMs);
    const kept = this.#place(entry, ttlMs, now);
    this.#counters.kept++;
    this.#hold(kept);
    const slot = this.#append(kept);
    if (kept.isDurable) {
      this.#addDurable({ entry: kept, slot, store: 'pending' });
      this.#effects.push({ kind: 'store-put', entry: kept });
    } else if (kept.report !== 'none') {
      this.#effects.push({ kind: 'cached', entry: kept });
    }
    return 'kept';
  }

  /**
   * Gives a message its place in the order of arrival though it need not wait: should it come back, `putBack` knows
   * where it belongs. Only for messages that are not durable.
   */
  admit(entry: Entry, now: number): KeptEntry {
    if (entry.isDurable) throw new Error('A durable message must be kept before it is sent');
    this.#counters.kept++;
    this.#counters.taken++;
    return this.#place(entry, this.#ttlWithin(entry.ttlMs), now);
  }

  /** Gives out so many places in the order of arrival, for messages that need not wait. @returns the first */
  reserve(count: number): number {
    const first = this.#sequence;
    this.#sequence += count;
    return first;
  }

  /** As `admit`, for a message that has its place and its time already. */
  admitAt(entry: Entry, sequence: number, deadlineMs: number): KeptEntry {
    this.#counters.kept++;
    this.#counters.taken++;
    return { ...entry, sequence, deadlineMs, isRedelivered: false };
  }

  /**
   * Gives out the oldest messages for a destination, whose time is not over, in the order of their arrival, up to
   * `bytesMax` bytes; a first one that is larger comes alone, so that none is stuck for ever. With several destinations
   * that lead to the same instance (`images` and `n1:images`), theirs together, in one order. Durable ones stay held
   * until `delivered`; any that did not get through goes back by `putBack`.
   */
  take(destinations: string | readonly string[], bytesMax: number, now: number): KeptEntry[] {
    const names = typeof destinations === 'string' ? [destinations] : new Set(destinations);
    const taken: KeptEntry[] = [];
    let roomBytes = bytesMax;
    while (roomBytes > 0) {
      const slot = this.#oldest(names, now);
      if (slot === undefined) break;
      const { entry } = slot;
      if (taken.length > 0 && entry.bytes.length > roomBytes) break;
      roomBytes -= entry.bytes.length;
      this.#detach(slot);
      if (!entry.isDurable) this.#letGo(entry);
      this.#counters.taken++;
      taken.push(entry);
    }
    return taken;
  }

  /** A message reached its destination's socket. Only what is durable needs it; other ids may be told as well. */
  delivered(id: MessageId): void {
    const state = this.#durable.get(id);
    if (state === undefined) return;
    if (state.slot !== undefined) {
      // It was put back in the meantime: the word that it got through after all saves its sending again.
      this.#detach(state.slot);
      this.#counters.taken++;
    }
    this.#forgetDurable(state);
  }

  /**
   * Takes back messages that were given out and are known not to have been delivered, or, if durable, are not known to
   * have been: to their old places, before anything newer. Limits do not apply, for these were accepted already.
   *
   * @param mayHaveArrived false if none of them can have reached its destination, say because it had no room for them;
   *   else durable ones will be marked as redelivered
   */
  putBack(entries: readonly KeptEntry[], now: number, mayHaveArrived = true): void {
    const slotsByDestination = new Map<string, Slot[]>();
    for (const entry of entries) {
      const state = entry.isDurable ? this.#durable.get(entry.id) : undefined;
      // A durable one is out exactly while it has a state and no place; anything else is a late or repeated call.
      if (entry.isDurable && (state === undefined || state.slot !== undefined)) continue;
      this.#counters.putBack++;
      const back = entry.isDurable && mayHaveArrived ? { ...entry, isRedelivered: true } : entry;
      if (state === undefined) this.#hold(back);
      else state.entry = back;
      if (state?.store === 'failed') {
        this.#drop(back, 'store');
      } else if (back.deadlineMs <= now) {
        this.#expire(back);
      } else {
        const slot = new Slot(back);
        if (state !== undefined) state.slot = slot;
        this.#deadlines.add(slot);
        const slots = slotsByDestination.get(back.destination);
        if (slots === undefined) slotsByDestination.set(back.destination, [slot]);
        else slots.push(slot);
      }
    }
    for (const [destination, slots] of slotsByDestination) {
      slots.sort((a, b) => a.sequence - b.sequence);
      this.#queueOf(destination).merge(slots);
    }
  }

  /** Expires what waited too long, at most `countMax` messages at a time; `nextDeadline` tells if more is due. */
  expire(now: number, countMax = 1000): void {
    for (let count = 0; count < countMax; count++) {
      const slot = this.#deadlines.first();
      if (slot === undefined || slot.deadlineMs > now) return;
      this.#detach(slot);
      this.#expire(slot.entry);
    }
  }

  /** The store has a message on disk. */
  stored(id: MessageId): void {
    const state = this.#durable.get(id);
    if (state?.store !== 'pending') return;
    state.store = 'stored';
    if (state.entry.report !== 'none') this.#effects.push({ kind: 'cached', entry: state.entry });
  }

  /** The store could not write a message: it is dropped, unless it was given out and may still get through. */
  storeFailed(id: MessageId): void {
    const state = this.#durable.get(id);
    if (state?.store !== 'pending') return;
    state.store = 'failed';
    if (state.slot === undefined) return;
    this.#detach(state.slot);
    this.#drop(state.entry, 'store');
  }

  /**
   * Takes what the store held at the start, in any order, before anything else is kept. All of it counts as delivered
   * before, since nobody knows better. Limits do not apply: a durable message was promised to be kept.
   */
  restore(entries: Iterable<StoredEntry>, now: number): void {
    if (this.#sequence > 0) throw new Error('Messages of the store must be restored before any other is kept');
    const sorted = [...entries].sort((a, b) => a.sequence - b.sequence);
    for (const entry of sorted) {
      // A clock that was set back while the daemon was down must not stretch a message's time.
      const deadlineMs = Math.min(entry.deadlineMs, now + this.#options.ttlMaxMs);
      const common = { isDurable: true, isRedelivered: true, ttlMs: deadlineMs - now, token: undefined };
      const kept: KeptEntry = { ...entry, ...common, deadlineMs };
      this.#sequence = kept.sequence + 1;
      this.#counters.restored++;
      this.#hold(kept);
      const state: DurableState = { entry: kept, slot: undefined, store: 'stored' };
      this.#addDurable(state);
      if (deadlineMs <= now) this.#expire(kept);
      else state.slot = this.#append(kept);
    }
  }

  /** The daemon stops: drops what waits in memory only. What is durable stays, here and in the store. */
  close(): void {
    const slots = [...this.#queues.values()].flatMap((queue) => [...queue]);
    for (const slot of slots.filter(({ entry }) => !entry.isDurable)) {
      this.#detach(slot);
      this.#drop(slot.entry, 'stopping');
    }
  }

  #ttlWithin(ttlMs: number): number {
    return Math.min(Math.max(ttlMs, this.#options.ttlMinMs), this.#options.ttlMaxMs);
  }

  /** Field by field, since this is done for each message and spreading costs several times as much. */
  #place(entry: Entry, ttlMs: number, now: number): KeptEntry {
    return {
      id: entry.id,
      destination: entry.destination,
      sender: entry.sender,
      bytes: entry.bytes,
      ttlMs,
      isDurable: entry.isDurable,
      report: entry.report,
      token: entry.token,
      sequence: this.#sequence++,
      deadlineMs: now + ttlMs,
      isRedelivered: false,
    };
  }

  #refusal({ destination, bytes }: Entry): KeepRefusal | undefined {
    const { countMax, bytesMax, bytesPerDestinationMax } = this.#options;
    if (this.#heldCount >= countMax) return 'count';
    if (this.#heldBytes + bytes.length > bytesMax) return 'bytes';
    const waitingBytes = this.#queues.get(destination)?.bytes ?? 0;
    return waitingBytes + bytes.length > bytesPerDestinationMax ? 'destination-bytes' : undefined;
  }

  /** The oldest message for any of the destinations; those before it whose time is over expire here. */
  #oldest(destinations: Iterable<string>, now: number): Slot | undefined {
    let oldest: Slot | undefined;
    for (const destination of destinations) {
      const queue = this.#queues.get(destination);
      for (let slot = queue?.first; slot !== undefined && slot.deadlineMs <= now; slot = queue?.first) {
        this.#detach(slot);
        this.#expire(slot.entry);
      }
      const first = queue?.first;
      if (first !== undefined && (oldest === undefined || first.sequence < oldest.sequence)) oldest = first;
    }
    return oldest;
  }

  #queueOf(destination: string): DestinationQueue {
    let queue = this.#queues.get(destination);
    if (queue === undefined) {
      queue = new DestinationQueue();
      this.#queues.set(destination, queue);
    }
    return queue;
  }

  #append(entry: KeptEntry): Slot {
    const slot = new Slot(entry);
    this.#queueOf(entry.destination).append(slot);
    this.#deadlines.add(slot);
    return slot;
  }

  /** Takes a waiting message out of its queue and out of the order of deadlines. */
  #detach(slot: Slot): void {
    const { destination, id, isDurable } = slot.entry;
    const queue = this.#queues.get(destination) as DestinationQueue;
    queue.remove(slot);
    if (queue.count === 0) this.#queues.delete(destination);
    this.#deadlines.remove(slot);
    const state = isDurable ? this.#durable.get(id) : undefined;
    if (state !== undefined) state.slot = undefined;
  }

  #expire(entry: KeptEntry): void {
    this.#counters.expired++;
    const isReported = entry.report === 'always' || (entry.isDurable && entry.report !== 'none');
    this.#effects.push({ kind: 'expired', entry, isReported });
    this.#end(entry);
  }

  #drop(entry: KeptEntry, reason: DropReason): void {
    this.#counters.dropped++;
    this.#effects.push({ kind: 'dropped', entry, reason, isReported: entry.report !== 'none' });
    this.#end(entry);
  }

  #end(entry: KeptEntry): void {
    const state = entry.isDurable ? this.#durable.get(entry.id) : undefined;
    if (state === undefined) this.#letGo(entry);
    else this.#forgetDurable(state);
  }

  #addDurable(state: DurableState): void {
    const { id } = state.entry;
    if (this.#durable.has(id)) throw new Error(`The id ${id} was given to two durable messages`);
    this.#durable.set(id, state);
  }

  #forgetDurable({ entry }: DurableState): void {
    this.#durable.delete(entry.id);
    this.#letGo(entry);
    this.#effects.push({ kind: 'store-delete', id: entry.id });
  }

  #hold({ bytes }: KeptEntry): void {
    this.#heldCount++;
    this.#heldBytes += bytes.length;
  }

  #letGo({ bytes }: KeptEntry): void {
    this.#heldCount--;
    this.#heldBytes -= bytes.length;
  }
}
