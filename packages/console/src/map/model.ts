// What the map is made of: the graph document and the traffic, put together as machines, links and data centres to draw.

import {
  type AtlasLink,
  type AtlasLinkState,
  type AtlasServer,
  compareTexts,
  type GraphDocument,
  isOverloaded,
  titleOf,
} from '@snapcommunicator/network/atlas';
import type { Traffic } from '@snapcommunicator/network/story';

/** Messages a second of the whole cluster, merged over its machines. */
export interface MapTraffic {
  /** Unix seconds. */
  readonly time: number;
  /** Between two services, each as `server:service`. */
  readonly flows: readonly { readonly from: string; readonly to: string; readonly messages: number }[];
  /** Over links, in one direction each. */
  readonly links: readonly { readonly from: string; readonly to: string; readonly messages: number }[];
}

/** What a person has chosen on the map. */
export type Selection =
  | { readonly kind: 'machine'; readonly machine: string }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'data-center'; readonly dataCenter: string }
  | { readonly kind: 'path'; readonly from: string; readonly to: string };

export type MachineState = 'well' | 'degraded' | 'lost';

export interface MapService {
  readonly name: string;
  /** Messages a second that it sends and receives. */
  readonly perSecond: number;
}

export interface MapMachine {
  readonly name: string;
  readonly dataCenter: string;
  readonly state: MachineState;
  /** Why it is not well, in words; empty if it is. */
  readonly trouble: string;
  /** Whether its daemon is the one that was asked. */
  readonly isOwn: boolean;
  /** Busiest first. */
  readonly services: readonly MapService[];
  /** Messages a second that its services send and receive. */
  readonly perSecond: number;
  readonly server: AtlasServer;
}

/** All links between two machines, `a` before `b` by name. */
export interface MapLink {
  /** `a b`. */
  readonly key: string;
  readonly a: string;
  readonly b: string;
  readonly count: number;
  /** `lost`: an end of it cannot be reached. */
  readonly state: AtlasLinkState | 'lost';
  readonly isFar: boolean;
  readonly isSecure: boolean;
  /** The end that is a daemon of another kind. */
  readonly opaqueEnd: string | undefined;
  readonly cost: number;
  readonly costBack: number | undefined;
  readonly roundTripMs: number | undefined;
  /** Messages a second from `a` to `b`, and back. */
  readonly forward: number;
  readonly backward: number;
}

export interface MapCenter {
  readonly name: string;
  readonly title: string;
  /** Machines that are known to be in it, listed or not. */
  readonly machineCount: number;
  readonly lostCount: number;
  /** By name. */
  readonly machines: readonly string[];
}

/** All links between two data centres, `a` before `b` by name. */
export interface CenterLink {
  readonly key: string;
  readonly a: string;
  readonly b: string;
  readonly count: number;
  /** How many of them carry traffic. */
  readonly upCount: number;
  readonly forward: number;
  readonly backward: number;
}

export interface Scene {
  /** Unix seconds. */
  readonly time: number;
  readonly machines: ReadonlyMap<string, MapMachine>;
  readonly links: readonly MapLink[];
  readonly centers: readonly MapCenter[];
  readonly centerLinks: readonly CenterLink[];
  /** Whether data centres are to be shown as regions: there are several, or the only one has a name. */
  readonly hasRegions: boolean;
}

export const linkKey = (one: string, other: string): string => (one < other ? `${one} ${other}` : `${other} ${one}`);

/** What the daemons of several machines say of their traffic, each flow and each direction of a link once. */
export function mergeTraffic(byMachine: ReadonlyMap<string, Traffic>): MapTraffic {
  const flows = new Map<string, { from: string; to: string; messages: number }>();
  const links = new Map<string, { from: string; to: string; messages: number }>();
  const note = (found: typeof flows, from: string, to: string, messages: number): void => {
    const known = found.get(`${from} ${to}`);
    // Both ends tell of the same messages; the greater figure is that of the later look.
    if (known === undefined) found.set(`${from} ${to}`, { from, to, messages });
    else known.messages = Math.max(known.messages, messages);
  };
  let time = 0;
  for (const [machine, traffic] of byMachine) {
    time = Math.max(time, traffic.time);
    const own = new Map<string, number>();
    for (const { from, to, messages } of traffic.flows) {
      own.set(`${from} ${to}`, (own.get(`${from} ${to}`) ?? 0) + messages);
    }
    for (const [pair, rate] of own) note(flows, ...(pair.split(' ', 2) as [string, string]), rate);
    for (const { server, messagesOut, messagesIn } of traffic.links) {
      note(links, machine, server, messagesOut);
      note(links, server, machine, messagesIn);
    }
  }
  return { time, flows: [...flows.values()], links: [...links.values()] };
}

export function buildScene(graph: GraphDocument, traffic: MapTraffic | undefined, time: number): Scene {
  const rates = serviceRates(traffic);
  const machines = new Map(
    graph.servers.map((server) => [server.name, describeMachine(server, graph.seenFrom, rates.get(server.name))]),
  );
  const links = describeLinks(graph, traffic, machines);
  const centers = describeCenters(graph, machines);
  return {
    time,
    machines,
    links,
    centers,
    centerLinks: describeCenterLinks(links, machines),
    hasRegions: centers.length > 1 || (centers[0]?.name ?? '') !== '',
  };
}

/** Messages a second, by machine and service: sent and received. */
function serviceRates(traffic: MapTraffic | undefined): Map<string, Map<string, number>> {
  const rates = new Map<string, Map<string, number>>();
  for (const { from, to, messages } of traffic?.flows ?? []) {
    for (const end of [from, to]) {
      const colon = end.indexOf(':');
      const [machine, service] = [end.slice(0, colon), end.slice(colon + 1)];
      const ofMachine = rates.get(machine) ?? new Map<string, number>();
      rates.set(machine, ofMachine.set(service, (ofMachine.get(service) ?? 0) + messages));
    }
  }
  return rates;
}

function describeMachine(
  server: AtlasServer,
  seenFrom: string,
  rates: ReadonlyMap<string, number> = new Map(),
): MapMachine {
  const services = server.services.map(({ name }) => ({ name, perSecond: rates.get(name) ?? 0 }));
  const trouble = troubleOf(server);
  return {
    name: server.name,
    dataCenter: server.dataCenter,
    state: !server.isReachable ? 'lost' : trouble === '' ? 'well' : 'degraded',
    trouble,
    isOwn: server.name === seenFrom,
    services: services.sort((a, b) => b.perSecond - a.perSecond || compareTexts(a.name, b.name)),
    perSecond: [...rates.values()].reduce((sum, rate) => sum + rate, 0),
    server,
  };
}

function troubleOf(server: AtlasServer): string {
  const { isReachable, isDraining, name } = server;
  if (!isReachable) return 'lost';
  if (isDraining) return 'draining';
  if (isOverloaded(server)) return 'overloaded';
  return name.startsWith('#') ? 'its name is taken' : '';
}

function describeLinks(
  { links }: GraphDocument,
  traffic: MapTraffic | undefined,
  machines: ReadonlyMap<string, MapMachine>,
): MapLink[] {
  const rates = new Map((traffic?.links ?? []).map(({ from, to, messages }) => [`${from} ${to}`, messages]));
  const pairs = new Map<string, AtlasLink[]>();
  for (const link of links) {
    if (link.from === link.to || !machines.has(link.from) || !machines.has(link.to)) continue;
    const key = linkKey(link.from, link.to);
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, [link]);
    else pair.push(link);
  }
  return [...pairs].map(([key, pair]): MapLink => {
    const [a, b] = key.split(' ', 2) as [string, string];
    const best = pair.reduce((one, other) => (one.state === 'up' ? one : other));
    const isAhead = best.from === a;
    const isLost = [a, b].some((end) => machines.get(end)?.state === 'lost');
    const own = (name: 'messagesOut' | 'messagesIn'): number =>
      pair.reduce((sum, { rates }) => sum + (rates?.[name] ?? 0), 0);
    const [out, back] = [own('messagesOut'), own('messagesIn')];
    return {
      key,
      a,
      b,
      count: pair.length,
      state: isLost ? 'lost' : best.state,
      isFar: best.kind === 'data-center',
      isSecure: pair.every(({ isSecure }) => isSecure === true),
      opaqueEnd: best.isOpaque ? best.to : undefined,
      cost: isAhead ? best.cost : (best.costBack ?? best.cost),
      costBack: best.costBack === undefined ? undefined : isAhead ? best.costBack : best.cost,
      roundTripMs: best.roundTripMs,
      forward: isLost ? 0 : (rates.get(`${a} ${b}`) ?? (isAhead ? out : back)),
      backward: isLost ? 0 : (rates.get(`${b} ${a}`) ?? (isAhead ? back : out)),
    };
  });
}

function describeCenters(
  { dataCenters, servers }: GraphDocument,
  machines: ReadonlyMap<string, MapMachine>,
): MapCenter[] {
  const members = new Map<string, string[]>(dataCenters.map(({ name }) => [name, []]));
  for (const { name, dataCenter } of servers) {
    const list = members.get(dataCenter);
    if (list === undefined) members.set(dataCenter, [name]);
    else list.push(name);
  }
  const counts = new Map(dataCenters.map(({ name, serverCount }) => [name, serverCount]));
  return [...members]
    .filter(([name, list]) => list.length > 0 || (counts.get(name) ?? 0) > 0)
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([name, list]) => ({
      name,
      title: titleOf(name),
      machineCount: Math.max(counts.get(name) ?? 0, list.length),
      lostCount: list.filter((machine) => machines.get(machine)?.state === 'lost').length,
      machines: list.sort(compareTexts),
    }));
}

function describeCenterLinks(links: readonly MapLink[], machines: ReadonlyMap<string, MapMachine>): CenterLink[] {
  const pairs = new Map<string, { a: string; b: string; count: number; up: number; there: number; back: number }>();
  for (const { a, b, count, state, forward, backward } of links) {
    const [one, other] = [machines.get(a)?.dataCenter ?? '', machines.get(b)?.dataCenter ?? ''];
    if (one === other) continue;
    const isAhead = one < other;
    const [first, second] = isAhead ? [one, other] : [other, one];
    const key = `${first} ${second}`;
    const pair = pairs.get(key) ?? { a: first, b: second, count: 0, up: 0, there: 0, back: 0 };
    pair.count += count;
    pair.up += state === 'up' ? count : 0;
    pair.there += isAhead ? forward : backward;
    pair.back += isAhead ? backward : forward;
    pairs.set(key, pair);
  }
  return [...pairs].map(([key, { a, b, count, up, there, back }]) => ({
    key,
    a,
    b,
    count,
    upCount: up,
    forward: there,
    backward: back,
  }));
}

/** Whether the same machines are in the same data centres. */
export const hasSameMachines = (a: Scene, b: Scene): boolean =>
  a.machines.size === b.machines.size &&
  [...b.machines].every(([name, { dataCenter }]) => a.machines.get(name)?.dataCenter === dataCenter);
