// Joins what several daemons say of the graph: each knows its own links best, and its own data centre.

import {
  type AtlasDataCenter,
  type AtlasLink,
  type AtlasServer,
  compareTexts,
  type GraphDocument,
} from './document.ts';

const KNOWLEDGE = { whole: 2, opaque: 1, summary: 0 } as const;

/**
 * The graph as the first one sees it, with what the others know better: servers that they know whole, and round trips
 * and rates of their own links. Whom the first one can reach, and at what cost, stays its own word.
 */
export function mergeGraphs(base: GraphDocument, others: readonly GraphDocument[]): GraphDocument {
  const graphs = [base, ...others];
  const servers = mergeServers(base, graphs);
  return {
    ...base,
    dataCenters: mergeDataCenters(base, graphs, servers),
    servers,
    links: mergeLinks(graphs),
  };
}

function mergeServers(base: GraphDocument, graphs: readonly GraphDocument[]): AtlasServer[] {
  const best = new Map<string, AtlasServer>();
  for (const { servers } of graphs) {
    for (const server of servers) {
      const before = best.get(server.name);
      if (before === undefined || KNOWLEDGE[server.knowledge] > KNOWLEDGE[before.knowledge])
        best.set(server.name, server);
    }
  }
  const seen = new Map(base.servers.map((server) => [server.name, server]));
  const merged = [...best.values()].map((server): AtlasServer => {
    const own = seen.get(server.name);
    if (own === server) return server;
    const { distance: _theirs, lostSince: _since, nextHops: _hops, ...known } = server;
    if (own === undefined) return { ...known, nextHops: [] };
    const { distance, lostSince, nextHops, isReachable } = own;
    return {
      ...known,
      isReachable,
      nextHops,
      ...(distance !== undefined && { distance }),
      ...(lostSince !== undefined && { lostSince }),
    };
  });
  return merged.sort((a, b) => compareTexts(a.name, b.name));
}

/** The number of machines is the greatest that anybody knows; what it costs to get there is the first one's word. */
function mergeDataCenters(
  base: GraphDocument,
  graphs: readonly GraphDocument[],
  servers: readonly AtlasServer[],
): AtlasDataCenter[] {
  const merged = new Map(base.dataCenters.map((center) => [center.name, center]));
  for (const { name, serverCount } of graphs.flatMap(({ dataCenters }) => dataCenters)) {
    const known = merged.get(name) ?? { name, isOwn: false, serverCount };
    merged.set(name, { ...known, serverCount: Math.max(known.serverCount, serverCount) });
  }
  const counts = new Map<string, number>();
  for (const { dataCenter } of servers) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) + 1);
  return [...merged.values()]
    .map((center) => ({ ...center, serverCount: Math.max(center.serverCount, counts.get(center.name) ?? 0) }))
    .filter(({ serverCount, isOwn }) => serverCount > 0 || isOwn);
}

/** Of each pair of servers the links as the better witness tells them: an end of theirs, of both the one named first. */
function mergeLinks(graphs: readonly GraphDocument[]): AtlasLink[] {
  const pairs = new Map<string, { links: AtlasLink[]; isOwnView: boolean; witness: string }>();
  for (const { seenFrom, links } of graphs) {
    const views = new Map<string, AtlasLink[]>();
    for (const link of links) {
      const key = pairOf(link);
      const view = views.get(key);
      if (view === undefined) views.set(key, [link]);
      else view.push(link);
    }
    for (const [key, view] of views) {
      const isOwnView = view.some(({ from, to }) => from === seenFrom || to === seenFrom);
      const before = pairs.get(key);
      const isBetter = before === undefined || (isOwnView && (!before.isOwnView || seenFrom < before.witness));
      const [kept, other] = isBetter ? [view, before?.links] : [before.links, view];
      const links = kept.map((each, at) => withCostBack(each, other?.[at]));
      pairs.set(key, isBetter ? { links, isOwnView, witness: seenFrom } : { ...before, links });
    }
  }
  return [...pairs.values()]
    .flatMap(({ links }) => links)
    .sort((a, b) => compareTexts(a.from, b.from) || compareTexts(a.to, b.to));
}

/** The other end knows what the way back costs, where that is not flooded: between data centres. */
function withCostBack(link: AtlasLink, other: AtlasLink | undefined): AtlasLink {
  if (link.costBack !== undefined || other === undefined || other.from !== link.to || other.cost === link.cost)
    return link;
  return { ...link, costBack: other.cost };
}

const pairOf = ({ from, to }: AtlasLink): string => (from < to ? `${from} ${to}` : `${to} ${from}`);
