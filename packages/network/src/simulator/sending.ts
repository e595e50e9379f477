// The machine's side of a simulated node: what its services send goes to a service here, into a stream, or into the
// keeper, and ends once. The daemon does the same by its switch; the rules of order are in both: what waits for an
// instance goes before anything newer to it, and what its node owes word of (`Debts`) before newer messages elsewhere.

import { type FrameId, type Instance, incarnationOf, nodeOf } from '../frame/frame.ts';
import type { Keeper, KeptEntry } from '../keeper/keeper.ts';
import type { Local, Node } from '../node/node.ts';
import type { Decision } from '../router/router.ts';
import type { Arrival, Outcome } from '../stream/streams.ts';
import { takeArrival } from './arrivals.ts';
import type { Accepted, AcceptRefusal, Ending, LocalEffect } from './endings.ts';

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

const messageIdOf = (origin: Instance, id: FrameId): string =>
  `${nodeOf(origin)}.${id.incarnation}.${id.stream}.${id.number}`;

/** What came of trying to send: sent; to wait in the keeper; or no room in the stream. */
type Attempt = 'sent' | 'wait' | 'full';

export class Sending implements Local<Sent> {
  readonly #node: Node<Sent>;
  readonly #keeper: Keeper;
  readonly #emit: (effect: LocalEffect) => void;
  /** Queues about which something changed: what waits there may go now. */
  readonly #dirty = new Set<string>();
  /** Queues that wait for room in a stream. */
  readonly #blocked = new Set<string>();
  #number = 0;

  constructor(node: Node<Sent>, keeper: Keeper, emit: (effect: LocalEffect) => void) {
    this.#node = node;
    this.#keeper = keeper;
    this.#emit = emit;
  }

  take(arrival: Arrival): readonly number[] {
    return takeArrival(arrival, this.#node.router, this.#emit);
  }

  /** Accepts a message, or says why not. Broadcasts are not for here. */
  accept(accepted: Accepted, now: number): AcceptRefusal | undefined {
    const { router, streams } = this.#node;
    const keeper = this.#keeper;
    const { server, service, sender, bytes } = accepted;
    const decision = router.forward(server, service, sender, now);
    if (decision.kind === 'contradiction' || decision.kind === 'broadcast') return 'contradiction';
    const destination =
      'destination' in decision ? decision.destination : router.queuesOf(service)[isNamed(server) ? 1 : 0];
    const { ttlMs } = accepted;
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
    if (!accepted.isKept) return 'absent';
    const held: Held = { accepted, id: this.#nextId() };
    const refusal = keeper.keep({ ...entry, token: held }, now);
    if (refusal !== 'kept') return refusal;
    this.#dirty.add(entry.destination);
    return undefined;
  }

  serviceChanged(service: string): void {
    // Queues are few and mostly empty: those whose name ends in the service's are looked at.
    for (const { destination } of this.#keeper.destinations()) {
      if (destination === service || destination.endsWith(`:${service}`)) this.#dirty.add(destination);
    }
  }

  nodesChanged(): void {
    for (const { destination } of this.#keeper.destinations()) this.#dirty.add(destination);
  }

  settle(outcomes: readonly Outcome<Sent>[], now: number): void {
    const back: KeptEntry[] = [];
    for (const { fate, parcel, id } of outcomes) {
      const { entry, instance } = parcel.token;
      const { accepted } = entry.token as Held;
      if (fate === 'returned') this.#node.router.graph?.returned(instance, accepted.service, now);
      if (fate === 'taken' || fate === 'expired' || fate === 'unknown') this.#end(fate, entry);
      else if (!accepted.isKept) this.#end('refused', entry);
      else {
        const held: Held = { accepted, id };
        back.push({ ...entry, token: held });
        this.#emit({ kind: 'returned', accepted });
        this.#dirty.add(entry.destination);
      }
    }
    if (back.length > 0) this.#keeper.putBack(back, now, false);
    for (const queue of this.#node.debts.takeWaiting()) this.#dirty.add(queue);
    for (const queue of this.#blocked) this.#dirty.add(queue);
    this.#blocked.clear();
  }

  flush(now: number): void {
    const keeper = this.#keeper;
    for (const queue of this.#dirty) {
      this.#dirty.delete(queue);
      this.#drain(queue, now);
    }
    keeper.expire(now);
    for (const effect of keeper.takeEffects()) {
      if (effect.kind === 'expired' || effect.kind === 'dropped') this.#end(effect.kind, effect.entry);
    }
  }

  nextDeadline(): number {
    return this.#keeper.nextDeadline() ?? Number.POSITIVE_INFINITY;
  }

  #drain(queue: string, now: number): void {
    const { router } = this.#node;
    const keeper = this.#keeper;
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
    const { streams, debts, self } = this.#node;
    const { bytes, deadlineMs } = entry;
    const { id } = entry.token as Held;
    if (decision.kind === 'node') {
      const { instance } = decision;
      if (!streams.send(instance, { bytes, count: 1, id, deadlineMs, token: { entry, instance } }, now)) return 'full';
      debts.sent(entry.destination, instance);
      return 'sent';
    }
    if (decision.kind !== 'port' && decision.kind !== 'daemon') return 'wait';
    const common = { bytes, origin: self, id: messageIdOf(self, id ?? this.#nextId()) };
    if (decision.kind === 'port') this.#emit({ kind: 'deliver', port: decision.port, ...common });
    else this.#emit({ kind: 'daemon', ...common });
    this.#end('delivered', entry);
    return 'sent';
  }

  /** The queues that lead to the same instance as the decision, that of the message itself among them. */
  #queuesTo(decision: Decision, service: string, destination: string): string[] {
    const { router } = this.#node;
    if (decision.kind === 'port') return [...new Set([...router.queuesOf(service), destination])];
    if (decision.kind === 'node') return [...new Set([...router.queuesOn(decision.node, service), destination])];
    return [destination];
  }

  #mustWait(destination: string, service: string, decision: Decision): boolean {
    return this.#node.debts.mustWait(destination, service, decision.kind === 'node' ? decision.instance : undefined);
  }

  #nextId(): FrameId {
    return { incarnation: incarnationOf(this.#node.self), stream: 0, number: ++this.#number };
  }

  #end(ending: Ending, entry: KeptEntry): void {
    const { accepted } = entry.token as Held;
    this.#emit({ kind: 'ending', ending, accepted });
  }
}

const isNamed = (server: string): boolean => server !== '' && server !== '*';
