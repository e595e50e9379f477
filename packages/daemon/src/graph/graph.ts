// The graph's part of the daemon: wires the driver, other nodes, arrivals, outcomes and events. Nothing is decided here.

import { type Frame, type Instance, nodeOf } from '@snapcommunicator/network/frame';
import type { RemoteService } from '@snapcommunicator/network/router';
import { encodeMessage, type Message } from 'snapcommunicator/wire';
import { Cluster } from '../bus/cluster.ts';
import type { Core } from '../bus/core.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { Dispatcher } from '../bus/dispatcher.ts';
import type { Keeping } from '../bus/keeping.ts';
import { textParameters, type Values } from '../bus/speaker.ts';
import type { LineDetails } from '../commands/runner.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import type { Link } from '../links/link.ts';
import { type Identity, storeIdentity } from '../machine/identity.ts';
import type { Configuration } from '../options/index.ts';
import type { Source } from '../switch/source.ts';
import type { LineHandler, Switch } from '../switch/switch.ts';
import { Arrivals } from './arrivals.ts';
import { Broadcasts } from './broadcasts.ts';
import { DaemonClusterView } from './cluster-view.ts';
import { Confirmations } from './confirmations.ts';
import { GraphEvents } from './graph-events.ts';
import { Happenings } from './happenings.ts';
import { MachineAddresses } from './machine-addresses.ts';
import { MachineSide } from './machine-side.ts';
import { Outcomes } from './outcomes.ts';
import { OwnFacts } from './own-facts.ts';
import type { RemoteNodes } from './remote-nodes.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export interface GraphParts {
  readonly core: Core;
  readonly configuration: Configuration;
  readonly identity: Identity;
  readonly keeping: Keeping;
  readonly remoteNodes: RemoteNodes;
  readonly delivery: Delivery;
  readonly lines: () => Switch;
  readonly legacy: () => LegacyLinks;
  readonly giveKeptTo: (service: string) => void;
  /** A command for this daemon from another machine. */
  readonly command: (message: Message, received: LineDetails) => void;
  readonly accounts: StreamAccounts;
  /** A machine can be reached, or not any more. @param server its name; empty: it has none */
  readonly reachChanged: (server: string, isReachable: boolean) => void;
  /** Another machine has borne this one's name for longer. */
  readonly nameLost: () => void;
  /** The daemon stops, and another begins in its place. */
  readonly beginAnew: (reason: string) => void;
}

export type GraphSide = ReturnType<typeof createGraph>;

/** How often it is looked whether others have taken everything, while the daemon stops. */
const SETTLE_CHECK_MS = 5;

export function createGraph(parts: GraphParts) {
  const { core, configuration, identity, keeping, remoteNodes, delivery, command, accounts } = parts;
  const { driver, speaker, services, now, server, log, recorder, history, counters } = core;
  const { node } = driver;
  const graph = node.router.graph;
  if (graph === undefined) throw new Error('the node was made without a graph');
  const area = configuration.dataCenter ?? '';

  const confirmations = new Confirmations({
    keeping,
    nameOf: (instance) => graph.whereabouts.nameOf(nodeOf(instance)),
    changed: (queue) => {
      side.queueChanged(queue);
      driver.wake();
    },
    now,
  });
  const arrivals = new Arrivals({
    ...core,
    keeping,
    delivery,
    accounts,
    receivingPort: () => driver.receivingPort,
    lines: parts.lines,
    legacy: parts.legacy,
    command,
    resumed: (origin) => driver.resume(origin),
    confirm: (origin, id, status) =>
      delivery.tell(`${graph.whereabouts.nameOf(nodeOf(origin))}:communicatord`, 'CONFIRM', { id, status }),
  });
  const outcomes = new Outcomes({
    ...core,
    keeping,
    delivery,
    accounts,
    self: node.self,
    nameOf: (instance) => graph.whereabouts.nameOf(nodeOf(instance)),
    idOf: ({ incarnation, stream, number }) => `${node.id}.${incarnation}.${stream}.${number}`,
    queueOf: (name, service) => {
      const decision = node.router.forward(name, service, '', now());
      if ('destination' in decision) return decision.destination;
      return name === '' || name === '*' ? service : `${name.toLowerCase()}:${service}`;
    },
    awaitConfirmation: (entry, instance) => confirmations.await(entry, instance),
    returned: (instance, service) => graph.returned(instance, service, now()),
    changed: (queue) => side.queueChanged(queue),
  });
  const cluster: Cluster = new Cluster({
    server,
    announce: (word, values) => speaker.announce(word, values),
    reachable: () => new Set([...graph.whereabouts.servers(), ...graph.opaque.servers()]),
    unmetAddresses: (isKnown) => addresses.unmetCount(isKnown),
    nowMs: () => Date.now(),
  });
  const addresses: MachineAddresses = new MachineAddresses({
    database: graph.database,
    links: () => events.links,
    legacy: () => parts.legacy().addresses,
    neighbors: configuration.neighbors,
  });
  const view: DaemonClusterView = new DaemonClusterView({
    core,
    keeping,
    dataCenter: area,
    links: () => events.links,
    lostMs: configuration.lostTime,
  });
  const broadcasts = new Broadcasts({ ...core, delivery, legacy: parts.legacy, command, accounts });
  const happenings = new Happenings({
    database: graph.database,
    self: node.id,
    history,
    nameOf: (machine) => graph.whereabouts.nameOf(machine),
  });
  history.onSecond = () => happenings.look();
  const events: GraphEvents = new GraphEvents({
    driver,
    cluster,
    log,
    area,
    scopeChanged: () => parts.lines().flows.clear(),
    serviceChanged: (service) => services.changedElsewhere(service),
    borderLinkChanged: (peer, isUp) => history.add(isUp ? 'link-up' : 'link-lost', server, { peer }),
    reachChanged: (machine, isReachable) => {
      happenings.reachChanged(machine, isReachable);
      view.reachChanged(machine, isReachable);
      parts.reachChanged(graph.whereabouts.nameOf(machine), isReachable);
    },
    nameLost: parts.nameLost,
    broadcast: (line, id, origin) => broadcasts.arrived(line, id, origin),
    outbid: (incarnation) => storeIdentity(configuration.dataPath, server, { ...identity, incarnation }),
    lifeTaken: () => parts.beginAnew('another life of this daemon bore the same number (data_path is an older copy?)'),
  });
  const side: MachineSide = new MachineSide({
    node,
    arrivals,
    outcomes,
    remoteNodes,
    keeping,
    now,
    giveKeptTo: parts.giveKeptTo,
    accounts,
    passed: (frame, from, to) => recorder.passages.add(frame, from, to ?? 0, recorder.timeMs, recorder.nextNumber),
    wentBehind: (count) => {
      counters.toOpaque += count;
    },
    behind: (decision) => parts.legacy().destinationFor(decision),
    carryOut: (effect) => {
      if (effect.kind === 'ended') confirmations.end(effect.instance);
      events.carryOut(effect);
    },
  });
  driver.attach(side);

  const ownFacts = new OwnFacts(driver, configuration.remoteListen.length > 0 ? core.myAddress : undefined);
  const forgetting: ((machine: string) => boolean)[] = [];
  const hasOthers = (): boolean => graph.database.size > 1 || !graph.areas.isAlone;
  const broadcast = (scope: 'network' | 'cluster', line: Uint8Array): string | undefined => {
    if (!hasOthers()) return undefined;
    counters.broadcastsSent++;
    const id = node.broadcast(scope === 'network' ? '?' : '*', line, now());
    driver.wake();
    return id;
  };

  return {
    cluster,
    confirmations,
    /** What the tools see of the cluster. */
    view,
    /** The name of a node in one of its lives; empty if it has none that is known. */
    nameOf: (instance: Instance): string => graph.whereabouts.nameOf(nodeOf(instance)),
    /** The machine with this address. */
    serverAt: (ip: string): string | undefined => addresses.serverAt(ip),
    isReachable: (name: string): boolean => graph.nodeNamed(name) !== undefined,
    /** Frames that went no further here, by reason; those that there were none of are left out. */
    framesRefused: (): Record<string, number> => {
      const { looped, stranded } = node.counters;
      const unknown = node.streams.counters.unknownOrigins + node.broadcasts.counters.unknownOrigins;
      const { refused, throttled } = graph.flooding.counters;
      const all = { looped, stranded, 'unknown origin': unknown, 'link state': refused, 'too often': throttled };
      return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
    },
    /** Services of other machines. */
    services: (): RemoteService[] => [...graph.whereabouts.services()],
    /** Whether all links proved who is at their other end: then so is what came over them. */
    areLinksProved: (): boolean =>
      [...events.links].every(({ isSecure }) => isSecure || configuration.clusterSecretFile !== undefined),
    /** A machine is not expected to come back. @param machine its name or address. @returns whether it was known */
    forget: (machine: string): boolean => {
      const wasLost = view.forget(machine);
      const wasKnown = cluster.forget(machine) || wasLost;
      return forgetting.map((forget) => forget(machine)).some(Boolean) || wasKnown;
    },
    /** Calls back when a machine is to be forgotten. */
    onForget: (listener: (machine: string) => boolean): void => void forgetting.push(listener),
    events,
    node,
    hasOthers,
    broadcast,
    /** Asks the daemons of all other machines. */
    tellDaemons: (word: string, values: Values): void => {
      const message = {
        sentFromServer: server,
        sentFromService: 'communicatord',
        server: '*',
        service: 'communicatord',
      };
      const line = encodeMessage({ ...message, command: word, parameters: textParameters(values) });
      broadcast('cluster', Buffer.from(`${line}\n`));
    },
    /** A queue may have somewhere to go now. */
    queueChanged: (queue: string): void => {
      side.queueChanged(queue);
      driver.wake();
    },
    /** A node takes messages again: what waited for room goes on. */
    roomAgain: (): void => {
      for (const { destination } of keeping.keeper.destinations()) side.queueChanged(destination);
      driver.wake();
    },
    /** Lines that arrived are handled here, all others by the dispatcher. */
    handlerOf: (dispatcher: Dispatcher): LineHandler => handlerFor(arrivals, dispatcher),
    linkEvents: {
      up: (link: Link): void => events.linkUp(link),
      down: (link: Link, isOrderly: boolean): void => events.linkDown(link, isOrderly),
      frame: (link: Link, frame: Frame): void => driver.receive(link.port, frame),
      readEnd: (): void => driver.turn(),
    },
    /** Waits until other nodes have taken what is under way to them, at most so long. */
    settle: async (timeoutMs: number): Promise<void> => {
      driver.turn();
      const deadline = now() + timeoutMs;
      while (!remoteNodes.isSettled && now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, SETTLE_CHECK_MS));
    },
    close: (): void => {
      ownFacts.close();
      view.close();
      confirmations.close();
    },
  };
}

function handlerFor(arrivals: Arrivals, dispatcher: Dispatcher): LineHandler {
  const of = (source: Source): LineHandler => (arrivals.isSource(source) ? arrivals : dispatcher);
  return {
    resolve: (source, line) => of(source).resolve(source, line),
    handle: (source, line) => of(source).handle(source, line),
    refuse: (source, line, target, reason) => of(source).refuse(source, line, target, reason),
    reject: (source, error, line) => of(source).reject(source, error, line),
    overflow: (source) => of(source).overflow(source),
  };
}
