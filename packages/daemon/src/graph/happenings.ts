// Notices what comes and goes in the graph: machines, links between them, services on other machines. Looks once a second,
// and only at what has changed since.

import type { NodeId } from '@snapcommunicator/network/frame';
import type { Database } from '@snapcommunicator/network/router';
import type { History } from '../recorder/history.ts';

export interface HappeningsParts {
  readonly database: Database;
  readonly self: NodeId;
  readonly history: History;
  /** The name of a node; empty if it has none that is known. */
  readonly nameOf: (node: NodeId) => string;
}

/** What a node had said when it was looked at last. */
interface Known {
  readonly links: ReadonlySet<NodeId>;
  readonly services: ReadonlySet<string>;
  readonly name: string;
}

const NAMES_MAX = 20_000;
const NOTHING: Known = { links: new Set(), services: new Set(), name: '' };

export class Happenings {
  readonly #parts: HappeningsParts;
  readonly #known = new Map<NodeId, Known>();
  /** Links that both ends advertise. */
  readonly #standing = new Set<string>();
  /** What machines that can be reached are called: those of other data centres are not known any more when they are lost. */
  readonly #names = new Map<NodeId, string>();
  /** Machines that can be reached, and whose names are still on their way. */
  readonly #nameless = new Set<NodeId>();
  #hash = 0;

  constructor(parts: HappeningsParts) {
    this.#parts = parts;
  }

  /** A machine can be reached, or not any more. */
  reachChanged(node: NodeId, isReachable: boolean): void {
    const server = this.#nameOf(node) || (this.#names.get(node) ?? '');
    this.#nameless.delete(node);
    if (!isReachable) this.#names.delete(node);
    else if (this.#names.size + this.#nameless.size < NAMES_MAX) {
      if (server === '') this.#nameless.add(node);
      else this.#names.set(node, server);
    }
    if (server !== '') this.#parts.history.add(isReachable ? 'server-up' : 'server-lost', server);
  }

  /** Compares what is known now with what was. */
  look(): void {
    const { database } = this.#parts;
    this.#nameThose();
    if (database.hash === this.#hash) return;
    this.#hash = database.hash;
    const changed = new Set<NodeId>();
    for (const { origin, facts } of database.states()) {
      const before = this.#known.get(origin) ?? NOTHING;
      const after: Known = {
        links: new Set(facts.links.keys()),
        services: new Set(facts.services.keys()),
        name: facts.name,
      };
      if (!isSame(before.links, after.links)) {
        changed.add(origin);
        for (const neighbour of [...before.links, ...after.links]) changed.add(neighbour);
      }
      if (origin !== this.#parts.self) this.#compareServices(before, after);
      this.#known.set(origin, after);
    }
    for (const node of this.#known.keys()) {
      if (database.get(node) !== undefined) continue;
      for (const neighbour of this.#known.get(node)?.links ?? []) changed.add(neighbour);
      changed.add(node);
      this.#known.delete(node);
    }
    this.#compareLinks(changed);
  }

  /** Names of other data centres come with their summaries, some time after the way there. */
  #nameThose(): void {
    for (const node of this.#nameless) {
      const server = this.#nameOf(node);
      if (server === '') continue;
      this.#nameless.delete(node);
      this.#names.set(node, server);
      this.#parts.history.add('server-up', server);
    }
  }

  #compareServices(before: Known, after: Known): void {
    const { history } = this.#parts;
    const server = after.name === '' ? before.name : after.name;
    if (server === '' || isSame(before.services, after.services)) return;
    for (const service of after.services)
      if (!before.services.has(service)) history.add('service-up', server, { service });
    for (const service of before.services)
      if (!after.services.has(service)) history.add('service-down', server, { service });
  }

  #compareLinks(changed: ReadonlySet<NodeId>): void {
    const standing = new Set<string>();
    for (const node of changed) {
      for (const neighbour of this.#known.get(node)?.links ?? [])
        if (this.#known.get(neighbour)?.links.has(node)) standing.add(keyOf(node, neighbour));
    }
    for (const key of this.#standing) {
      const [one = '', other = ''] = key.split(' ');
      if (!changed.has(one) && !changed.has(other)) continue;
      if (standing.has(key)) continue;
      this.#standing.delete(key);
      this.#tell('link-lost', one, other);
    }
    for (const key of standing) {
      if (this.#standing.has(key)) continue;
      this.#standing.add(key);
      const [one = '', other = ''] = key.split(' ');
      this.#tell('link-up', one, other);
    }
  }

  #tell(kind: 'link-up' | 'link-lost', one: NodeId, other: NodeId): void {
    const [server, peer] = [this.#nameOf(one), this.#nameOf(other)];
    if (server !== '' && peer !== '') this.#parts.history.add(kind, server, { peer });
  }

  #nameOf(node: NodeId): string {
    return this.#known.get(node)?.name || this.#parts.nameOf(node);
  }
}

const keyOf = (one: NodeId, other: NodeId): string => (one < other ? `${one} ${other}` : `${other} ${one}`);

function isSame<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false;
  for (const item of a) if (!b.has(item)) return false;
  return true;
}
