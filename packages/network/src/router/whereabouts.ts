// Where names and services are: in this area by its directory, in others by their summaries.

import { type Instance, instanceOf, type NodeId, nodeOf } from '../frame/frame.ts';
import type { Anycast, Candidate } from './anycast.ts';
import type { Areas } from './areas.ts';
import type { Database } from './database.ts';
import { type Claim, claimsBefore, type Directory } from './directory.ts';
import type { NodeDecision } from './effects.ts';
import type { Routes } from './routes.ts';

export interface WhereaboutsParts {
  readonly self: NodeId;
  readonly database: Database;
  readonly directory: Directory;
  readonly routes: Routes;
  readonly areas: Areas;
  readonly anycast: Anycast;
  /** The other nodes that can be reached without leaving the area, in their lives. */
  readonly reached: ReadonlyMap<NodeId, Instance>;
}

/** A service of another machine. */
export interface RemoteService {
  readonly server: string;
  readonly service: string;
  /** What it understands, comma-separated; empty if that is not known, as in other areas. */
  readonly commands: string;
}

export class Whereabouts {
  readonly #parts: WhereaboutsParts;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
  }

  /** Whether a node can be reached without leaving the area. */
  isInArea(node: NodeId): boolean {
    return node === this.#parts.self || this.#parts.reached.has(node);
  }

  /** Whether a node says that a service runs on it; a foreign one may always have it, unless it has just said no. */
  hasService(node: NodeId, service: string): boolean {
    const { directory, areas } = this.#parts;
    if (this.isInArea(node)) return directory.has(service, node);
    return !areas.interest.isAbsent(node, service);
  }

  /** Whether a node does not say that it has a service, and has just returned a message for it, as far as is remembered. */
  isAbsent(node: NodeId, service: string): boolean {
    const { interest } = this.#parts.areas;
    return !this.hasService(node, service) && (interest.isAbsent(node, service) || interest.isFull);
  }

  /** The nearest other node with a service, in this area or, if it may be wide, anywhere. */
  nearest(query: {
    readonly service: string;
    readonly destination: string;
    readonly sender: string;
    readonly isWide: boolean;
    readonly now: number;
  }): NodeDecision | undefined {
    const { areas, anycast } = this.#parts;
    const { service, destination, sender, isWide, now } = query;
    areas.interest.ask(service);
    const { staying, leaving } = this.#candidates(service);
    const far = isWide ? areas.candidates(service).filter(({ node }) => !this.isInArea(node)) : [];
    const candidates = far.length === 0 ? staying : [...staying, ...far];
    // Who is to be left alone is asked only if nobody else is there, also by those who have sent to it so far.
    const all = candidates.length > 0 ? candidates : leaving;
    const node = anycast.choose(sender, destination, all, now);
    if (node === undefined) return undefined;
    const decision = this.decide(node, destination);
    return all.length > 1 ? { ...decision, isOneOfSeveral: true } : decision;
  }

  /** The node of that name, if it can be reached and has the service, or may have it. */
  onServer(name: string, destination: string, service?: string): NodeDecision | undefined {
    const { self, areas } = this.#parts;
    areas.interest.ask(destination.slice(destination.indexOf(':') + 1), name);
    const node = this.nodeNamed(name);
    if (node === undefined || node === self) return undefined;
    if (service !== undefined && !this.hasService(node, service)) return undefined;
    return this.decide(node, destination);
  }

  /** Names of the other machines of this area that can be reached. */
  *servers(): Generator<string> {
    for (const node of this.#parts.reached.keys()) {
      const name = this.nameOf(node);
      if (name !== '') yield name;
    }
  }

  /** Services elsewhere: all of this area, and of each other part the nearest instance of each. */
  *services(): Generator<RemoteService> {
    const { reached, database, areas } = this.#parts;
    for (const node of reached.keys()) {
      const { name, services } = database.get(node)?.facts ?? { name: '', services: [] };
      if (name !== '') for (const [service, commands] of services) yield { server: name, service, commands };
    }
    for (const { content } of areas.parts()) {
      for (const [service, { node }] of content?.services ?? []) {
        const server = areas.nameOf(node) ?? '';
        if (server !== '' && !this.isInArea(node)) yield { server, service, commands: '' };
      }
    }
  }

  /** Who bears a name and can be reached; should several, one of this area, and the one with the older claim. */
  nodeNamed(name: string): NodeId | undefined {
    const { self, directory, database } = this.#parts;
    const claims: Claim[] = [];
    for (const node of directory.nodesNamed(name)) {
      if (node === self || this.isInArea(node)) claims.push(claimIn(database, node));
    }
    return oldest(claims)?.node ?? oldest(this.#claimsAbroad(name))?.node;
  }

  /** Another node that can be reached, anywhere, bears the name and has an older claim than this. */
  rival(name: string, mine: Claim): NodeId | undefined {
    const { directory, database, reached } = this.#parts;
    const claims = this.#claimsAbroad(name);
    for (const node of directory.nodesNamed(name)) if (reached.has(node)) claims.push(claimIn(database, node));
    return claims.find((claim) => claim.node !== mine.node && claimsBefore(claim, mine))?.node;
  }

  /** The name of a node, in this area or another; empty if it has none. */
  nameOf(node: NodeId): string {
    return this.#parts.database.get(node)?.facts.name ?? this.#parts.areas.nameOf(node) ?? '';
  }

  /** A message goes to that node, in the life that it is in. */
  decide(node: NodeId, destination: string): NodeDecision {
    const { reached, areas } = this.#parts;
    const own = reached.get(node);
    const foreign = own === undefined ? areas.instanceOf(node) : undefined;
    if (foreign !== undefined) areas.interest.watch(foreign);
    return { kind: 'node', node, instance: own ?? foreign ?? instanceOf(node, 0), destination };
  }

  /** The nodes of this area with a service, and those of them that are being drained. */
  #candidates(service: string): { readonly staying: Candidate[]; readonly leaving: Candidate[] } {
    const { directory, reached, database, routes } = this.#parts;
    const staying: Candidate[] = [];
    const leaving: Candidate[] = [];
    for (const node of directory.nodesWith(service)) {
      if (!reached.has(node)) continue;
      const { load, isDraining } = database.get(node)?.facts ?? { load: 0, isDraining: false };
      (isDraining ? leaving : staying).push({ node, distance: routes.distanceTo(node), load });
    }
    return { staying, leaving };
  }

  /** Nodes of other areas that bear a name. */
  #claimsAbroad(name: string): Claim[] {
    return this.#parts.areas.named(name).map(({ instance, nameSince }) => ({ node: nodeOf(instance), nameSince }));
  }
}

const claimIn = (database: Database, node: NodeId): Claim => {
  return { node, nameSince: database.get(node)?.facts.nameSince ?? 0 };
};

function oldest(claims: readonly Claim[]): Claim | undefined {
  let first: Claim | undefined;
  for (const claim of claims) if (first === undefined || claimsBefore(claim, first)) first = claim;
  return first;
}
