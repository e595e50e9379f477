// Drives the pure node of this daemon: gives it the time, its links and its machine, and carries its effects out.

import type { Frame, Instance } from '@snapcommunicator/network/frame';
import { type Local, Node, type NodeEffect, type NodeOptions } from '@snapcommunicator/network/node';
import type { GraphInput, MachineInput, Port, TableEffect } from '@snapcommunicator/network/router';
import type { Sent } from './remote-nodes.ts';

/** What a node needs of a link. */
export interface LinkPort {
  send(frame: Frame): void;
}

/** The effects that concern more than links. */
export type DriverEffect = Exclude<NodeEffect, { readonly kind: 'send' | 'broken' | 'route' }>;

/** What stands between the node and the rest of the daemon; made after it. */
export interface DriverLocal extends Local<Sent> {
  carryOut(effect: DriverEffect): void;
}

const TIMER_MS_MAX = 2 ** 31 - 1;

export class Driver {
  readonly node: Node<Sent>;
  readonly #now: () => number;
  readonly #links = new Map<Port, LinkPort>();
  #local: DriverLocal | undefined;
  /** Nodes from which something may be taken again. */
  readonly #resumed = new Set<Instance>();
  #receivingPort: Port = 0;
  #isScheduled = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: NodeOptions, now: () => number) {
    this.#now = now;
    this.node = new Node<Sent>(options, () => this.#forwarder(), now());
  }

  /** From now on this is the machine's side of the node. */
  attach(local: DriverLocal): void {
    this.#local = local;
    this.wake();
  }

  /** Something happened on this machine. @returns what that changes in its own table */
  tell(input: MachineInput): TableEffect[] {
    const effects = this.node.step(input, this.#now());
    this.wake();
    return effects.filter((effect): effect is TableEffect => effect.kind === 'forward' || effect.kind === 'listeners');
  }

  /** Something happened to the graph. */
  input(input: GraphInput): void {
    this.node.step(input, this.#now());
    this.wake();
  }

  addLink(port: Port, link: LinkPort): void {
    this.#links.set(port, link);
  }

  removeLink(port: Port): void {
    this.#links.delete(port);
    this.input({ kind: 'link-down', link: port });
  }

  /** A frame came in. Its turn comes with `readEnd`, or later by itself. */
  receive(port: Port, frame: Frame): void {
    this.#receivingPort = port;
    this.node.receive(port, frame, this.#now());
    this.#receivingPort = 0;
  }

  /** The link over which a frame is being received; 0: none is. */
  get receivingPort(): Port {
    return this.#receivingPort;
  }

  /** What comes from a node can be taken again. Not at once: who says so is in the middle of something. */
  resume(origin: Instance): void {
    this.#resumed.add(origin);
    this.wake();
  }

  /** Takes the turn that inputs have made necessary, at the end of this event. */
  wake(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    process.nextTick(this.turn);
  }

  /** Lets the node do what is due, carries its effects out, and sets the alarm. */
  readonly turn = (): void => {
    this.#isScheduled = false;
    if (this.#local === undefined || this.#isClosed) return;
    const now = this.#now();
    for (const origin of this.#resumed) {
      this.#resumed.delete(origin);
      this.node.resume(origin, now);
    }
    for (const effect of this.node.turn(now)) {
      if (effect.kind === 'send') this.#links.get(effect.link)?.send(effect.frame);
      else if (effect.kind !== 'broken' && effect.kind !== 'route') this.#local.carryOut(effect);
    }
    this.#setAlarm(now);
  };

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #setAlarm(now: number): void {
    const deadline = this.node.nextDeadline(now) ?? Number.POSITIVE_INFINITY;
    // An alarm that rings early does no harm, and putting it off with each frame would cost more than that it rings.
    if (deadline >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#alarm, Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(deadline - now)))).unref();
  }

  readonly #alarm = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.turn();
  };

  /** Stands in until `attach`: before that nothing arrives and nothing was sent. */
  #forwarder(): Local<Sent> {
    return {
      take: (arrival) => this.#local?.take(arrival) ?? [],
      mayTake: (origin) => this.#local?.mayTake?.(origin) ?? true,
      settle: (outcomes, now) => this.#local?.settle(outcomes, now),
      serviceChanged: (service) => this.#local?.serviceChanged(service),
      nodesChanged: () => this.#local?.nodesChanged(),
      flush: (now) => this.#local?.flush(now),
      passed: (frame, from, to) => this.#local?.passed?.(frame, from, to),
    };
  }
}
