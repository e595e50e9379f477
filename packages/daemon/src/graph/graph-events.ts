// What happens in the graph, for the rest of the daemon: links, machines and services that come and go.

import { type NodeId, nodeOf } from '@snapcommunicator/network/frame';
import { HEAD, readHead } from 'snapcommunicator/wire';
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
  /** A broadcast arrived. */
  readonly broadcast: (line: Uint8Array, id: string) => void;
  /** This node must begin its next life later than that. */
  readonly outbid: (incarnation: number) => void;
}

export class GraphEvents {
  readonly #parts: GraphEventsParts;
  readonly #links = new Map<number, Link>();

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
    this.#parts.cluster.linkUp(peer.server);
  }

  linkDown(link: Link, isOrderly: boolean): void {
    const { driver, cluster, scopeChanged } = this.#parts;
    if (!this.#links.delete(link.port)) return;
    driver.removeLink(link.port);
    scopeChanged();
    cluster.linkDown(link.peer.server, isOrderly);
  }

  carryOut(effect: DriverEffect): void {
    const { cluster, serviceChanged, log } = this.#parts;
    switch (effect.kind) {
      case 'broadcast':
        return this.#parts.broadcast(effect.bytes, effect.id);
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
        return log.lines.error(
          { name: effect.name, holder: effect.to },
          'another machine has borne this name for longer: this one cannot be reached by it (server_name)',
        );
      case 'outbid':
        return this.#parts.outbid(effect.incarnation);
      default:
        return undefined;
    }
  }
}

/** Whom a line is for and what it asks, read from its head. */
export function addressOf(line: Uint8Array): { service: string; command: string; from: string } | undefined {
  const offsets = new Int32Array(HEAD.length);
  if (readHead(line, 0, line.length - 1, offsets) !== undefined) return undefined;
  const text = Buffer.from(line.buffer, line.byteOffset, line.length);
  const part = (at: number): string => text.toString('latin1', offsets[at], offsets[at + 1]);
  const from = `${part(HEAD.senderServer)}:${part(HEAD.senderService)}`;
  return { service: part(HEAD.service), command: part(HEAD.command), from: from === ':' ? '' : from };
}
