// This node's own name: it is told while nobody with an older claim is there, and given up to whom has one.

import type { NodeId } from '../frame/frame.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface NamingParts {
  readonly server: string;
  readonly node: NodeId;
  /** Since when this node bears the name, in Unix seconds. */
  readonly nameSince: number;
  /** A rival must stay for so long: half of a database, old and new mixed, may show one that has long gone. */
  readonly nameConflictMs: number;
  readonly whereabouts: Whereabouts;
}

export class Naming {
  readonly #parts: NamingParts;
  #rivalSinceMs: number | undefined;
  /** Whether another node took the name away. */
  isNameless = false;

  constructor(parts: NamingParts) {
    this.#parts = parts;
  }

  /** When a rival has been there for long enough. */
  nextDeadline(): number {
    return (this.#rivalSinceMs ?? Number.POSITIVE_INFINITY) + this.#parts.nameConflictMs;
  }

  /** The nodes that can be reached, or their names, have changed. */
  watch(now: number): void {
    this.#rivalSinceMs = this.#rival() === undefined ? undefined : (this.#rivalSinceMs ?? now);
  }

  /** To whom the name is to be given up now, if it is time. */
  yieldTo(now: number): NodeId | undefined {
    if (this.nextDeadline() > now) return undefined;
    this.#rivalSinceMs = undefined;
    const rival = this.#rival();
    this.isNameless = rival !== undefined;
    return rival;
  }

  /** Another node, that can be reached, bears the same name and has the older claim. */
  #rival(): NodeId | undefined {
    const { server, node, nameSince, whereabouts } = this.#parts;
    return this.isNameless ? undefined : whereabouts.rival(server, { node, nameSince });
  }
}
