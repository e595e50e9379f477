// Writes down the graph as one daemon sees it: its router's snapshot, and what only the daemon itself can know.

import { incarnationOf, type NodeId } from '../frame/frame.ts';
import type { LinkState } from '../router/link-state.ts';
import type { Port } from '../router/machine.ts';
import type { RouterSnapshot } from '../router/router.ts';
import { UNREACHABLE } from '../router/shortest-path.ts';
import type { Part } from '../router/wide-routes.ts';
import {
  type AtlasDataCenter,
  type AtlasLink,
  type AtlasServer,
  type AtlasService,
  compareTexts,
  type GraphDocument,
} from './document.ts';

/** What a daemon knows of one of its own links beyond what the router does. */
export type LinkDetails = Pick<AtlasLink, 'isSecure' | 'address' | 'clockOffsetMs' | 'upSince' | 'rates' | 'counts'> & {
  /** What the other end calls itself, and its data centre: needed where that is another one, of which nothing is heard yet. */
  readonly server?: string;
  readonly dataCenter?: string;
};

/** What a daemon knows of a server beyond its link state. */
export type ServerDetails = Partial<Pick<AtlasServer, 'address' | 'version' | 'upSince' | 'lostSince'>>;

export interface DescriptionParts {
  readonly snapshot: RouterSnapshot;
  /** This daemon's id; undefined where it has no graph. */
  readonly node: NodeId | undefined;
  /** Its data centre. */
  readonly dataCenter: string;
  /** Unix seconds. */
  readonly time: number;
  readonly link: (port: Port) => LinkDetails | undefined;
  readonly server: (node: NodeId) => ServerDetails | undefined;
  /** What a service of this machine understands. */
  readonly commands: (service: string) => readonly string[];
}

/** Facts that no router reads: others are told them for the sake of people. */
export const DETAIL_KEYS = { address: 'address', version: 'version' } as const;

/** Nobody measures a link to a daemon of another kind. */
const OPAQUE_COST = 10;

/** An incarnation is mostly the second of its start; a smaller number only counts. */
const INCARNATION_IS_TIME = 1_000_000_000;

export function describeGraph(parts: DescriptionParts): GraphDocument {
  const { snapshot, node: self, dataCenter, time } = parts;
  const names = uniqueNames(snapshot, self);
  const servers = snapshot.nodes.map((node) => describeNode(node, names, parts));
  if (self === undefined) servers.push(describeAlone(parts));
  const links = [...databaseLinks(snapshot, names, self), ...ownLinks(parts, names), ...opaqueLinks(snapshot, names)];
  const listed = new Set(servers.map(({ name }) => name));
  const add = (server: AtlasServer): void => {
    if (!listed.has(server.name)) servers.push(server);
    listed.add(server.name);
  };
  // Who tells of itself is told of by others, too, while it moves or changes its kind: its own word counts.
  for (const server of summarizedServers(snapshot, names)) add(server);
  for (const server of opaqueServers(snapshot, names, dataCenter)) add(server);
  const ends = snapshot.links.map(({ link }) => parts.link(link));
  const dataCenters = new Map(ends.map((end) => [end?.server, end?.dataCenter]));
  for (const { to } of links) add({ ...describeUnlisted(to), dataCenter: dataCenters.get(to) ?? '' });
  return {
    version: 1,
    seenFrom: snapshot.server,
    time,
    dataCenters: dataCentersOf(dataCenter, servers, snapshot.parts),
    servers: servers.sort((a, b) => compareTexts(a.name, b.name)),
    links: links.sort((a, b) => compareTexts(a.from, b.from) || compareTexts(a.to, b.to)),
  };
}

/** What each node is called in the document: a name that another one bears, too, is the reached one's. */
function uniqueNames({ nodes, parts }: RouterSnapshot, self: NodeId | undefined): Map<NodeId, string> {
  const names = new Map<NodeId, string>();
  const taken = new Set<string>();
  const nearestFirst = [...nodes].sort((a, b) => {
    const [first, second] = [a, b].map(({ state, distance }) => (state.origin === self ? -1 : distance)) as [
      number,
      number,
    ];
    return first - second || compareTexts(a.state.origin, b.state.origin);
  });
  for (const { state } of nearestFirst) {
    const { name } = state.facts;
    const isFree = name !== '' && !taken.has(name);
    names.set(state.origin, isFree ? name : `#${state.origin}`);
    taken.add(name);
  }
  for (const [id, { name }] of parts.flatMap(({ content }) => [...(content?.servers ?? [])])) {
    if (!names.has(id)) names.set(id, taken.has(name) ? `#${id}` : name);
    taken.add(name);
  }
  return names;
}

function describeNode(
  { state, distance, nextHops }: RouterSnapshot['nodes'][number],
  names: ReadonlyMap<NodeId, string>,
  parts: DescriptionParts,
): AtlasServer {
  const { facts, origin, items } = state;
  const isReachable = origin === parts.node || distance < UNREACHABLE;
  const text = (key: string): string | undefined => items.get(key)?.value;
  const {
    address = text(DETAIL_KEYS.address),
    version = text(DETAIL_KEYS.version),
    ...times
  } = parts.server(origin) ?? {};
  const upSince = times.upSince ?? (isTime(facts.start, parts.time) ? facts.start : undefined);
  return {
    name: names.get(origin) as string,
    id: origin,
    incarnation: state.incarnation,
    dataCenter: facts.area,
    knowledge: 'whole',
    ...(address !== undefined && { address }),
    ...(version !== undefined && { version }),
    ...(upSince !== undefined && isReachable && { upSince }),
    load: facts.load,
    isDraining: facts.isDraining,
    isReachable,
    ...(times.lostSince !== undefined && !isReachable && { lostSince: times.lostSince }),
    ...(isReachable && { distance: origin === parts.node ? 0 : distance }),
    nextHops: nextHops.map((hop) => nameIn(names, hop)).sort(),
    services: origin === parts.node ? ownServices(parts) : servicesOf(state),
  };
}

function servicesOf({ facts }: LinkState): AtlasService[] {
  return [...facts.services]
    .map(([name, commands]) => ({ name, commands: commands.split(',').filter((command) => command !== '') }))
    .sort((a, b) => compareTexts(a.name, b.name));
}

const nameIn = (names: ReadonlyMap<NodeId, string>, node: NodeId): string => names.get(node) ?? `#${node}`;

/** A daemon without a graph: this machine, and nothing else. */
function describeAlone(parts: DescriptionParts): AtlasServer {
  const { snapshot, dataCenter } = parts;
  const services = ownServices(parts);
  return { ...describeUnlisted(snapshot.server), dataCenter, knowledge: 'whole', distance: 0, services };
}

/** Of this machine, also while nobody has been told. */
function ownServices({ snapshot, commands }: DescriptionParts): AtlasService[] {
  return snapshot.services
    .filter(({ isAnnounced }) => isAnnounced)
    .map(({ service }) => ({ name: service, commands: [...commands(service)].sort() }))
    .sort((a, b) => compareTexts(a.name, b.name));
}

const describeUnlisted = (name: string): AtlasServer => ({
  name,
  dataCenter: '',
  knowledge: 'summary',
  isDraining: false,
  isReachable: true,
  nextHops: [],
  services: [],
});

/** Who is in other data centres, and which services are known to be there. */
function* summarizedServers({ parts }: RouterSnapshot, names: ReadonlyMap<NodeId, string>): Generator<AtlasServer> {
  for (const { area, isOwn, distance, hops, content } of parts) {
    if (isOwn || content === undefined) continue;
    const services = new Map<NodeId, AtlasService[]>();
    for (const [name, { node }] of content.services) services.set(node, [...(services.get(node) ?? []), { name }]);
    for (const [id, { instance }] of content.servers) {
      yield {
        ...describeUnlisted(nameIn(names, id)),
        id,
        incarnation: incarnationOf(instance),
        dataCenter: area,
        distance,
        nextHops: hops.map((hop) => nameIn(names, hop)).sort(),
        services: (services.get(id) ?? []).sort((a, b) => compareTexts(a.name, b.name)),
      };
    }
  }
}

/** What nodes that can be reached say of daemons of another kind that they are linked with. */
function* opaqueServers(
  { nodes }: RouterSnapshot,
  names: ReadonlyMap<NodeId, string>,
  dataCenter: string,
): Generator<AtlasServer> {
  const nearestFirst = [...nodes].sort((a, b) => a.distance - b.distance);
  for (const { state, distance, nextHops } of nearestFirst) {
    if (distance >= UNREACHABLE) continue;
    for (const { server, address, services, heardOf } of state.facts.opaque.values()) {
      yield {
        ...describeUnlisted(server),
        dataCenter,
        knowledge: 'opaque',
        ...(address !== '' && { address }),
        distance: distance + OPAQUE_COST,
        nextHops: distance === 0 ? [server] : nextHops.map((hop) => nameIn(names, hop)).sort(),
        services: [...services].sort().map((name) => ({ name })),
        ...(heardOf.length > 0 && { heardOf: [...heardOf].sort() }),
      };
    }
  }
}

function* opaqueLinks({ nodes, server }: RouterSnapshot, names: ReadonlyMap<NodeId, string>): Generator<AtlasLink> {
  for (const { state, distance } of nodes) {
    if (distance >= UNREACHABLE) continue;
    for (const { server: to, address, since } of state.facts.opaque.values()) {
      yield {
        from: names.get(state.origin) ?? server,
        to,
        cost: OPAQUE_COST,
        kind: 'network',
        state: 'up',
        isOpaque: true,
        ...(address !== '' && { address }),
        ...(since > 0 && { upSince: since }),
      };
    }
  }
}

/** Links between others, and those to this node that only the others advertise. */
function* databaseLinks(
  { nodes, links }: RouterSnapshot,
  names: ReadonlyMap<NodeId, string>,
  self: NodeId | undefined,
): Generator<AtlasLink> {
  const states = new Map(nodes.map(({ state }) => [state.origin, state]));
  const own = new Set(links.map(({ peer }) => peer.node));
  for (const { origin, facts } of states.values()) {
    for (const [neighbor, cost] of facts.links) {
      const back = states.get(neighbor)?.facts.links.get(origin);
      const isTold = origin === self ? own.has(neighbor) : neighbor === self && own.has(origin);
      // Each link once: by the end with the lesser id, or by the only one that advertises it.
      if (isTold || !states.has(neighbor) || (back !== undefined && neighbor < origin)) continue;
      const ends = { from: names.get(origin) as string, to: names.get(neighbor) as string };
      yield oriented(
        { ...ends, cost, kind: 'network', state: back === undefined ? 'half' : 'up', isOpaque: false },
        back,
      );
    }
  }
}

/** The links of this node, one for each connection. */
function ownLinks({ snapshot, link: detailsOf }: DescriptionParts, names: ReadonlyMap<NodeId, string>): AtlasLink[] {
  const states = new Map(snapshot.nodes.map(({ state }) => [state.origin, state]));
  const own = [...states.values()].find(({ facts }) => facts.name === snapshot.server);
  return snapshot.links.map(({ link, peer, state, cost, roundTripMs }): AtlasLink => {
    const { server, dataCenter: _, ...details } = detailsOf(link) ?? {};
    const back = own && states.get(peer.node)?.facts.links.get(own.origin);
    return {
      from: snapshot.server,
      to: names.get(peer.node) ?? server ?? `#${peer.node}`,
      cost,
      ...(back !== undefined && back !== cost && { costBack: back }),
      kind: peer.isInArea ? 'network' : 'data-center',
      state: state === 'full' ? 'up' : 'coming',
      isOpaque: false,
      ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs * 1000) / 1000 }),
      ...details,
    };
  });
}

/** The link told from the end whose name comes first. */
function oriented(link: AtlasLink, back: number | undefined): AtlasLink {
  const { from, to, cost } = link;
  if (back === undefined || from <= to)
    return { ...link, ...(back !== undefined && back !== cost && { costBack: back }) };
  return { ...link, from: to, to: from, cost: back, ...(back !== cost && { costBack: cost }) };
}

/** The own one first. A data centre in several parts is as near as the nearest of them. */
function dataCentersOf(own: string, servers: readonly AtlasServer[], parts: readonly Part[]): AtlasDataCenter[] {
  const counts = new Map([[own, 0]]);
  for (const { dataCenter } of servers) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) + 1);
  const costs = new Map([[own, 0]]);
  const machines = new Map<string, number>();
  for (const { area, isOwn, distance, content } of parts) {
    if (isOwn) continue;
    if (!counts.has(area)) counts.set(area, 0);
    costs.set(area, Math.min(distance, costs.get(area) ?? UNREACHABLE));
    machines.set(area, (machines.get(area) ?? 0) + (content?.machines ?? 0));
  }
  const centers = [...counts].map(([name, count]): AtlasDataCenter => {
    const cost = costs.get(name);
    const serverCount = name === own ? count : Math.max(count, machines.get(name) ?? 0);
    return { name, isOwn: name === own, serverCount, ...(cost !== undefined && { cost }) };
  });
  return centers.sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || compareTexts(a.name, b.name));
}

const isTime = (seconds: number, now: number): boolean => seconds >= INCARNATION_IS_TIME && seconds <= now + 60;
