// A node: all of one daemon that is pure, wired together. It dispatches only.
//
//     services ── accept ──► sending ──► streams ──► frames ──► links
//     links ──► frames ──► router (link states), streams ──► arrivals ──► deliver
//
// The daemon gives it what its sockets bring, carries its effects out, and wakes it when it asks for that. The simulator
// does the same without sockets.

import {
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
import { Keeper, type KeeperOptions } from '../keeper/keeper.ts';
import { Broadcast, type BroadcastOptions, broadcastIdOf } from '../router/broadcast.ts';
import {
  type GraphEffect,
  type GraphInput,
  type MachineInput,
  type Port,
  Router,
  type RouterOptions,
} from '../router/router.ts';
import { type StreamOptions, Streams } from '../stream/streams.ts';
import { takeArrival } from './arrivals.ts';
import type { Accepted, AcceptRefusal, NodeCounters, NodeEffect } from './effects.ts';
import { Sending, type Sent } from './sending.ts';

export type { Accepted, AcceptRefusal, Ending, NodeCounters, NodeEffect } from './effects.ts';

export interface NodeOptions {
  /** The server's name, in lower case. */
  readonly server: string;
  readonly router: RouterOptions;
  readonly streams: StreamOptions;
  readonly keeper: KeeperOptions;
  readonly broadcasts: BroadcastOptions;
}

export class Node {
  readonly id: NodeId;
  readonly self: Instance;
  readonly router: Router;
  readonly streams: Streams<Sent>;
  readonly keeper: Keeper;
  readonly broadcasts: Broadcast;
  readonly counters: NodeCounters = { passed: 0, looped: 0, stranded: 0 };
  readonly #sending: Sending;
  #effects: NodeEffect[] = [];

  constructor(options: NodeOptions, now: number) {
    const { node, incarnation } = options.router;
    this.id = node;
    this.self = instanceOf(node, incarnation);
    this.router = new Router(options.server, options.router, now);
    this.keeper = new Keeper(options.keeper);
    const emit = (effect: NodeEffect): void => void this.#effects.push(effect);
    this.streams = new Streams<Sent>({
      self: this.self,
      options: options.streams,
      isReachable: (instance) => this.router.graph?.isReachable(instance) ?? false,
      isKnown: (instance) => this.router.graph?.knows(instance) ?? false,
      take: (arrival) => takeArrival(arrival, this.router, emit),
    });
    this.broadcasts = new Broadcast(
      {
        self: this.self,
        options: options.broadcasts,
        isKnown: (instance) => this.router.graph?.knows(instance) ?? false,
        childrenOf: (origin) => this.router.graph?.childLinks(nodeOf(origin)) ?? [],
        links: () => this.router.graph?.fullLinks() ?? [],
        send: (link, frame) => emit({ kind: 'send', link, frame }),
        deliver: (frame) => {
          emit({ kind: 'broadcast', bytes: frame.payload, origin: frame.origin, id: broadcastIdOf(frame) });
        },
      },
      now,
    );
    const { self, router, streams, keeper } = this;
    this.#sending = new Sending({ self, router, streams, keeper, emit });
  }

  /** Something happened on this machine, or to a link. */
  step(input: MachineInput | GraphInput, now: number): void {
    for (const effect of this.router.step(input, now)) {
      if (effect.kind === 'forward') this.#sending.serviceChanged(effect.service);
      else if (effect.kind !== 'listeners') this.#carryOut(effect);
    }
  }

  /** A frame came in over a link. */
  receive(link: Port, frame: Frame, now: number): void {
    if (frame.kind !== 'vector' && frame.kind !== 'fetch' && !isRouted(frame)) {
      return this.step({ kind: 'frame', link, frame }, now);
    }
    this.step({ kind: 'heard', link }, now);
    if (frame.kind === 'vector') this.broadcasts.receiveVector(link, frame, now);
    else if (frame.kind === 'fetch') this.broadcasts.receiveFetch(link, frame);
    else if (frame.kind === 'data' && isScopeMark(frame.last)) this.broadcasts.receive(link, frame, now);
    else if (nodeOf(frame.last) === this.id) this.streams.receive(frame, now);
    else this.#pass(frame);
  }

  /** Accepts a message of a service of this machine, or says why not. */
  accept(accepted: Accepted, now: number): AcceptRefusal | undefined {
    return this.#sending.accept(accepted, now);
  }

  /**
   * Sends a message of a service of this machine to all nodes of a scope, this one excepted.
   * @param bytes the stamped line with its LF
   */
  broadcast(scope: ScopeMark, bytes: Uint8Array, now: number): void {
    this.broadcasts.send(scope, bytes, now);
  }

  /** Ends a turn: what the inputs since the last one brought about, and what is due by now. To be carried out in order. */
  turn(now: number): NodeEffect[] {
    if ((this.router.nextDeadline(now) ?? Number.POSITIVE_INFINITY) <= now) this.step({ kind: 'wake' }, now);
    if ((this.streams.nextDeadline() ?? Number.POSITIVE_INFINITY) <= now) this.streams.wake(now);
    if (this.broadcasts.nextDeadline() <= now) this.broadcasts.wake(now);
    this.#sending.settle(this.streams.takeOutcomes(), now);
    this.#sending.flush(now);
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
      this.keeper.nextDeadline() ?? Number.POSITIVE_INFINITY,
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
    else if (effect.kind === 'service') this.#sending.serviceChanged(effect.service);
    else if (effect.kind === 'reach') {
      if (effect.isReachable) this.streams.pathBroken(effect.instance);
      else this.streams.takeBack(effect.instance);
      this.#sending.nodeChanged();
    }
    this.#effects.push(effect);
  }

  /** A frame of another daemon's, for a third one. */
  #pass(frame: RoutedFrame): void {
    if (frame.hops === 0) {
      this.counters.looped++;
      return;
    }
    this.counters.passed++;
    this.#send({ ...frame, hops: frame.hops - 1 });
  }

  #send(frame: RoutedFrame): void {
    const link = this.router.graph?.slotFor(nodeOf(frame.origin), nodeOf(frame.last));
    if (link === undefined) this.counters.stranded++;
    else this.#effects.push({ kind: 'send', link, frame });
  }
}
