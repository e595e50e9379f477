// Writes down the graph as one daemon sees it: its router's snapshot, and what only the daemon itself can know.

import type { NodeId } from '../frame/frame.ts';
import type { LinkState } from '../router/link-state.ts';
import type { Port } from '../router/machine.ts';
import type { RouterSnapshot } from '../router/router.ts';
import { UNREACHABLE } from '../router/shortest-path.ts';
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
  /** What the other end calls itself: needed where it is in another data centre. */
  readonly server?: string;
};

/** What a daemon knows of a server beyond its link state. */
export type ServerDetails = Partial<Pick<AtlasServer, 'address' | 'version' | 'upSince' | 'lostSince'>>;

/** A neighbour of another kind: it says what runs on it, and of which services it has heard. */
export interface OpaqueNeighbor {
  readonly name: string;
  readonly dataCenter: string;
  readonly services: readonly string[];
  readonly version?: string;
  readonly link: Omit<LinkDetails, 'server'> & { readonly cost: number; readonly roundTripMs?: number };
}

/** What came in summaries about other data centres. */
export interface Foreign {
  readonly dataCenters: readonly AtlasDataCenter[];
  readonly servers: readonly AtlasServer[];
}

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
  readonly opaque: readonly OpaqueNeighbor[];
  readonly foreign: Foreign;
}

/** Facts that no router reads: others are told them for the sake of people. */
export const DETAIL_KEYS = { address: 'address', version: 'version' } as const;

/** An incarnation is mostly the second of its start; a smaller number only counts. */
const INCARNATION_IS_TIME = 1_000_000_000;

export function describeGraph(parts: DescriptionParts): GraphDocument {
  const { snapshot, node: self, dataCenter, time, opaque, foreign } = parts;
  const names = uniqueNames(snapshot, self);
  const known = snapshot.nodes.map((node) => describeNode(node, names, parts));
  if (self === undefined) known.push(describeAlone(parts));
  const listed = new Set(known.map(({ name }) => name));
  // A summary says less than the database: who is in both is just moving.
  const summaries = foreign.servers.filter(({ name }) => !listed.has(name));
  for (const { name } of summaries) listed.add(name);
  const links = [...databaseLinks(snapshot, names, self), ...ownLinks(parts, names)];
  // The far end of a link to another data centre may not have been summed up yet.
  const unlisted = links.filter(({ to }) => !listed.has(to)).map(({ to }) => to);
  const ends = [...new Set(unlisted)].map((name) => describeUnlisted(name));
  const opaqueServers = opaque.filter(({ name }) => !listed.has(name)).map((neighbor) => describeOpaque(neighbor));
  const servers = [...known, ...summaries, ...ends, ...opaqueServers].sort((a, b) => compareTexts(a.name, b.name));
  const opaqueLinks = opaque.map(({ name, link }): AtlasLink => {
    return { from: snapshot.server, to: name, kind: 'network', state: 'up', isOpaque: true, ...link };
  });
  return {
    version: 1,
    seenFrom: snapshot.server,
    time,
    dataCenters: dataCentersOf(dataCenter, servers, foreign),
    servers,
    links: [...links, ...opaqueLinks].sort((a, b) => compareTexts(a.from, b.from) || compareTexts(a.to, b.to)),
  };
}

/** What each node is called in the document: a name that another one bears, too, is the reached one's. */
function uniqueNames({ nodes }: RouterSnapshot, self: NodeId | undefined): Map<NodeId, string> {
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
    nextHops: nextHops.map((hop) => names.get(hop) ?? `#${hop}`).sort(),
    services: servicesOf(state),
  };
}

function servicesOf({ facts }: LinkState): AtlasService[] {
  return [...facts.services]
    .map(([name, commands]) => ({ name, commands: commands.split(',').filter((command) => command !== '') }))
    .sort((a, b) => compareTexts(a.name, b.name));
}

/** A daemon without a graph: this machine, and nothing else. */
function describeAlone({ snapshot, dataCenter, commands }: DescriptionParts): AtlasServer {
  const services = snapshot.services
    .filter(({ isAnnounced }) => isAnnounced)
    .map(({ service }) => ({ name: service, commands: [...commands(service)].sort() }))
    .sort((a, b) => compareTexts(a.name, b.name));
  return { ...describeUnlisted(snapshot.server), dataCenter, knowledge: 'whole', distance: 0, services };
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

const describeOpaque = ({ name, dataCenter, services, version, link }: OpaqueNeighbor): AtlasServer => ({
  ...describeUnlisted(name),
  dataCenter,
  knowledge: 'opaque',
  ...(version !== undefined && { version }),
  ...(link.address !== undefined && { address: link.address }),
  distance: link.cost,
  nextHops: [name],
  services: [...services].sort().map((service) => ({ name: service })),
});

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
    const { server, ...details } = detailsOf(link) ?? {};
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

function dataCentersOf(own: string, servers: readonly AtlasServer[], foreign: Foreign): AtlasDataCenter[] {
  const counts = new Map([[own, 0]]);
  for (const { dataCenter } of servers) counts.set(dataCenter, (counts.get(dataCenter) ?? 0) + 1);
  const centers = new Map<string, AtlasDataCenter>();
  for (const [name, serverCount] of counts) {
    centers.set(name, { name, isOwn: name === own, serverCount, ...(name === own && { cost: 0 }) });
  }
  for (const center of foreign.dataCenters) {
    const serverCount = Math.max(center.serverCount, counts.get(center.name) ?? 0);
    if (center.name !== own) centers.set(center.name, { ...center, isOwn: false, serverCount });
  }
  return [...centers.values()].sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || compareTexts(a.name, b.name));
}

const isTime = (seconds: number, now: number): boolean => seconds >= INCARNATION_IS_TIME && seconds <= now + 60;
