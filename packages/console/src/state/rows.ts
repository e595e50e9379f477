// The rows of the tables: machines, services and links, each with what is known of its traffic.

import { type AtlasLink, type AtlasServer, type GraphDocument, isOverloaded } from '@snapcommunicator/network/atlas';
import type { GoneService, Traffic } from '@snapcommunicator/network/story';
import type { DaemonReport, ServiceRow } from '../bus/daemon.ts';
import type { MapTraffic } from '../map/model.ts';
import { contractsOf, type ServiceContract } from './contracts.ts';

export type RowState = 'well' | 'degraded' | 'lost';

export interface MachineRow {
  readonly name: string;
  readonly server: AtlasServer;
  readonly state: RowState;
  /** `up`, `lost`, `draining`, `C++`. */
  readonly condition: string;
  /** Messages a second that its services send, and receive. */
  readonly sent: number;
  readonly received: number;
  readonly links: number;
  readonly report: DaemonReport | undefined;
}

export interface ServiceSummary {
  readonly name: string;
  readonly state: RowState;
  readonly machines: readonly string[];
  /** Machines that had it and are lost. */
  readonly lostOn: readonly string[];
  /** Since when it is on no machine, though that of its last instance is there. */
  readonly gone: GoneService | undefined;
  readonly contract: ServiceContract;
  readonly sent: number;
  readonly received: number;
  /** Bytes that wait for it. */
  readonly queuedBytes: number;
  /** Since when the instance that is up longest is up, in unix seconds. */
  readonly upSince: number | undefined;
}

export interface LinkRow {
  readonly key: string;
  readonly link: AtlasLink;
  readonly state: RowState;
  readonly condition: string;
  /** Messages a second from `from` to `to`, and back. */
  readonly forward: number;
  readonly backward: number;
}

/** Messages a second by `server:service`. */
export type ServiceRates = ReadonlyMap<string, { readonly sent: number; readonly received: number }>;

/** Each service's rates as its own daemon tells them. */
export function serviceRates(traffic: ReadonlyMap<string, Traffic>): ServiceRates {
  const rates = new Map<string, { sent: number; received: number }>();
  for (const [server, { services }] of traffic) {
    for (const { service, sent, received } of services) {
      const name = service.includes(':') ? service : `${server}:${service}`;
      // Another machine's service is told by its own daemon, which knows all of it.
      if (!name.startsWith(`${server}:`) && traffic.has(name.slice(0, name.indexOf(':')))) continue;
      const known = rates.get(name) ?? { sent: 0, received: 0 };
      rates.set(name, { sent: Math.max(known.sent, sent), received: Math.max(known.received, received) });
    }
  }
  return rates;
}

const NO_RATES = { sent: 0, received: 0 };

export function machineRows(
  graph: GraphDocument,
  rates: ServiceRates,
  reports: ReadonlyMap<string, DaemonReport>,
): MachineRow[] {
  const links = new Map<string, number>();
  for (const { from, to, state } of graph.links) {
    if (state === 'half') continue;
    for (const end of [from, to]) links.set(end, (links.get(end) ?? 0) + 1);
  }
  return graph.servers.map((server) => {
    const { name, services } = server;
    const own = services.map((service) => rates.get(`${name}:${service.name}`) ?? NO_RATES);
    return {
      name,
      server,
      ...conditionOf(server),
      sent: own.reduce((sum, { sent }) => sum + sent, 0),
      received: own.reduce((sum, { received }) => sum + received, 0),
      links: links.get(name) ?? 0,
      report: reports.get(name),
    };
  });
}

function conditionOf(server: AtlasServer): Pick<MachineRow, 'state' | 'condition'> {
  const { isReachable, isDraining, knowledge, name } = server;
  if (!isReachable) return { state: 'lost', condition: 'lost' };
  if (isDraining) return { state: 'degraded', condition: 'draining' };
  if (isOverloaded(server)) return { state: 'degraded', condition: 'overloaded' };
  if (name.startsWith('#')) return { state: 'degraded', condition: 'its name is taken' };
  return { state: 'well', condition: knowledge === 'opaque' ? 'up, C++' : 'up' };
}

export function serviceSummaries(
  graph: GraphDocument,
  rates: ServiceRates,
  details: ReadonlyMap<string, readonly ServiceRow[]>,
  traffic: ReadonlyMap<string, Traffic>,
  goneServices: readonly GoneService[] = [],
): ServiceSummary[] {
  const contracts = new Map(
    contractsOf(
      graph,
      [...traffic.values()].flatMap(({ flows }) => flows),
    ).map((each) => [each.service, each]),
  );
  const lostOn = new Map<string, string[]>();
  for (const { name: server, services, isReachable } of graph.servers) {
    if (isReachable) continue;
    for (const { name } of services) lostOn.set(name, [...(lostOn.get(name) ?? []), server]);
  }
  const gone = new Map(goneServices.map((each) => [each.service, each]));
  const byName = new Map<string, ServiceRow[]>();
  for (const rows of details.values())
    for (const row of rows) byName.set(row.service, [...(byName.get(row.service) ?? []), row]);
  return [...new Set([...contracts.keys(), ...lostOn.keys(), ...gone.keys()])].sort().map((name) => {
    const contract = contracts.get(name) ?? { service: name, instances: [], commands: [], disagreements: [] };
    const machines = contract.instances.map(({ server }) => server);
    const own = machines.map((server) => rates.get(`${server}:${name}`) ?? NO_RATES);
    const rows = (byName.get(name) ?? []).filter(({ status }) => status === 'up');
    const since = rows.flatMap(({ up_since }) => up_since ?? []);
    const isAmiss = contract.disagreements.length > 0;
    return {
      name,
      state: machines.length === 0 ? 'lost' : isAmiss ? 'degraded' : 'well',
      machines,
      lostOn: lostOn.get(name) ?? [],
      gone: gone.get(name),
      contract,
      sent: own.reduce((sum, { sent }) => sum + sent, 0),
      received: own.reduce((sum, { received }) => sum + received, 0),
      queuedBytes: rows.reduce((sum, { queued_bytes = 0 }) => sum + queued_bytes, 0),
      upSince: since.length === 0 ? undefined : Math.min(...since),
    };
  });
}

export function linkRows(graph: GraphDocument, traffic: MapTraffic): LinkRow[] {
  const reached = new Set(graph.servers.filter(({ isReachable }) => isReachable).map(({ name }) => name));
  const rates = new Map(traffic.links.map(({ from, to, messages }) => [`${from} ${to}`, messages]));
  return graph.links.map((link, at) => {
    const { from, to, state, rates: told } = link;
    const isLost = !reached.has(from) || !reached.has(to);
    return {
      key: `${from} ${to} ${at}`,
      link,
      state: isLost ? 'lost' : state === 'up' ? 'well' : 'degraded',
      condition: isLost ? 'lost' : state === 'half' ? 'one end only' : state === 'coming' ? 'coming up' : 'up',
      forward: rates.get(`${from} ${to}`) ?? told?.messagesOut ?? 0,
      backward: rates.get(`${to} ${from}`) ?? told?.messagesIn ?? 0,
    };
  });
}
