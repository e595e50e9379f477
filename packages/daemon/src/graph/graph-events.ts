// What happens in the graph, for the rest of the daemon: links, machines and services that come and go.

import { type Instance, type NodeId, nodeOf } from '@snapcommunicator/network/frame';
import type { Cluster } from '../bus/cluster.ts';
import type { Link } from '../links/link.ts';
import type { Log } from '../log.ts';
import type { Driver, DriverEffect } from './driver.ts';

export interface GraphEventsParts {
  readonly driver: Driver;
  readonly cluster: Cluster;
  readonly log: Log;
  /** The name of this machine's data centre; empty for the one without a name. */
  readonly area: string;
  /** What was decided about broadcasts holds no more. */
  readonly scopeChanged: () => void;
  readonly serviceChanged: (service: string) => void;
  /** A machine can be reached, or not any more. */
  readonly reachChanged: (node: NodeId, isReachable: boolean) => void;
  /** Another machine has borne this one's name for longer. */
  readonly nameLost: () => void;
  /** A link to another data centre came up or went down. */
  readonly borderLinkChanged: (server: string, isUp: boolean) => void;
  /** A broadcast arrived. */
  readonly broadcast: (line: Uint8Array, id: string, origin: Instance) => void;
  /** This node must begin its next life later than that. */
  readonly outbid: (incarnation: number) => void;
  /** It must begin its next life, later than that, at once. */
  readonly lifeTaken: () => void;
}

/** So many links are remembered, those that are gone included, unless more stand. */
const NEIGHBOURS_MAX = 4096;

export class GraphEvents {
  readonly #parts: GraphEventsParts;
  readonly #links = new Map<number, Link>();
  /** Whom links lead or led to. */
  readonly #neighbours = new Map<number, string>();

  constructor(parts: GraphEventsParts) {
    this.#parts = parts;
  }

  get links(): IterableIterator<Link> {
    return this.#links.values();
  }

  linkUp(link: Link): void {
    const { driver, area, scopeChanged } = this.#parts;
    const { port, peer, cost } = link;
    this.#links.set(port, link);
    this.#remember(port, peer.server);
    driver.addLink(port, link);
    const isInArea = peer.area === area;
    const kind = isInArea ? 'network' : 'data-center';
    const instance = `${peer.node}~${peer.incarnation}`;
    driver.input({
      kind: 'link-up',
      link: port,
      peer: { node: peer.node, instance, isInArea, kind, cost, roundTripMs: undefined },
    });
    scopeChanged();
    if (!isInArea) this.#parts.borderLinkChanged(peer.server, true);
    this.#parts.cluster.linkUp(peer.server);
  }

  linkDown(link: Link, isOrderly: boolean): void {
    const { driver, cluster, scopeChanged } = this.#parts;
    if (!this.#links.delete(link.port)) return;
    driver.removeLink(link.port);
    scopeChanged();
    if (link.peer.area !== this.#parts.area) this.#parts.borderLinkChanged(link.peer.server, false);
    cluster.linkDown(link.peer.server, isOrderly);
  }

  /** The neighbour at the other end of a link, also of one that is gone; empty if that is forgotten. */
  neighbourOn(port: number): string {
    return this.#neighbours.get(port) ?? '';
  }

  #remember(port: number, server: string): void {
    this.#neighbours.set(port, server);
    for (const oldest of this.#neighbours.keys()) {
      if (this.#neighbours.size <= NEIGHBOURS_MAX) break;
      if (!this.#links.has(oldest)) this.#neighbours.delete(oldest);
    }
  }

  carryOut(effect: DriverEffect): void {
    const { cluster, serviceChanged, log } = this.#parts;
    switch (effect.kind) {
      case 'broadcast':
        return this.#parts.broadcast(effect.bytes, effect.id, effect.origin);
      case 'service':
        return serviceChanged(effect.service);
      case 'reach':
        this.#parts.reachChanged(nodeOf(effect.instance), effect.isReachable);
        return cluster.changed();
      case 'opaque':
        this.#parts.scopeChanged();
        return cluster.changed();
      case 'hang-up': {
        const link = this.#links.get(effect.link);
        const why = effect.reason === 'name' ? 'its name belongs to another machine' : 'silent for too long';
        log.lines.warn({ server: link?.peer.server, why }, 'link given up');
        return link?.hangUp(effect.reason === 'name');
      }
      case 'name-lost':
        this.#parts.nameLost();
        return log.lines.error(
          { name: effect.name, holder: effect.to },
          'another machine has borne this name for longer: this one cannot be reached by it (server_name)',
        );
      case 'outbid':
        return this.#parts.outbid(effect.incarnation);
      case 'life-taken':
        this.#parts.outbid(effect.incarnation);
        return this.#parts.lifeTaken();
      default:
        return undefined;
    }
  }
}
