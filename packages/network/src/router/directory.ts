// The directory: which nodes bear a name, and where a service runs, from the link states of the area.

import type { NodeId } from '../frame/frame.ts';
import type { Change } from './database.ts';

const NOBODY: ReadonlySet<NodeId> = new Set();

export class Directory {
  readonly #names = new Map<string, Set<NodeId>>();
  readonly #services = new Map<string, Set<NodeId>>();

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
  nodesNamed(name: string): ReadonlySet<NodeId> {
    return this.#names.get(name) ?? NOBODY;
  }

  nodesWith(service: string): ReadonlySet<NodeId> {
    return this.#services.get(service) ?? NOBODY;
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

function add(map: Map<string, Set<NodeId>>, key: string, node: NodeId): void {
  const nodes = map.get(key);
  if (nodes === undefined) map.set(key, new Set([node]));
  else nodes.add(node);
}

function remove(map: Map<string, Set<NodeId>>, key: string, node: NodeId): void {
  const nodes = map.get(key);
  nodes?.delete(node);
  if (nodes?.size === 0) map.delete(key);
}
