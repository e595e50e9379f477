// What metrics are made of: plain numbers, taken from the parts of the daemon when somebody asks for them.

import type { Bus } from '../bus/bus.ts';
import type { RefusalReason } from '../bus/counters.ts';
import { VERSION } from '../machine/version.ts';
import type { Configuration } from '../options/index.ts';
import type { DestinationState } from '../switch/destination.ts';
import type { Door } from './door.ts';
import type { NeighborCounts, NeighborTotals } from './neighbor-totals.ts';

export type Counts = Readonly<Record<string, number>>;

export interface Readings {
  readonly server: string;
  readonly version: string;
  readonly innerLoop: string;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly refused: Counts;
  readonly dropped: Counts;
  readonly invalid: Counts;
  readonly expired: number;
  readonly unknown: number;
  readonly kept: number;
  readonly keptNow: number;
  readonly keptBytes: number;
  readonly broadcasts: number;
  readonly commands: number;
  readonly datagrams: number;
  readonly datagramsRefused: number;
  readonly connections: Counts;
  readonly connectionsRefused: number;
  readonly destinations: Counts;
  readonly services: number;
  readonly queueBytes: number;
  readonly streamBytes: number;
  readonly links: Counts;
  readonly linksRefused: Counts;
  /** By the neighbour's name, `other` for those that are not named. */
  readonly neighbors: ReadonlyMap<string, NeighborCounts>;
  readonly framesPassed: number;
  readonly framesRefused: Counts;
  readonly machinesKnown: number;
  readonly machinesReachable: number;
  readonly flags: number;
  readonly isDraining: boolean;
  readonly isReady: boolean;
  readonly recordedLines: number;
  readonly recordsMax: number;
  readonly sniffers: number;
  readonly consoleConnections: number;
  readonly consolePages: number;
  readonly consoleRefused: number;
  readonly loopDelaySeconds: number;
  readonly loopActiveSeconds: number;
  readonly memory: Counts;
  readonly processorSeconds: Counts;
}

export interface ReadingParts {
  readonly bus: Bus;
  readonly configuration: Configuration;
  readonly door: Pick<Door, 'connectionCount' | 'refusedCount'>;
  readonly totals: NeighborTotals;
  readonly pageCount: () => number;
  readonly isReady: () => boolean;
}

/** @param loopDelayMs how late the event loop was just now */
export function takeReadings(parts: ReadingParts, loopDelayMs: number): Readings {
  const { bus, configuration, door, totals } = parts;
  const { core, keeping, graph, links } = bus;
  const { counters, recorder, driver } = core;
  const { known, reachable } = graph.cluster.status();
  const { expired, unknown, commands, datagrams, datagramsRefused } = counters;
  const refused = Object.fromEntries(counters.refused) as Partial<Record<RefusalReason, number>>;
  totals.add(links);
  return {
    server: core.server,
    version: VERSION,
    innerLoop: core.inner.kind,
    startedAt: core.startedAt,
    accepted: Number(bus.report()['accepted']),
    refused,
    dropped: Object.fromEntries(counters.dropped),
    invalid: Object.fromEntries(counters.invalid),
    ...{ expired, unknown, commands, datagrams, datagramsRefused },
    kept: keeping.keeper.counters.kept,
    keptNow: keeping.keeper.waitingCount,
    keptBytes: keeping.keeper.heldBytes,
    broadcasts: counters.broadcastsSent,
    ...ofConnections(bus),
    connectionsRefused: counters.connectionsRefused,
    services: core.services.presentCount,
    streamBytes: driver.node.streams.heldBytes,
    links: linkStates(bus),
    linksRefused: links.refused,
    neighbors: totals.counts,
    framesPassed: driver.node.counters.passed,
    framesRefused: graph.framesRefused(),
    machinesKnown: known,
    machinesReachable: reachable,
    flags: bus.flags.flags.count,
    isDraining: graph.view.underWay().isDraining,
    isReady: parts.isReady(),
    recordedLines: recorder.nextNumber,
    recordsMax: configuration.recorderRecords,
    sniffers: core.taps.count,
    consoleConnections: door.connectionCount,
    consolePages: parts.pageCount(),
    consoleRefused: door.refusedCount,
    loopDelaySeconds: loopDelayMs / 1000,
    ...ofProcess(),
  };
}

function ofConnections({ connections, core }: Bus) {
  const byListener: Record<string, number> = {};
  const byState: Partial<Record<DestinationState, number>> = {};
  const { before } = core.counters;
  let delivered = before.delivered - before.lost;
  let queueBytes = 0;
  for (const { listener, destination } of connections) {
    byListener[listener] = (byListener[listener] ?? 0) + 1;
    if (destination === undefined) continue;
    byState[destination.state] = (byState[destination.state] ?? 0) + 1;
    delivered += destination.delivered.lines - destination.delivered.lost;
    queueBytes += core.output.waitingBytes(destination);
  }
  return { connections: byListener, destinations: byState, delivered, queueBytes };
}

function linkStates({ core, legacy }: Bus): Counts {
  const counts: Record<string, number> = { full: 0, exchanging: 0, opaque: legacy.count };
  for (const { state } of core.router.graph?.links() ?? []) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function ofProcess() {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
    memory: { resident: rss, heap: heapTotal, heap_used: heapUsed, external, array_buffers: arrayBuffers },
    processorSeconds: { user: user / 1e6, system: system / 1e6 },
  };
}
