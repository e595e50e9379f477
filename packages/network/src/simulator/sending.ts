// The machine's side of a simulated node: what its services send goes to a service here, into a stream, or into the
// keeper, and ends once. The daemon does the same by its switch; the rules of order are in both: what waits for an
// instance goes before anything newer to it, and what its node owes word of (`Debts`) before newer messages elsewhere.

import { decodeLine, encodeMessage } from 'snapcommunicator/wire';
import { type FrameId, type Instance, incarnationOf, nodeOf } from '../frame/frame.ts';
import { encodeText } from '../frame/text.ts';
import type { Keeper, KeptEntry, MessageId, StoredEntry } from '../keeper/keeper.ts';
import type { Local, Node } from '../node/node.ts';
import type { Decision } from '../router/router.ts';
import type { Arrival, Outcome } from '../stream/streams.ts';
import { addressOf, takeArrival } from './arrivals.ts';
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
    const decision = router.forward(server, service, sender, now, true);
    if (decision.kind === 'contradiction' || decision.kind === 'broadcast') return 'contradiction';
    const destination =
      'destination' in decision ? decision.destination : router.queuesOf(service)[isNamed(server) ? 1 : 0];
    const { ttlMs, isDurable } = accepted;
    const id = this.#nextId();
    const entry = {
      id: messageIdOf(this.#node.self, id),
      destination: destination ?? service,
      sender,
      bytes,
      ttlMs,
      isDurable,
      report: isDurable ? ('failure' as const) : ('none' as const),
    };
    const isFirst = !this.#queuesTo(decision, service, entry.destination).some((queue) => keeper.hasKept(queue));
    if (!isDurable && isFirst && decision.kind !== 'absent' && !this.#mustWait(entry.destination, service, decision)) {
      if (decision.kind === 'node' && !streams.hasRoom(decision.instance, bytes.length)) return 'full';
      const held: Held = { accepted, id: undefined };
      this.#attempt(keeper.admit({ ...entry, token: held }, now), decision, now);
      return undefined;
    }
    if (!accepted.isKept) return 'absent';
    const held: Held = { accepted, id };
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

  /** What the disk held at the start. */
  restore(entries: Iterable<StoredEntry>, now: number): void {
    this.#keeper.restore(entries, now);
    this.nodesChanged();
  }

  /** The disk has a message. */
  stored(id: MessageId): void {
    this.#keeper.stored(id);
  }

  settle(outcomes: readonly Outcome<Sent>[], now: number): void {
    const back: KeptEntry[] = [];
    const doubtful: KeptEntry[] = [];
    for (const { fate, parcel, id } of outcomes) {
      const { entry, instance } = parcel.token;
      const { isDurable, destination } = entry;
      const { accepted } = heldOf(entry);
      if (fate === 'returned') this.#node.router.graph?.returned(instance, accepted.service, now);
      if (fate === 'taken') this.#done('taken', entry);
      else if (!isDurable && (fate === 'expired' || fate === 'unknown')) this.#end(fate, entry);
      else if (!accepted.isKept) this.#end('refused', entry);
      else {
        const held: Held = { accepted, id };
        (fate === 'unknown' ? doubtful : back).push(isDurable ? entry : { ...entry, token: held });
        this.#emit({ kind: 'returned', accepted });
        this.#dirty.add(destination);
      }
    }
    if (back.length > 0) this.#keeper.putBack(back, now, false);
    if (doubtful.length > 0) this.#keeper.putBack(doubtful, now, true);
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
      else if (effect.kind === 'cached') this.#emit({ kind: 'cached', accepted: heldOf(effect.entry).accepted });
      else this.#emit(effect);
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
      const target = router.forwardKept(colon === -1 ? '' : queue.slice(0, colon), service, '', now);
      if (target.kind === 'absent') return;
      // What waits under another name for the same instance goes in one order with it.
      const [entry] = keeper.take(this.#queuesTo(target, service, queue), 1, now);
      if (entry === undefined) continue;
      const { accepted } = heldOf(entry);
      const decision = router.forwardKept(accepted.server, accepted.service, accepted.sender, now);
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
    const { deadlineMs } = entry;
    const { id } = heldOf(entry);
    const bytes = entry.isRedelivered ? asRedelivered(entry.bytes) : entry.bytes;
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
    this.#done('delivered', entry);
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

  /** It is where it should be: the disk need not hold it any longer. */
  #done(ending: Ending, entry: KeptEntry): void {
    this.#keeper.delivered(entry.id);
    this.#end(ending, entry);
  }

  #end(ending: Ending, entry: KeptEntry): void {
    this.#emit({ kind: 'ending', ending, accepted: heldOf(entry).accepted, mayHaveArrived: entry.isRedelivered });
  }
}

const isNamed = (server: string): boolean => server !== '' && server !== '*';

/** What is held beside a message; of one that came from the disk, what its line and its id say. */
function heldOf({ token, id, bytes, sender, ttlMs }: KeptEntry): Held {
  if (token !== undefined) return token as Held;
  const { server = '', service = '' } = addressOf(bytes) ?? {};
  const [, incarnation = '', stream = '', number = ''] = String(id).split('.');
  return {
    accepted: { sender, server, service, bytes, ttlMs, isKept: true, isDurable: true, token: undefined },
    id: { incarnation: Number(incarnation), stream: Number(stream), number: Number(number) },
  };
}

/** The line with `redelivered=1`, by which a receiver knows that it may have had it before. */
function asRedelivered(bytes: Uint8Array): Uint8Array {
  const read = decodeLine(bytes, 0, bytes.length - 1);
  if (read.kind !== 'message') return bytes;
  const { message } = read;
  return encodeText(`${encodeMessage({ ...message, parameters: { ...message.parameters, redelivered: '1' } })}\n`);
}
