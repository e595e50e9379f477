// A node: the part of one daemon that is pure and looks to the network, wired together. It dispatches only.
//
//     Local.accept… ──► streams ──► frames ──► links
//     links ──► frames ──► router (link states), broadcasts, streams ──► Local.take
//
// What stands between it and the services of its machine is `Local`: the daemon's, with a switch and sockets, or the
// simulator's. The owner gives the node what its links bring, carries its effects out, and wakes it when it asks.

import {
  type DataFrame,
  type Frame,
  type Instance,
  instanceOf,
  isRouted,
  isScopeMark,
  type NodeId,
  nodeOf,
  type RoutedFrame,
  type ScopeMark,
} from '../frame/frame.ts';
import { Broadcast, type BroadcastOptions, broadcastId, broadcastIdOf } from '../router/broadcast.ts';
import {
  type Effect,
  type GraphEffect,
  type GraphInput,
  type MachineInput,
  type Port,
  Router,
  type RouterOptions,
} from '../router/router.ts';
import {
  type Arrival,
  type LineCounter,
  type Outcome,
  type StreamOptions,
  Streams,
  type WaitingRoom,
} from '../stream/streams.ts';
import { Debts } from './debts.ts';

export { BROADCAST_OPTIONS, type BroadcastOptions } from '../router/broadcast.ts';
export { Debts } from './debts.ts';

export interface NodeOptions {
  /** The server's name, in lower case. */
  readonly server: string;
  readonly router: RouterOptions;
  readonly streams: StreamOptions;
  readonly broadcasts: BroadcastOptions;
  /** A faster way to count the LFs in a block than the own one. */
  readonly countLines?: LineCounter | undefined;
  /** Where payloads wait that streams cannot take yet, if not on the heap. */
  readonly waitingRoom?: WaitingRoom | undefined;
}

/** The machine's side of a node. `T` is what it knows a parcel by. */
export interface Local<T> {
  /** Queues, keeps or refuses each line that arrived. @returns the places of those that found nobody there */
  take(arrival: Arrival): readonly number[];
  /** Whether what arrives from there can be taken now; if not, `Node.resume` says when. Default: always. */
  mayTake?(origin: Instance): boolean;
  /** What became of parcels that were given to streams. */
  settle(outcomes: readonly Outcome<T>[], now: number): void;
  /** Something changed about where a service is. */
  serviceChanged(service: string): void;
  /** A node can be reached, or not any more: daemons have queues, too. */
  nodesChanged(): void;
  /** A turn ends: what waits and can go now is to be given to streams. */
  flush(now: number): void;
  /** A data frame was passed on to another node. @param to undefined: there was no way on */
  passed?(frame: DataFrame, from: Port, to: Port | undefined): void;
}

export type NodeEffect =
  | { readonly kind: 'send'; readonly link: Port; readonly frame: Frame }
  /** A broadcast for everybody on this machine whom it concerns. */
  | { readonly kind: 'broadcast'; readonly bytes: Uint8Array; readonly origin: Instance; readonly id: string }
  | Exclude<GraphEffect, { readonly kind: 'send' }>;

/** Events since the start. */
export interface NodeCounters {
  /** Frames that were passed on to another daemon. */
  passed: number;
  /** Frames whose hop limit was used up. */
  looped: number;
  /** Frames for a node that cannot be reached from here now. */
  stranded: number;
}

export class Node<T> {
  readonly id: NodeId;
  readonly self: Instance;
  readonly router: Router;
  readonly streams: Streams<T>;
  readonly broadcasts: Broadcast;
  readonly debts: Debts;
  readonly counters: NodeCounters = { passed: 0, looped: 0, stranded: 0 };
  readonly #local: Local<T>;
  #effects: NodeEffect[] = [];

  /** @param localOf makes the machine's side; it may use all of the node but calls nothing before it is made */
  constructor(options: NodeOptions, localOf: (node: Node<T>) => Local<T>, now: number) {
    const { node, incarnation } = options.router;
    this.id = node;
    this.self = instanceOf(node, incarnation);
    this.router = new Router(options.server, options.router, now);
    const isKnown = (instance: Instance): boolean => this.router.graph?.knows(instance) ?? false;
    const isReachable = (instance: Instance): boolean => this.router.graph?.isReachable(instance) ?? false;
    this.streams = new Streams<T>({
      self: this.self,
      options: options.streams,
      isReachable,
      isKnown,
      taker: {
        take: (arrival) => this.#local.take(arrival),
        mayTake: (origin) => this.#local.mayTake?.(origin) ?? true,
      },
      countLines: options.countLines,
      waitingRoom: options.waitingRoom,
    });
    this.broadcasts = new Broadcast(
      {
        self: this.self,
        options: options.broadcasts,
        isKnown,
        childrenOf: (origin, scope) => this.router.graph?.childLinks(nodeOf(origin), scope) ?? [],
        links: () => this.router.graph?.fullLinks('*') ?? [],
        isWithin: (link, scope) => this.router.graph?.isWithin(link, scope) ?? false,
        send: (link, frame) => void this.#effects.push({ kind: 'send', link, frame }),
        deliver: (frame) => {
          this.#effects.push({
            kind: 'broadcast',
            bytes: frame.payload,
            origin: frame.origin,
            id: broadcastIdOf(frame),
          });
        },
      },
      now,
    );
    this.debts = new Debts({
      markOf: (instance) => this.streams.markOf(instance),
      isSettled: (instance, mark) => this.streams.isSettled(instance, mark),
      isReachable,
      hasService: (instance, service) => this.router.graph?.hasService(nodeOf(instance), service) ?? false,
    });
    this.#local = localOf(this);
  }

  /** Something happened on this machine, or to a link. @returns changes of the machine's own table */
  step(input: MachineInput | GraphInput, now: number): Effect[] {
    const effects = this.router.step(input, now);
    for (const effect of effects) {
      if (effect.kind === 'forward') this.#local.serviceChanged(effect.service);
      else if (effect.kind !== 'listeners') this.#carryOut(effect);
    }
    return effects;
  }

  /** A frame came in over a link. */
  receive(link: Port, frame: Frame, now: number): void {
    if (frame.kind !== 'vector' && frame.kind !== 'fetch' && !isRouted(frame)) {
      this.step({ kind: 'frame', link, frame }, now);
      return;
    }
    this.step({ kind: 'heard', link }, now);
    if (frame.kind === 'vector') this.broadcasts.receiveVector(link, frame, now);
    else if (frame.kind === 'fetch') this.broadcasts.receiveFetch(link, frame);
    else if (frame.kind === 'data' && isScopeMark(frame.last)) this.broadcasts.receive(link, frame, now);
    else if (nodeOf(frame.last) === this.id) this.streams.receive(frame, now);
    else this.#pass(frame, link, now);
  }

  /** What arrives from there can be taken again. */
  resume(origin: Instance, now: number): void {
    this.streams.resume(origin, now);
  }

  /**
   * Sends a message of a service of this machine to all nodes of a scope, this one excepted.
   * @param bytes the stamped line with its LF
   * @returns its id
   */
  broadcast(scope: ScopeMark, bytes: Uint8Array, now: number): string {
    return broadcastId(this.self, scope, this.broadcasts.send(scope, bytes, now));
  }

  /** Ends a turn: what the inputs since the last one brought about, and what is due by now. To be carried out in order. */
  turn(now: number): NodeEffect[] {
    if ((this.router.nextDeadline(now) ?? Number.POSITIVE_INFINITY) <= now) this.step({ kind: 'wake' }, now);
    if ((this.streams.nextDeadline() ?? Number.POSITIVE_INFINITY) <= now) this.streams.wake(now);
    if (this.broadcasts.nextDeadline() <= now) this.broadcasts.wake(now);
    const outcomes = this.streams.takeOutcomes();
    if (outcomes.length > 0) this.#local.settle(outcomes, now);
    this.#local.flush(now);
    for (const frame of this.streams.takeFrames(now)) this.#send(frame);
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /** When `turn` wants to be called without another input; undefined: never. */
  nextDeadline(now: number): number | undefined {
    const next = Math.min(
      this.router.nextDeadline(now) ?? Number.POSITIVE_INFINITY,
      this.streams.nextDeadline() ?? Number.POSITIVE_INFINITY,
      this.broadcasts.nextDeadline(),
    );
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  #carryOut(effect: GraphEffect): void {
    if (effect.kind === 'broken') this.streams.pathBroken(effect.instance);
    else if (effect.kind === 'ended') {
      this.streams.end(effect.instance);
      this.broadcasts.end(effect.instance);
    } else if (effect.kind === 'adjacency' && effect.isFull) this.broadcasts.linkUp(effect.link);
    else if (effect.kind === 'service') this.#local.serviceChanged(effect.service);
    else if (effect.kind === 'opaque') this.#local.nodesChanged();
    else if (effect.kind === 'reach') {
      if (effect.isReachable) this.streams.pathBroken(effect.instance);
      else this.streams.takeBack(effect.instance);
      this.#local.nodesChanged();
    }
    this.#effects.push(effect);
  }

  /** A frame of another daemon's, for a third one. */
  #pass(frame: RoutedFrame, from: Port, now: number): void {
    if (frame.hops === 0) {
      this.counters.looped++;
      return;
    }
    this.counters.passed++;
    // What has just changed may not be computed yet: frames would be lost, or go to and fro until their hops are used up.
    const link = this.#linkFor(frame);
    if (link === undefined || link === from) this.step({ kind: 'in-doubt' }, now);
    if (frame.kind === 'data') this.#local.passed?.(frame, from, this.#linkFor(frame));
    this.#send({ ...frame, hops: frame.hops - 1 });
  }

  #linkFor({ origin, last }: RoutedFrame): Port | undefined {
    return this.router.graph?.slotFor(nodeOf(origin), nodeOf(last));
  }

  #send(frame: RoutedFrame): void {
    const link = this.#linkFor(frame);
    if (link === undefined) this.counters.stranded++;
    else this.#effects.push({ kind: 'send', link, frame });
  }
}
