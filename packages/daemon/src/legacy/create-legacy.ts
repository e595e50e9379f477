// The C++ daemons' part of the daemon: wires the links to them with the rest. Nothing is decided here.

import type { Core } from '../bus/core.ts';
import type { Delivery } from '../bus/delivery.ts';
import { textParameters } from '../bus/speaker.ts';
import type { DaemonCommands } from '../commands/index.ts';
import type { Caller } from '../commands/runner.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { Identity } from '../machine/identity.ts';
import { loadAverage } from '../machine/load-average.ts';
import { type Configuration, formatEndpoint } from '../options/index.ts';
import { LegacyLinks } from './legacy-links.ts';

export interface LegacySurroundings {
  readonly core: Core;
  readonly configuration: Configuration;
  readonly identity: Identity;
  readonly delivery: Delivery;
  readonly graph: GraphSide;
  readonly commands: DaemonCommands;
  readonly run: (caller: Caller) => void;
  /** `IP:port` of the remote listener; empty without one. */
  readonly address: () => string;
}

/** Broadcasts of the graph have such ids: who was first to send it, and its number there. */
const BROADCAST_ID = /^([0-9a-f]{16})\.(\d+)\.[*?]\.\d+$/;

export function createLegacy({
  core,
  configuration,
  identity,
  delivery,
  graph,
  commands,
  run,
  address,
}: LegacySurroundings) {
  const { services, driver, myAddress } = core;
  const { router } = driver.node;
  const announced = {
    services: (): string[] => services.list().map(({ name }) => name),
    heardOf: (): string[] => [...new Set(graph.services().map(({ service }) => service))],
    neighbors: (): string[] =>
      configuration.neighbors.filter(({ scheme }) => scheme === 'sc').map((neighbor) => formatEndpoint(neighbor)),
  };
  const legacy = new LegacyLinks({
    ...core,
    router,
    delivery,
    announced,
    myAddress: () => address() || myAddress,
    life: String(identity.incarnation),
    lineBytesMax: configuration.maxMessageSize,
    linksMax: configuration.maxLinks,
    aliveIntervalMs: configuration.aliveInterval,
    loadIntervalMs: configuration.loadavgInterval,
    hangUpMs: configuration.stopTimeout,
    isNodeNamed: (name) => router.graph?.nodeNamed(name) !== undefined,
    isOwnId: (id) => {
      const [, node, incarnation] = BROADCAST_ID.exec(id) ?? [];
      if (node === undefined) return false;
      return node === identity.node || (router.graph?.isReachable(`${node}~${incarnation}`) ?? false);
    },
    mayAsk: (command, isSecure) => isSecure || configuration.compatControl || !commands.runner.needsPrivilege(command),
    run,
    broadcast: (scope, line) => graph.broadcast(scope, line),
    changed: (port, fact) => {
      driver.input({ kind: 'opaque', link: port, fact });
    },
    up: (name) => graph.cluster.linkUp(name),
    down: (name, isOrderly) => graph.cluster.linkDown(name, isOrderly),
    load: () =>
      textParameters({ avg: loadAverage(), my_address: address() || myAddress, timestamp: Date.now() / 1000 }),
    loadHeard: ({ my_address: from = '', avg, timestamp }) =>
      commands.loads.heard(from, { avg, my_address: from, timestamp }),
  });
  return { legacy, announced };
}
