// Whom to ask about messages: the machines of a graph, and of whom it is known beforehand that there is no use in asking.

import type { GraphDocument } from '../atlas/document.ts';

/** A machine and whether its daemon can be asked. */
export interface Machine {
  readonly server: string;
  /** Whether it is the one whose daemon told the graph. */
  readonly isOwn: boolean;
  readonly node?: string | undefined;
  readonly upSince?: number | undefined;
  /** Why there is no use in asking. */
  readonly silence?: 'lost' | 'opaque' | undefined;
}

/** So many machines are asked at most. */
const ASKED_MAX = 1000;

/** Every machine of the graph that can be named, the own one first. */
export function machinesOf(graph: GraphDocument): Machine[] {
  const machines = graph.servers
    .filter(({ name }) => !name.startsWith('#'))
    .map(({ name, id, upSince, isReachable, knowledge }): Machine => {
      const silence = knowledge === 'opaque' ? 'opaque' : isReachable ? undefined : 'lost';
      return { server: name, isOwn: name === graph.seenFrom, node: id, upSince, silence };
    });
  return machines.sort((a, b) => Number(b.isOwn) - Number(a.isOwn)).slice(0, ASKED_MAX);
}
