// The first daemon's part: what it accepted goes to a service here, into a stream, or into the keeper, and ends once.
//
// Order is kept by two rules: what waits for an instance goes before anything newer to it; and while a node that lost a
// service still owes word of messages for it, newer ones for that service wait.

import { type FrameId, type Instance, incarnationOf, nodeOf } from '../frame/frame.ts';
import type { Keeper, KeptEntry } from '../keeper/keeper.ts';
import type { Decision, Router } from '../router/router.ts';
import type { Outcome, Streams } from '../stream/streams.ts';
import type { Accepted, AcceptRefusal, Ending, NodeEffect } from './effects.ts';

/** What the keeper and the streams hold for us beside a message. */
interface Held {
  readonly accepted: Accepted;
  /** The id that it got; undefined as long as its place in a stream is its id. */
  readonly id: FrameId | undefined;
}

/** A message in a stream. */
export interface Sent {
  readonly entry: KeptEntry;
  readonly instance: Instance;
}

export interface SendingParts {
  readonly self: Instance;
  readonly router: Router;
  readonly streams: Streams<Sent>;
  readonly keeper: Keeper;
  readonly emit: (effect: NodeEffect) => void;
}

export const messageIdOf = (origin: Instance, id: FrameId): string =>
  `${nodeOf(origin)}.${id.incarnation}.${id.stream}.${id.number}`;

/** What came of trying to send: sent; to wait in the keeper; or no room in the stream. */
type Attempt = 'sent' | 'wait' | 'full';

export class Sending {
  readonly #parts: SendingParts;
  /** Queues about which something changed: what waits there may go now. */
  readonly #dirty = new Set<string>();
  /** Queues that wait for room in a stream. */
  readonly #blocked = new Set<string>();
  /** How many messages of a queue are in the stream to an instance. */
  readonly #owed = new Map<string, Map<Instance, number>>();
  #number = 0;

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  /** Accepts a message, or says why not. Broadcasts are not for here. */
  accept(accepted: Accepted, now: number): AcceptRefusal | undefined {
    const { router, keeper, streams } = this.#parts;
    const { server, service, sender, bytes } = accepted;
    const decision = router.forward(server, service, sender, now);
    if (decision.kind === 'contradiction' || decision.kind === 'broadcast') return 'contradiction';
    const destination =
      'destination' in decision ? decision.destination : router.queuesOf(service)[isNamed(server) ? 1 : 0];
    const { ttlMs, token: _token } = accepted;
    const entry = {
      id: '',
      destination: destination ?? service,
      sender,
      bytes,
      ttlMs,
      isDurable: false,
      report: 'none' as const,
    };
    const isFirst = !this.#queuesTo(decision, service, entry.destination).some((queue) => keeper.hasKept(queue));
    if (isFirst && decision.kind !== 'absent' && !this.#mustWait(entry.destination, service, decision)) {
      if (decision.kind === 'node' && !streams.hasRoom(decision.instance, bytes.length)) return 'full';
      const held: Held = { accepted, id: undefined };
      this.#attempt(keeper.admit({ ...entry, token: held }, now), decision, now);
      return undefined;
    }
    if (decision.kind === 'absent' && !accepted.isKept) return 'absent';
    const held: Held = { accepted, id: this.#nextId() };
    const refusal = keeper.keep({ ...entry, token: held }, now);
    if (refusal !== 'kept') return refusal;
    this.#dirty.add(entry.destination);
    return undefined;
  }

  /** Something changed about where a service is. */
  serviceChanged(service: string): void {
    // Queues are few and mostly empty: those whose name ends in the service's are looked at.
    for (const { destination } of this.#parts.keeper.destinations()) {
      if (destination === service || destination.endsWith(`:${service}`)) this.#dirty.add(destination);
    }
  }

  /** A node can be reached, or not any more: daemons have queues, too. */
  nodeChanged(): void {
    for (const { destination } of this.#parts.keeper.destinations()) this.#dirty.add(destination);
  }

  /** Streams told what became of messages. */
  settle(outcomes: readonly Outcome<Sent>[], now: number): void {
    const back: KeptEntry[] = [];
    for (const { fate, parcel, id } of outcomes) {
      const { entry, instance } = parcel.token;
      const { accepted } = entry.token as Held;
      this.#owe(entry.destination, instance, -1);
      if (fate === 'taken' || fate === 'expired' || fate === 'unknown') this.#end(fate, entry);
      else if (!accepted.isKept) this.#end('refused', entry);
      else {
        const held: Held = { accepted, id };
        back.push({ ...entry, token: held });
        this.#parts.emit({ kind: 'returned', accepted });
        this.#dirty.add(entry.destination);
      }
      // Word that a node owed may be what newer messages of its queue wait for.
      if (this.#parts.keeper.hasKept(entry.destination)) this.#dirty.add(entry.destination);
    }
    if (back.length > 0) this.#parts.keeper.putBack(back, now, false);
    if (outcomes.length === 0) return;
    for (const queue of this.#blocked) this.#dirty.add(queue);
    this.#blocked.clear();
  }

  /** Sends what waits and can go now; tells what the keeper gave up. */
  flush(now: number): void {
    const { keeper } = this.#parts;
    for (const queue of this.#dirty) {
      this.#dirty.delete(queue);
      this.#drain(queue, now);
    }
    keeper.expire(now);
    for (const effect of keeper.takeEffects()) {
      if (effect.kind === 'expired' || effect.kind === 'dropped') this.#end(effect.kind, effect.entry);
    }
  }

  #drain(queue: string, now: number): void {
    const { router, keeper } = this.#parts;
    const colon = queue.indexOf(':');
    const service = queue.slice(colon + 1);
    while (keeper.hasKept(queue)) {
      const target = router.forward(colon === -1 ? '' : queue.slice(0, colon), service);
      if (target.kind === 'absent') return;
      // What waits under another name for the same instance goes in one order with it.
      const [entry] = keeper.take(this.#queuesTo(target, service, queue), 1, now);
      if (entry === undefined) continue;
      const { accepted } = entry.token as Held;
      const decision = router.forward(accepted.server, accepted.service, accepted.sender, now);
      const mustWait = this.#mustWait(entry.destination, service, decision);
      const attempt = mustWait ? 'wait' : this.#attempt(entry, decision, now);
      if (attempt === 'sent') continue;
      keeper.putBack([entry], now, false);
      if (attempt === 'full') this.#blocked.add(queue);
      return;
    }
  }

  #attempt(entry: KeptEntry, decision: Decision, now: number): Attempt {
    const { streams, emit, self } = this.#parts;
    const { bytes, deadlineMs } = entry;
    const { id } = entry.token as Held;
    if (decision.kind === 'node') {
      const { instance } = decision;
      if (!streams.send(instance, { bytes, count: 1, id, deadlineMs, token: { entry, instance } }, now)) return 'full';
      this.#owe(entry.destination, instance, 1);
      return 'sent';
    }
    if (decision.kind !== 'port' && decision.kind !== 'daemon') return 'wait';
    const common = { bytes, origin: self, id: messageIdOf(self, id ?? this.#nextId()) };
    if (decision.kind === 'port') emit({ kind: 'deliver', port: decision.port, ...common });
    else emit({ kind: 'daemon', ...common });
    this.#end('delivered', entry);
    return 'sent';
  }

  /** The queues that lead to the same instance as the decision, that of the message itself among them. */
  #queuesTo(decision: Decision, service: string, destination: string): string[] {
    const { router } = this.#parts;
    if (decision.kind === 'port') return [...new Set([...router.queuesOf(service), destination])];
    if (decision.kind === 'node') return [...new Set([...router.queuesOn(decision.node, service), destination])];
    return [destination];
  }

  /** Whether an instance that lost the service still owes word of older messages: they may come back, and go first. */
  #mustWait(destination: string, service: string, decision: Decision): boolean {
    const owed = this.#owed.get(destination);
    const graph = this.#parts.router.graph;
    if (owed === undefined || graph === undefined) return false;
    const chosen = decision.kind === 'node' ? decision.instance : undefined;
    for (const instance of owed.keys()) {
      if (instance !== chosen && graph.isReachable(instance) && !graph.hasService(nodeOf(instance), service))
        return true;
    }
    return false;
  }

  #owe(destination: string, instance: Instance, change: 1 | -1): void {
    const owed = this.#owed.get(destination) ?? new Map<Instance, number>();
    const count = (owed.get(instance) ?? 0) + change;
    if (count > 0) owed.set(instance, count);
    else owed.delete(instance);
    if (owed.size > 0) this.#owed.set(destination, owed);
    else this.#owed.delete(destination);
  }

  #nextId(): FrameId {
    return { incarnation: incarnationOf(this.#parts.self), stream: 0, number: ++this.#number };
  }

  #end(ending: Ending, entry: KeptEntry): void {
    const { accepted } = entry.token as Held;
    this.#parts.emit({ kind: 'ending', ending, accepted });
  }
}

const isNamed = (server: string): boolean => server !== '' && server !== '*';
