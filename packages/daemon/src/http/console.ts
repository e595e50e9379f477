// The console of a daemon: joins the door with what is behind it, and that with the bus.

import { encodeGraph } from '@snapcommunicator/network/atlas';
import type { Bus } from '../bus/bus.ts';
import type { Certificates } from '../links/certificates.ts';
import type { Configuration } from '../options/index.ts';
import { Door } from './door.ts';
import type { Gate } from './gate.ts';
import { type Facts, readinessOf } from './health.ts';
import { NeighborTotals } from './neighbor-totals.ts';
import { takeReadings } from './readings.ts';
import type { Site } from './site.ts';

/** @returns the door, to be opened; what is behind it is loaded when somebody comes */
export function createConsole(configuration: Configuration, bus: Bus): Door {
  const door: Door = new Door({
    configuration,
    log: bus.log,
    brake: bus.brake,
    load: (gate, certificates) => loadSite(configuration, bus, door, gate, certificates),
  });
  return door;
}

async function loadSite(
  configuration: Configuration,
  bus: Bus,
  door: Door,
  gate: Gate,
  certificates: Certificates | undefined,
): Promise<Site> {
  const [{ Site }, { createRoutes }, { BusSockets }, { createMetrics, loopDelayMs }] = await Promise.all([
    import('./site.ts'),
    import('./routes.ts'),
    import('./bus-sockets.ts'),
    import('./metrics.ts'),
  ]);
  const busSockets = new BusSockets(
    { messageBytesMax: configuration.maxMessageSize, pingIntervalMs: configuration.consolePingInterval },
    bus.connections,
  );
  const totals = new NeighborTotals(configuration.maxMetricsNeighbors);
  const isReady = (): boolean => readinessOf(factsOf(configuration, bus, 0)).ready;
  const parts = { bus, configuration, door, totals, pageCount: () => busSockets.count, isReady };
  const routes = createRoutes({
    graph: () => encodeGraph(bus.graph.view.graph()),
    facts: async () => factsOf(configuration, bus, await loopDelayMs()),
    metrics: createMetrics((delayMs) => takeReadings(parts, delayMs)),
  });
  return new Site({ configuration, gate, routes, busSockets, certificates });
}

function factsOf(configuration: Configuration, bus: Bus, loopDelayMs: number): Facts {
  const { core, graph, keeping, legacy } = bus;
  const full = (core.router.graph?.links() ?? []).filter(({ state }) => state === 'full');
  return {
    isStopping: bus.isStopping(),
    isDraining: graph.view.underWay().isDraining,
    uptimeMs: Date.now() - core.startedAt * 1000,
    isStoreWell: keeping.isStoreWell,
    isSlow: core.inner.kind === 'TypeScript' && configuration.innerLoop !== 'typescript',
    isClusterComplete: graph.cluster.status().isComplete,
    keptShare: keeping.keeper.heldBytes / Math.max(1, configuration.maxCachedSize),
    loopDelayMs,
    neighborsConfigured: configuration.neighbors.length,
    linksFull: full.length + legacy.count,
    linkMs: configuration.handshakeTimeout,
  };
}
