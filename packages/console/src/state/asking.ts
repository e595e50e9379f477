// "Without db2": what would be left, who would lose whom, and which ways would cost more. The same answer as `snapcom what-if`.

import { Atlas, type GraphDocument, lossWithout, type Removal } from '@snapcommunicator/network/atlas';

/** What one part of the cluster would lose. */
export interface PartLoss {
  readonly servers: readonly string[];
  readonly loses: readonly string[];
  /** Services that run, but only among those that are lost. */
  readonly services: readonly string[];
}

/** A way that would cost more. */
export interface Detour {
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  readonly before: number;
}

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
    parts: parts.map((part) => lossOf(part, parts, graph)),
    services,
    detours: removals.length === 0 ? [] : detoursWithout(graph, removals),
  };
}

function lossOf(part: readonly string[], parts: readonly (readonly string[])[], { servers }: GraphDocument): PartLoss {
  const loses = parts.filter((other) => other !== part).flat();
  const servicesOf = (names: readonly string[]): Set<string> =>
    new Set(
      servers.filter(({ name }) => names.includes(name)).flatMap(({ services }) => services.map(({ name }) => name)),
    );
  const kept = servicesOf(part);
  return {
    servers: part,
    loses: [...loses].sort(),
    services: [...servicesOf(loses)].filter((name) => !kept.has(name)).sort(),
  };
}

/** The one that grows most first. */
function detoursWithout(graph: GraphDocument, removals: readonly Removal[]): Detour[] {
  if (graph.servers.length > DETOUR_SERVERS_MAX) return [];
  const [before, after] = [new Atlas(graph), new Atlas(graph, ...removals)];
  const names = graph.servers.map(({ name }) => name).filter((name) => after.server(name) !== undefined);
  const detours: Detour[] = [];
  for (const [at, from] of names.entries()) {
    for (const to of names.slice(at + 1)) {
      const [cost, old] = [after.cost(from, to), before.cost(from, to)];
      if (cost !== undefined && old !== undefined && cost > old) detours.push({ from, to, cost, before: old });
    }
  }
  return detours.sort((a, b) => b.cost - b.before - (a.cost - a.before));
}
