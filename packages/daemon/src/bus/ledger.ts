// The ledger as others are told it: what came, what ended how, what waits and what is under way, from all who count.

import { type Instance, nodeOf } from '@snapcommunicator/network/frame';
import type { Came, Ended, Ledger, LinkAccount, ServiceAccount } from '@snapcommunicator/network/story';
import type { Connection } from '../connections/connection.ts';
import type { RemoteNodes } from '../graph/remote-nodes.ts';
import type { StreamAccounts } from '../graph/stream-accounts.ts';
import type { OpaqueLink } from '../legacy/legacy-links.ts';
import type { Link } from '../links/link.ts';
import type { Core } from './core.ts';
import type { Keeping } from './keeping.ts';

export interface LedgerParts {
  readonly core: Core;
  readonly keeping: Keeping;
  readonly accounts: StreamAccounts;
  readonly remoteNodes: RemoteNodes;
  readonly connections: () => Iterable<Connection>;
  readonly links: () => Iterable<Link>;
  readonly opaqueLinks: () => readonly OpaqueLink[];
  readonly nameOf: (instance: Instance) => string;
  /** Broadcasts that could not be had any more. */
  readonly missed: () => number;
}

export class LedgerBook {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** All counts of this moment. Not to be called while a line is being handled: it would be on one side only. */
  read(): Ledger {
    const { core, keeping } = this.#parts;
    core.output.flushAll();
    const services = this.#services();
    return {
      server: core.server,
      instance: core.instance,
      time: Date.now() / 1000,
      upSince: core.startedAt,
      came: this.#came(services),
      ended: this.#ended(services),
      waiting: keeping.keeper.waitingCount,
      again: core.counters.again,
      streams: this.#streams(),
      arrivals: this.#arrivals(),
      broadcasts: this.#broadcasts(),
      services,
      links: [...this.#links()],
    };
  }

  #came(services: readonly ServiceAccount[]): Came {
    const { counters } = this.#parts.core;
    return {
      services: services.reduce((sum, { sent }) => sum + sent, 0),
      datagrams: counters.datagramMessages,
      own: counters.own,
      opaque: counters.fromOpaque,
      restored: this.#parts.keeping.keeper.counters.restored,
    };
  }

  #ended(services: readonly ServiceAccount[]): Ended {
    const { counters, output } = this.#parts.core;
    const { lines, written, lost } = output.copies;
    const dropped: Record<string, number> = Object.fromEntries(counters.dropped);
    // Copies of broadcasts have accounts of their own.
    if (lost > 0) dropped['queue-full'] = (dropped['queue-full'] ?? 0) - lost;
    return {
      delivered: services.reduce((sum, { delivered }) => sum + delivered, 0) - written,
      handled: counters.commands,
      broadcast: lines + counters.broadcastsUnheard,
      opaque: counters.toOpaque,
      expired: this.#parts.keeping.keeper.counters.expired,
      invalid: counters.arrivedInvalid,
      refused: Object.fromEntries(counters.refused),
      dropped,
    };
  }

  #services(): ServiceAccount[] {
    const { core, keeping, connections } = this.#parts;
    const { before, services: counts } = core.counters;
    const accounts = new Map<string, { sent: number; delivered: number; lost: number }>([['', { ...before }]]);
    for (const { service, lines, destination } of connections()) {
      const account = accounts.get(service) ?? { sent: 0, delivered: 0, lost: 0 };
      account.sent += lines;
      account.delivered += destination?.delivered.lines ?? 0;
      account.lost += destination?.delivered.lost ?? 0;
      accounts.set(service, account);
    }
    const waiting = new Map<string, number>();
    for (const { destination, count } of keeping.keeper.destinations()) {
      const service = this.#serviceHere(destination);
      if (service !== undefined) waiting.set(service, (waiting.get(service) ?? 0) + count);
    }
    const names = new Set([...accounts.keys(), ...waiting.keys(), ...counts.names()]);
    return [...names].sort().map((service) => ({
      service,
      ...(accounts.get(service) ?? { sent: 0, delivered: 0, lost: 0 }),
      waiting: waiting.get(service) ?? 0,
      ...counts.of(service),
    }));
  }

  /** The service of this machine, or of no certain one, that a queue is for. */
  #serviceHere(queue: string): string | undefined {
    const colon = queue.indexOf(':');
    if (colon === -1) return queue;
    return queue.slice(0, colon) === this.#parts.core.server ? queue.slice(colon + 1) : undefined;
  }

  #streams(): Ledger['streams'] {
    const { accounts, remoteNodes } = this.#parts;
    return [...accounts.outgoing.list()].map(({ instance, isOver, counts }) => ({
      ...this.#named(instance, isOver),
      ...counts,
      underWay: remoteNodes.openLines(instance),
    }));
  }

  #arrivals(): Ledger['arrivals'] {
    return [...this.#parts.accounts.incoming.list()].map(({ instance, isOver, counts }) => ({
      ...this.#named(instance, isOver),
      ...counts,
    }));
  }

  #broadcasts(): Ledger['broadcasts'] {
    const { core, accounts, missed } = this.#parts;
    const { written, lost } = core.output.copies;
    return {
      sent: core.counters.broadcastsSent,
      arrived: [...accounts.broadcasts.list()].map(({ instance, counts }) => ({
        instance,
        server: this.#nameOf(instance),
        ...counts,
      })),
      missed: missed(),
      wanted: written + lost,
      copies: written,
      lost,
    };
  }

  *#links(): Generator<LinkAccount> {
    for (const { id, peer, upSince, counters } of this.#parts.links()) {
      const { messagesOut, messagesIn, framesOut, framesIn, bytesOut, bytesIn, framesDropped } = counters;
      yield {
        id,
        server: peer.server,
        instance: `${peer.node}~${peer.incarnation}`,
        isOpaque: false,
        upSince,
        linesOut: messagesOut,
        linesIn: messagesIn,
        ...{ framesOut, framesIn, bytesOut, bytesIn },
        dropped: framesDropped,
      };
    }
    for (const { server, since, counters } of this.#parts.opaqueLinks()) {
      const { linesOut, linesIn, bytesOut, bytesIn } = counters;
      const lines = { linesOut, linesIn, framesOut: linesOut, framesIn: linesIn };
      yield { id: '', server, instance: '', isOpaque: true, upSince: since, ...lines, bytesOut, bytesIn, dropped: 0 };
    }
  }

  #named(instance: Instance, isOver: boolean) {
    return { instance, server: this.#nameOf(instance), isOver };
  }

  #nameOf(instance: Instance): string {
    return nodeOf(instance) === '' ? '' : this.#parts.nameOf(instance);
  }
}
