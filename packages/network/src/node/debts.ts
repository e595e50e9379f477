// Which messages must wait because a node that lost their service still owes word of older ones: these may come back, and
// then go first.
//
// It is not counted which messages of a stream are for which service. When a node is seen to have lost a service, all that
// was given to its stream until then may be for it; once that is settled, the debt is paid.

import type { Instance } from '../frame/frame.ts';

/** A place in a stream to a node: everything up to it is settled once the stream has come so far, or is another. */
export interface Mark {
  readonly stream: number;
  readonly sequence: number;
}

export interface DebtsParts {
  /** The place behind the last message given to the stream to a node; undefined if there is no stream. */
  readonly markOf: (instance: Instance) => Mark | undefined;
  readonly isSettled: (instance: Instance, mark: Mark) => boolean;
  readonly isReachable: (instance: Instance) => boolean;
  readonly hasService: (instance: Instance, service: string) => boolean;
}

export class Debts {
  readonly #parts: DebtsParts;
  /** By queue: to whom its messages went, and, once that one lost the service, the place up to which it owes word. */
  readonly #sent = new Map<string, Map<Instance, Mark | undefined>>();
  /** Queues that were told to wait. */
  #waiting = new Set<string>();

  constructor(parts: DebtsParts) {
    this.#parts = parts;
  }

  /** Messages of this queue go into the stream to a node from now on. */
  sent(queue: string, instance: Instance): void {
    let instances = this.#sent.get(queue);
    if (instances === undefined) {
      instances = new Map();
      this.#sent.set(queue, instances);
    }
    instances.set(instance, undefined);
  }

  /** Whether messages of this queue must wait before they go to `chosen`, or to this machine if that is undefined. */
  mustWait(queue: string, service: string, chosen: Instance | undefined): boolean {
    const instances = this.#sent.get(queue);
    if (instances === undefined) return false;
    const { markOf, isSettled, isReachable, hasService } = this.#parts;
    for (const [instance, known] of instances) {
      if (instance === chosen) continue;
      const mark = known ?? markOf(instance);
      if (mark === undefined || isSettled(instance, mark)) {
        if (known !== undefined || mark === undefined) instances.delete(instance);
        continue;
      }
      // One that cannot be reached may owe for long: nothing waits for it.
      if (!isReachable(instance) || hasService(instance, service)) continue;
      instances.set(instance, mark);
      this.#waiting.add(queue);
      return true;
    }
    if (instances.size === 0) this.#sent.delete(queue);
    return false;
  }

  /** Queues that were told to wait, to be tried again: word has come. */
  takeWaiting(): Iterable<string> {
    const waiting = this.#waiting;
    if (waiting.size > 0) this.#waiting = new Set();
    return waiting;
  }

  /** Forgets to whom messages went that are all settled. Who goes on sending them must say so again. */
  forgetSettled(): void {
    const { markOf, isSettled } = this.#parts;
    for (const [queue, instances] of this.#sent) {
      for (const instance of instances.keys()) {
        const mark = markOf(instance);
        if (mark === undefined || isSettled(instance, mark)) instances.delete(instance);
      }
      if (instances.size === 0) this.#sent.delete(queue);
    }
  }
}
