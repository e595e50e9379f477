// The directory: which nodes bear a name, and where a service runs, from the link states of the area.

import type { NodeId } from '../frame/frame.ts';
import type { Change } from './database.ts';

/** Mostly there is one node: a set for each name would be most of what the directory takes. */
type Nodes = NodeId | Set<NodeId>;

const NOBODY: readonly NodeId[] = [];

export class Directory {
  readonly #names = new Map<string, Nodes>();
  readonly #services = new Map<string, Nodes>();

  /** Takes a change of the database. @returns the services about which something changed */
  update({ before, after }: Change): string[] {
    const node = (after ?? before)?.origin as NodeId;
    const old = before?.facts;
    const now = after?.facts;
    if (old?.name !== now?.name) {
      remove(this.#names, old?.name ?? '', node);
      if (now !== undefined && now.name !== '') add(this.#names, now.name, node);
    }
    const changed: string[] = [];
    for (const service of old?.services.keys() ?? []) {
      if (now?.services.has(service)) continue;
      remove(this.#services, service, node);
      changed.push(service);
    }
    for (const service of now?.services.keys() ?? []) {
      if (old?.services.has(service)) continue;
      add(this.#services, service, node);
      changed.push(service);
    }
    return changed;
  }

  /** The nodes that bear a name: one, or by mistake several. */
  nodesNamed(name: string): Iterable<NodeId> {
    return all(this.#names.get(name));
  }

  nodesWith(service: string): Iterable<NodeId> {
    return all(this.#services.get(service));
  }

  /** Whether a service runs on a node; or on any, if none is named. */
  has(service: string, node?: NodeId): boolean {
    const nodes = this.#services.get(service);
    if (nodes === undefined || node === undefined) return nodes !== undefined;
    return typeof nodes === 'string' ? nodes === node : nodes.has(node);
  }

  services(): IterableIterator<string> {
    return this.#services.keys();
  }
}

/** Who bears a name, and since when, in Unix seconds. */
export interface Claim {
  readonly node: NodeId;
  readonly nameSince: number;
}

/** Whether a claim of a name goes before another: it is older, or as old and by the smaller id. */
export function claimsBefore(a: Claim, b: Claim): boolean {
  return a.nameSince < b.nameSince || (a.nameSince === b.nameSince && a.node < b.node);
}

function all(nodes: Nodes | undefined): Iterable<NodeId> {
  if (nodes === undefined) return NOBODY;
  return typeof nodes === 'string' ? [nodes] : nodes;
}

function add(map: Map<string, Nodes>, key: string, node: NodeId): void {
  const nodes = map.get(key);
  if (nodes === undefined) map.set(key, node);
  else if (typeof nodes === 'string') map.set(key, new Set([nodes, node]));
  else nodes.add(node);
}

function remove(map: Map<string, Nodes>, key: string, node: NodeId): void {
  const nodes = map.get(key);
  if (nodes === node) map.delete(key);
  if (typeof nodes !== 'object' || !nodes.delete(node) || nodes.size > 1) return;
  for (const last of nodes) map.set(key, last);
}
