// Services that went away while their machine stayed, and are nowhere else: the graph does not know them, the history does.

import type { GraphDocument } from '../atlas/document.ts';
import type { HistoryEvent } from './traffic.ts';

export interface GoneService {
  readonly service: string;
  /** The machine of its last instance. */
  readonly server: string;
  /** Unix seconds. */
  readonly since: number;
}

/** What is not listed then may be up all the same. */
const ONLY_COMMANDS_LEFT_OUT = 'commands of services';

/**
 * By name. What was lost with its machine is not among them: the graph has it.
 * @param graph as it is, or was, at the moment
 * @param events in any order, as far back as somebody remembers
 * @param until Unix seconds: what happened later is not known at the moment; default: all of it is
 */
export function goneServices(
  graph: GraphDocument,
  events: readonly HistoryEvent[],
  until = Number.POSITIVE_INFINITY,
): GoneService[] {
  if (graph.leftOut?.some((what) => what !== ONLY_COMMANDS_LEFT_OUT)) return [];
  const last = new Map<string, HistoryEvent>();
  for (const event of events) {
    const { kind, service, time } = event;
    if (service === undefined || time > until || (kind !== 'service-up' && kind !== 'service-down')) continue;
    const known = last.get(service);
    if (known === undefined || time >= known.time) last.set(service, event);
  }
  const present = new Set<string>();
  const reachable = new Set<string>();
  /** Where it was lost with its machine: since when its last such instance is. */
  const lostSince = new Map<string, number>();
  for (const server of graph.servers) {
    if (server.isReachable) reachable.add(server.name);
    for (const service of [...server.services.map(({ name }) => name), ...(server.heardOf ?? [])]) {
      if (server.isReachable) present.add(service);
      else lostSince.set(service, Math.max(lostSince.get(service) ?? 0, server.lostSince ?? Number.POSITIVE_INFINITY));
    }
  }
  const gone: GoneService[] = [];
  for (const [service, { kind, server, time }] of last) {
    if (kind !== 'service-down' || present.has(service) || !reachable.has(server)) continue;
    if ((lostSince.get(service) ?? 0) > time) continue;
    gone.push({ service, server, since: time });
  }
  return gone.sort((a, b) => (a.service < b.service ? -1 : 1));
}
