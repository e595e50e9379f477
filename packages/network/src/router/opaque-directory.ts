// What lies behind links to C++ daemons: of this node, whose ports lead there, and of others, which are borders.
//
// A C++ daemon says once what it has. So a name that nobody in the graph bears, and nobody bore a moment ago, may be
// behind any of them: messages for it go there, as C++ daemons do among themselves.

import type { NodeId } from '../frame/frame.ts';
import { type OpaqueFact, writeOpaque } from '../legacy/opaque.ts';
import type { NodeDecision } from './effects.ts';
import { type Facts, KEY } from './link-state.ts';
import type { Port } from './machine.ts';
import type { Origination } from './origination.ts';

/** A name that was in the graph is waited for so long before it is looked for elsewhere: services restart. */
const GONE_MS = 60_000;
const GONE_COUNT_MAX = 10_000;

interface Behind {
  readonly server: string;
  readonly services: ReadonlySet<string>;
  readonly heardOf: ReadonlySet<string>;
  readonly servers: ReadonlySet<string>;
}

/** A border, by how well it suits: it has what is looked for; has heard of it; might know. */
interface Border {
  readonly node: NodeId;
  readonly rank: number;
  readonly distance: number;
}

/** Where a message goes that is for what lies behind C++ daemons: to own peers, or to a node that has some. */
export type BehindDecision = NodeDecision | OpaqueDecision;

/** A message goes to C++ peers of this machine; `destination` names the queue in which it may wait. */
export interface OpaqueDecision {
  readonly kind: 'opaque';
  readonly ports: readonly Port[];
  /** The peer has said that it has the service, or is the server; else nobody knows, and all are asked. */
  readonly isCertain: boolean;
  readonly destination: string;
}

export interface OpaqueSurroundings {
  /** Whether some node of the graph has a service, or says so. */
  readonly hasService: (service: string) => boolean;
  /** The cost of the way to a node; undefined if there is none. */
  readonly distanceTo: (node: NodeId) => number | undefined;
  readonly decide: (node: NodeId, destination: string) => NodeDecision;
}

export class OpaqueDirectory {
  readonly #around: OpaqueSurroundings;
  readonly #own = new Map<Port, Behind>();
  readonly #borders = new Map<NodeId, readonly Behind[]>();
  readonly #goneAtMs = new Map<string, number>();
  #expected: ReadonlySet<string> = new Set();

  constructor(around: OpaqueSurroundings) {
    this.#around = around;
  }

  /**
   * A link of this node to a C++ daemon, or its end: the others are told.
   * @returns the services about which something changed
   */
  set(port: Port, fact: OpaqueFact | undefined, origination: Origination): string[] {
    const before = this.#own.get(port);
    if (before !== undefined && before.server !== fact?.server) origination.tell(KEY.opaque(before.server), undefined);
    if (fact === undefined) this.#own.delete(port);
    else {
      this.#own.set(port, behindOf(fact));
      origination.tell(KEY.opaque(fact.server), writeOpaque(fact));
    }
    return [...new Set([...(before?.services ?? []), ...(fact?.services ?? [])])];
  }

  /** What another node says. @returns the services about which something changed, or undefined if nothing did */
  update(node: NodeId, before: Facts | undefined, after: Facts | undefined): string[] | undefined {
    if (!before?.opaque.size && !after?.opaque.size) return undefined;
    const old = this.#borders.get(node) ?? [];
    const now = [...(after?.opaque.values() ?? [])].map(behindOf);
    if (now.length > 0) this.#borders.set(node, now);
    else this.#borders.delete(node);
    return [...new Set([...old, ...now].flatMap(({ services }) => [...services]))];
  }

  /** These belong on this machine: if they are not there, they are waited for. */
  expect(services: readonly string[]): void {
    this.#expected = new Set(services);
  }

  /** Where a service is has changed: if it is nowhere in the graph any more, that is remembered for a while. */
  changed(service: string, now: number): void {
    if (this.#around.hasService(service)) return;
    this.#goneAtMs.delete(service);
    this.#goneAtMs.set(service, now);
    for (const [name, atMs] of this.#goneAtMs) {
      if (now - atMs <= GONE_MS && this.#goneAtMs.size <= GONE_COUNT_MAX) break;
      this.#goneAtMs.delete(name);
    }
  }

  /** The C++ daemons that can be reached. */
  *servers(): Generator<string> {
    for (const { server } of this.#own.values()) yield server;
    for (const [node, list] of this.#borders)
      if (this.#around.distanceTo(node) !== undefined) for (const { server } of list) yield server;
  }

  /** Where a service may be that no node has: behind an own peer, or behind one of the nearest node with any. */
  behindPeers(service: string, destination: string, now: number): BehindDecision | undefined {
    const own = this.#ownFor(service, destination, now);
    if (own !== undefined) return own;
    if (this.#borders.size === 0) return undefined;
    const isLookedFor = this.#isLookedFor(service, now);
    return this.#nearest(destination, (behind) => {
      if (behind.services.has(service)) return 0;
      if (!isLookedFor) return undefined;
      return behind.heardOf.has(service) ? 1 : 2;
    });
  }

  /** Where a server is that is no node. */
  behindServer(server: string, destination: string): BehindDecision | undefined {
    const own = this.#ownAt(server, destination);
    if (own !== undefined) return own;
    return this.#nearest(destination, (behind) =>
      behind.server === server ? 0 : behind.servers.has(server) ? 1 : undefined,
    );
  }

  /** Behind which own peers a message goes whose last node is this one. @param server empty: any */
  behindOwnPeers(server: string, service: string, destination: string, now: number): OpaqueDecision | undefined {
    return server === '' ? this.#ownFor(service, destination, now) : this.#ownAt(server, destination);
  }

  /** An own peer that has the service, or all that might. */
  #ownFor(service: string, destination: string, now: number): OpaqueDecision | undefined {
    if (this.#own.size === 0) return undefined;
    const having = [...this.#own].find(([, { services }]) => services.has(service));
    if (having !== undefined) return { kind: 'opaque', ports: [having[0]], isCertain: true, destination };
    if (!this.#isLookedFor(service, now)) return undefined;
    return { kind: 'opaque', ports: [...this.#own.keys()], isCertain: false, destination };
  }

  /** The own peer that is the server, or from which it was heard. */
  #ownAt(server: string, destination: string): OpaqueDecision | undefined {
    const own = [...this.#own];
    const found =
      own.find(([, behind]) => behind.server === server) ?? own.find(([, { servers }]) => servers.has(server));
    return found === undefined ? undefined : { kind: 'opaque', ports: [found[0]], isCertain: true, destination };
  }

  #nearest(destination: string, rankOf: (behind: Behind) => number | undefined): NodeDecision | undefined {
    let best: Border | undefined;
    for (const [node, list] of this.#borders) {
      const distance = this.#around.distanceTo(node);
      if (distance === undefined) continue;
      for (const behind of list) {
        const rank = rankOf(behind);
        if (rank === undefined) continue;
        const border = { node, rank, distance };
        if (best === undefined || comesBefore(border, best)) best = border;
      }
    }
    return best === undefined ? undefined : { ...this.#around.decide(best.node, destination), isBehind: true };
  }

  /** A name that is in the graph, or was a moment ago, is waited for and not looked for. */
  #isLookedFor(service: string, now: number): boolean {
    const isJustGone = now - (this.#goneAtMs.get(service) ?? Number.NEGATIVE_INFINITY) <= GONE_MS;
    return !isJustGone && !this.#expected.has(service) && !this.#around.hasService(service);
  }
}

const comesBefore = (a: Border, b: Border): boolean =>
  a.rank !== b.rank ? a.rank < b.rank : a.distance !== b.distance ? a.distance < b.distance : a.node < b.node;

function behindOf({ server, services, heardOf, servers }: OpaqueFact): Behind {
  return { server, services: new Set(services), heardOf: new Set(heardOf), servers: new Set(servers) };
}
