// The cluster as the tools' commands want it: the graph as a document, the next step of a message, draining.

import { type AtlasCounts, type AtlasRates, describeGraph, type GraphDocument } from '@snapcommunicator/network/atlas';
import type { NodeId } from '@snapcommunicator/network/frame';
import type { Port } from '@snapcommunicator/network/router';
import type { Core } from '../bus/core.ts';
import type { Keeping } from '../bus/keeping.ts';
import type { ClusterView, Step, UnderWay } from '../commands/graph.ts';
import type { Link } from '../links/link.ts';
import { VERSION } from '../machine/version.ts';
import type { TrafficLink } from '../recorder/traffic.ts';
import { LostMachines } from './lost-machines.ts';

export interface ClusterViewParts {
  readonly core: Core;
  readonly keeping: Keeping;
  /** The name of the data centre; empty for the one without a name. */
  readonly dataCenter: string;
  readonly links: () => Iterable<Link>;
  /** A machine that was lost is shown as lost for so long. */
  readonly lostMs: number;
}

/** Rates are taken over at least so long. */
const RATE_MS = 2000;
/** So often it is noted who is there, also while nobody asks: who is lost later is known then. */
const LOOK_MS = 30_000;

/** Machines of which it is remembered when they were lost. */
const LOST_MAX = 20_000;

/** What a link had carried at some time. */
interface Reading {
  readonly atMs: number;
  readonly counts: AtlasCounts;
  readonly rates: AtlasRates | undefined;
}

export class DaemonClusterView implements ClusterView {
  readonly #parts: ClusterViewParts;
  readonly #readings = new Map<Port, Reading>();
  readonly #lostSince = new Map<NodeId, number>();
  readonly #lost: LostMachines;
  readonly #timer: NodeJS.Timeout;
  readonly #lookTimer: NodeJS.Timeout;
  #isDraining = false;

  constructor(parts: ClusterViewParts) {
    this.#parts = parts;
    this.#lost = new LostMachines(parts.lostMs);
    this.#timer = setInterval(() => this.#measure(), RATE_MS).unref();
    this.#lookTimer = setInterval(() => this.graph(), LOOK_MS).unref();
  }

  graph(): GraphDocument {
    const { core, dataCenter, links } = this.#parts;
    const { driver, router, startedAt } = core;
    const byPort = new Map([...links()].map((link) => [link.port, link]));
    const document = describeGraph({
      snapshot: router.snapshot(),
      node: driver.node.id,
      dataCenter,
      time: Date.now() / 1000,
      link: (port) => {
        const link = byPort.get(port);
        if (link === undefined) return undefined;
        const { peer, isSecure, upSince } = link;
        // Who dialed shows a passing port: what it calls its address is of more use.
        const address = peer.address === '' ? link.remoteAddress : peer.address;
        const rates = this.#readings.get(port)?.rates;
        const details = {
          server: peer.server,
          dataCenter: peer.area,
          isSecure,
          address,
          upSince,
          counts: countsOf(link),
        };
        return rates === undefined ? details : { ...details, rates };
      },
      server: (node) => {
        if (node === driver.node.id) return { version: VERSION, upSince: startedAt };
        const lostSince = this.#lostSince.get(node);
        return lostSince === undefined ? undefined : { lostSince };
      },
      commands: (service) => router.commandsOf(service),
    });
    return this.#lost.addTo(document);
  }

  /** What each link carries, for TRAFFIC. */
  *traffic(): Generator<TrafficLink> {
    for (const link of this.#parts.links())
      yield {
        port: link.port,
        server: link.peer.server,
        carried: link.counters,
        rates: this.#readings.get(link.port)?.rates,
      };
  }

  step(server: string, service: string, from: string): Step {
    const { server: own, router, driver, now } = this.#parts.core;
    const wanted = service === '' ? 'communicatord' : service;
    // On its last machine a message goes where it goes on arrival: it may be a border to daemons of another kind.
    const isLast = from !== '' && server.toLowerCase() === own;
    const decision = isLast ? router.here(wanted, '', now()) : router.forward(server, wanted, '', now());
    if (decision.kind === 'daemon' || decision.kind === 'port') return { outcome: 'here', server: own };
    if (decision.kind === 'opaque') return { outcome: 'opaque' };
    const { graph } = router;
    if (decision.kind !== 'node' || graph === undefined) return { outcome: 'absent' };
    const origin = from === '' ? driver.node.id : (graph.nodeNamed(from.toLowerCase()) ?? driver.node.id);
    const slot = graph.slotFor(origin, decision.node);
    const link = [...this.#parts.links()].find(({ port }) => port === slot);
    if (link === undefined) return { outcome: 'absent' };
    const last = this.graph().servers.find(({ id }) => id === decision.node);
    return {
      outcome: 'next',
      next: link.peer.server,
      ...(last !== undefined && { server: last.name }),
      ...(last?.distance !== undefined && { cost: last.distance }),
    };
  }

  drain(isDraining: boolean): void {
    if (this.#isDraining === isDraining) return;
    this.#isDraining = isDraining;
    const { driver, log } = this.#parts.core;
    driver.input({ kind: 'drain', isDraining });
    log.lines.warn(
      isDraining ? 'draining: no new traffic is to come to or through this machine' : 'takes traffic again',
    );
  }

  underWay(): UnderWay {
    const { core, keeping } = this.#parts;
    const { node } = core.driver;
    const queued = core.services.list().map(({ connection }) => connection?.destination?.queuedBytes ?? 0);
    return {
      isDraining: this.#isDraining,
      sentBytes: node.streams.heldBytes,
      queuedBytes: queued.reduce((sum, bytes) => sum + bytes, 0),
      passed: node.counters.passed,
      kept: keeping.keeper.waitingCount,
    };
  }

  /** A machine is not expected to come back. @param machine its name or address */
  forget(machine: string): boolean {
    // Whoever is lost since the last look is noted first.
    this.graph();
    return this.#lost.forget(machine);
  }

  /** A machine can be reached, or not any more. */
  reachChanged(node: NodeId, isReachable: boolean): void {
    if (isReachable) this.#lostSince.delete(node);
    else if (this.#lostSince.size < LOST_MAX) this.#lostSince.set(node, Date.now() / 1000);
  }

  close(): void {
    clearInterval(this.#timer);
    clearInterval(this.#lookTimer);
  }

  /** Takes the counts of all links, for rates. */
  #measure(): void {
    const atMs = performance.now();
    const ports = new Set<Port>();
    for (const link of this.#parts.links()) {
      ports.add(link.port);
      const counts = countsOf(link);
      const before = this.#readings.get(link.port);
      const rates = before && ratesBetween(before.counts, counts, (atMs - before.atMs) / 1000);
      this.#readings.set(link.port, { atMs, counts, rates });
    }
    for (const port of this.#readings.keys()) if (!ports.has(port)) this.#readings.delete(port);
  }
}

function countsOf({ counters }: Link): AtlasCounts {
  const { messagesOut, messagesIn, bytesOut, bytesIn, framesDropped: dropped } = counters;
  return { messagesOut, messagesIn, bytesOut, bytesIn, dropped };
}

function ratesBetween(before: AtlasCounts, after: AtlasCounts, seconds: number): AtlasRates {
  const rate = (key: keyof AtlasRates): number => Math.round(((after[key] - before[key]) / seconds) * 10) / 10;
  return {
    messagesOut: rate('messagesOut'),
    messagesIn: rate('messagesIn'),
    bytesOut: rate('bytesOut'),
    bytesIn: rate('bytesIn'),
  };
}
