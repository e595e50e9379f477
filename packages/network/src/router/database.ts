// The link-state database: what is known of every node of the area, and how long it is remembered.

import type { DigestEntry, Instance, NodeId, UpdateFrame } from '../frame/frame.ts';
import { applyUpdate, type LinkState, type LinkStateLimits } from './link-state.ts';

export interface DatabaseOptions extends LinkStateLimits {
  /** Nodes that are remembered; more are refused. */
  readonly nodesMax: number;
  /** A node that cannot be reached is forgotten after so long. */
  readonly forgetMs: number;
  /** Where many databases live in one process (the simulator), equal states are one object. By default each has its own. */
  readonly shared?: SharedStates;
}

/** States that are held once for several databases. */
export interface SharedStates {
  /** The state of that origin, incarnation and sequence number, if anybody has it. */
  find(about: UpdateFrame['kind'], named: DigestEntry): LinkState | undefined;
  /** The one object for states that are equal to this one. */
  share(about: UpdateFrame['kind'], state: LinkState): LinkState;
}

export interface Change {
  readonly before: LinkState | undefined;
  /** Undefined when it was forgotten. */
  readonly after: LinkState | undefined;
}

/** For this share of the time after which a node is forgotten, its old state is not taken back. */
const RETURN_SHARE = 0.1;

export class Database {
  readonly #self: NodeId;
  readonly #first: LinkState;
  readonly #options: DatabaseOptions;
  readonly #about: UpdateFrame['kind'];
  readonly #states = new Map<NodeId, LinkState>();
  /** Since when nodes cannot be reached. */
  readonly #lostAtMs = new Map<NodeId, number>();
  /** What was forgotten, and until when it is not taken back: neighbours forget it a little later, and would return it. */
  readonly #forgotten = new Map<NodeId, { readonly state: DigestEntry; readonly untilMs: number }>();
  #hash = 0;

  /** @param own what this node says of itself before it has said anything; others never see it */
  constructor(own: LinkState, options: DatabaseOptions, about: UpdateFrame['kind'] = 'update') {
    this.#self = own.origin;
    this.#first = own;
    this.#options = options;
    this.#about = about;
  }

  get own(): LinkState {
    return this.#states.get(this.#self) ?? this.#first;
  }

  /** Whether nobody has said anything yet. */
  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  /** Nodes that are known, this one included. */
  get size(): number {
    return this.#states.size + (this.#states.has(this.#self) ? 0 : 1);
  }

  /** A hash over which states are here: equal ones mean equal databases. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Whether all could be reached when this was last looked at. */
  get isComplete(): boolean {
    return this.#lostAtMs.size === 0;
  }

  get(node: NodeId): LinkState | undefined {
    return this.#states.get(node);
  }

  states(): IterableIterator<LinkState> {
    return this.#states.values();
  }

  /** Whether the node is known and in that life. */
  knows(instance: Instance, node: NodeId): boolean {
    return this.#states.get(node)?.instance === instance;
  }

  /** Takes an update from a neighbour. */
  accept(update: UpdateFrame): Change | 'stale' | 'gap' | 'refused' {
    const before = this.#states.get(update.origin);
    if (before === undefined && this.size >= this.#options.nodesMax) return 'refused';
    const forgotten = this.#forgotten.get(update.origin)?.state;
    if (forgotten !== undefined && !isLater(update, forgotten)) return 'stale';
    this.#forgotten.delete(update.origin);
    const after = applyUpdate(before, update, this.#options, () => this.#options.shared?.find(this.#about, update));
    if (typeof after === 'string') return after;
    return { before, after: this.#put(this.#shared(after)) };
  }

  /** The next state of this node itself. */
  replaceOwn(after: LinkState): Change {
    const before = this.own;
    return { before, after: this.#put(this.#shared(after)) };
  }

  /** What is here, to be compared with what a neighbour has. */
  digest(): DigestEntry[] {
    return Array.from(this.#states.values(), ({ origin, incarnation, sequence }) => ({
      origin,
      incarnation,
      sequence,
    }));
  }

  /** What somebody with this digest lacks. */
  lacking(entries: readonly DigestEntry[], isWhole: boolean): UpdateFrame[] {
    const updates: UpdateFrame[] = [];
    const named = new Set<NodeId>();
    for (const { origin, incarnation, sequence } of entries) {
      named.add(origin);
      const state = this.#states.get(origin);
      if (state === undefined || state.incarnation < incarnation) continue;
      if (state.incarnation > incarnation) updates.push(state.since(0));
      else if (state.sequence > sequence) updates.push(state.since(sequence));
    }
    if (isWhole) {
      for (const state of this.#states.values()) if (!named.has(state.origin)) updates.push(state.since(0));
    }
    return updates;
  }

  /** Notes who can be reached; forgets who could not be for long. @returns what was forgotten */
  age(isReachable: (node: NodeId) => boolean, now: number): Change[] {
    const forgotten: Change[] = [];
    for (const [node, { untilMs }] of this.#forgotten) if (untilMs <= now) this.#forgotten.delete(node);
    for (const [node, before] of this.#states) {
      if (node === this.#self || isReachable(node)) {
        this.#lostAtMs.delete(node);
        continue;
      }
      const lostAtMs = this.#lostAtMs.get(node) ?? now;
      this.#lostAtMs.set(node, lostAtMs);
      if (now - lostAtMs < this.#options.forgetMs) continue;
      this.#states.delete(node);
      this.#lostAtMs.delete(node);
      this.#hash ^= before.hash;
      const { origin, incarnation, sequence } = before;
      const untilMs = now + this.#options.forgetMs * RETURN_SHARE;
      this.#forgotten.set(node, { state: { origin, incarnation, sequence }, untilMs });
      forgotten.push({ before, after: undefined });
    }
    return forgotten;
  }

  #shared(state: LinkState): LinkState {
    return this.#options.shared?.share(this.#about, state) ?? state;
  }

  #put(state: LinkState): LinkState {
    const before = this.#states.get(state.origin);
    if (before !== undefined) this.#hash ^= before.hash;
    this.#hash ^= state.hash;
    this.#states.set(state.origin, state);
    return state;
  }
}

const isLater = (a: DigestEntry, b: DigestEntry): boolean =>
  a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.sequence > b.sequence);
