// "Without db2": what would be left, who would lose whom, and which ways would cost more. The same answer as `snapcom what-if`.

import {
  type Detour,
  detoursWithout,
  type GraphDocument,
  lossWithout,
  type PartLoss,
  partLosses,
  type Removal,
} from '@snapcommunicator/network/atlas';

export interface Answer {
  /** What was understood: machines by name, links as `a b`. */
  readonly removed: readonly string[];
  /** What is no machine and no link. */
  readonly unknown: readonly string[];
  /** None: nobody loses anybody. The greatest first. */
  readonly parts: readonly PartLoss[];
  /** Services that run nowhere else. */
  readonly services: readonly string[];
  readonly detours: readonly Detour[];
}

/** Ways are compared between all of at most so many machines. */
const DETOUR_SERVERS_MAX = 200;

/** A machine, or a link as `alpha-beta`; undefined if there is none of that name. */
export function readRemoval(graph: GraphDocument, text: string): Removal | undefined {
  const named = (name: string): string | undefined =>
    graph.servers.find((server) => server.name === name || server.name === name.toLowerCase())?.name;
  const server = named(text.trim());
  if (server !== undefined) return { kind: 'server', server };
  const [from, to, ...more] = text.split(/[-–]/).map((end) => named(end.trim()));
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  const isLinked = graph.links.some(
    (link) => (link.from === from && link.to === to) || (link.from === to && link.to === from),
  );
  return isLinked ? { kind: 'link', ends: [from, to] } : undefined;
}

export function answerWithout(graph: GraphDocument, without: readonly string[]): Answer {
  const removals: Removal[] = [];
  const unknown: string[] = [];
  for (const text of without) {
    const removal = readRemoval(graph, text);
    if (removal === undefined) unknown.push(text);
    else removals.push(removal);
  }
  const { parts, services } = lossWithout(graph, ...removals);
  return {
    removed: removals.map((removal) => (removal.kind === 'server' ? removal.server : removal.ends.join(' '))),
    unknown,
    parts: partLosses(graph, parts),
    services,
    detours: removals.length === 0 ? [] : detoursWithout(graph, removals, DETOUR_SERVERS_MAX),
  };
}
