// The machine's side of the node: what changed in the graph becomes changes of the switch, and what waited goes on.

import type { DataFrame, Instance } from '@snapcommunicator/network/frame';
import type { KeptEntry } from '@snapcommunicator/network/keeper';
import type { Node } from '@snapcommunicator/network/node';
import type { OpaqueDecision, Port } from '@snapcommunicator/network/router';
import type { Arrival, Outcome } from '@snapcommunicator/network/stream';
import type { Keeping } from '../bus/keeping.ts';
import type { Destination } from '../switch/destination.ts';
import type { Arrivals } from './arrivals.ts';
import type { DriverEffect, DriverLocal } from './driver.ts';
import type { Outcomes } from './outcomes.ts';
import type { RemoteNodes, Sent } from './remote-nodes.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export interface MachineSideParts {
  readonly node: Node<Sent>;
  readonly arrivals: Arrivals;
  readonly outcomes: Outcomes;
  readonly remoteNodes: RemoteNodes;
  readonly keeping: Keeping;
  readonly now: () => number;
  /** Gives a service of this machine what waits for it. */
  readonly giveKeptTo: (service: string) => void;
  /** Where lines for C++ daemons go. */
  readonly behind: (decision: OpaqueDecision) => Destination | undefined;
  /** A frame of another node was passed on. */
  readonly passed: (frame: DataFrame, from: Port, to: Port | undefined) => void;
  /** They were given to C++ daemons. */
  readonly wentBehind: (count: number) => void;
  readonly accounts: StreamAccounts;
  /** Effects that concern neither streams nor the switch. */
  readonly carryOut: (effect: DriverEffect) => void;
}

export class MachineSide implements DriverLocal {
  readonly #parts: MachineSideParts;
  /** Queues about which something changed. */
  readonly #changed = new Set<string>();

  constructor(parts: MachineSideParts) {
    this.#parts = parts;
  }

  take(arrival: Arrival): readonly number[] {
    return this.#parts.arrivals.take(arrival);
  }

  mayTake(origin: Instance): boolean {
    return this.#parts.arrivals.mayTake(origin);
  }

  settle(outcomes: readonly Outcome<Sent>[]): void {
    this.#parts.outcomes.settle(outcomes);
    this.#parts.remoteNodes.pump();
    for (const queue of this.#parts.node.debts.takeWaiting()) this.#changed.add(queue);
  }

  serviceChanged(service: string): void {
    this.#parts.remoteNodes.forgetVerdicts(service);
    for (const { destination } of this.#parts.keeping.keeper.destinations())
      if (destination === service || destination.endsWith(`:${service}`)) this.#changed.add(destination);
  }

  nodesChanged(): void {
    const { node, remoteNodes, outcomes, keeping } = this.#parts;
    const isReachable = (instance: Instance): boolean => node.router.graph?.isReachable(instance) ?? false;
    outcomes.settle(remoteNodes.takeBack(isReachable));
    // And what a stream would not take while its node could not be reached.
    remoteNodes.pump();
    for (const { destination } of keeping.keeper.destinations()) this.#changed.add(destination);
  }

  /** A queue may have somewhere to go. */
  queueChanged(queue: string): void {
    this.#changed.add(queue);
  }

  flush(now: number): void {
    for (const queue of this.#changed) {
      this.#changed.delete(queue);
      this.#drain(queue, now);
    }
  }

  passed(frame: DataFrame, from: Port, to: Port | undefined): void {
    this.#parts.passed(frame, from, to);
  }

  carryOut(effect: DriverEffect): void {
    if (effect.kind === 'ended') {
      this.#parts.outcomes.settle(this.#parts.remoteNodes.end(effect.instance));
      this.#parts.accounts.end(effect.instance);
    }
    this.#parts.carryOut(effect);
  }

  /** Sends on what waits in a queue, as far as each message has somewhere to go. */
  #drain(queue: string, now: number): void {
    const { node, keeping, giveKeptTo } = this.#parts;
    if (!keeping.hasKept([queue])) return;
    const colon = queue.indexOf(':');
    const service = queue.slice(colon + 1);
    const target = node.router.forwardKept(colon === -1 ? '' : queue.slice(0, colon), service, '', now);
    if (target.kind === 'port') giveKeptTo(service);
    else if (target.kind === 'opaque') this.#drainBehind(queue, target);
    else if (target.kind === 'node') {
      const queues = new Set([...node.router.queuesOn(target.node, service), queue]);
      keeping.drainEach([...queues], (entry) => this.#destinationOf(entry, service, now));
    }
  }

  /** What waits for C++ daemons, one that is here again or any that may know. */
  #drainBehind(queue: string, decision: OpaqueDecision): void {
    const destination = this.#parts.behind(decision);
    if (destination !== undefined) this.#parts.wentBehind(this.#parts.keeping.drain([queue], destination, 'sent'));
  }

  /** Where one message goes, whose sender may have a choice of its own; undefined: it must go on waiting. */
  #destinationOf(entry: KeptEntry, service: string, now: number): Destination | undefined {
    const { node, remoteNodes } = this.#parts;
    const colon = entry.destination.indexOf(':');
    const server = colon === -1 ? '' : entry.destination.slice(0, colon);
    const decision = node.router.forwardKept(server, service, entry.sender, now);
    if (decision.kind !== 'node') return undefined;
    if (node.debts.mustWait(entry.destination, service, decision.instance)) return undefined;
    return remoteNodes.open(decision, service);
  }
}
