// Which machine has which address, as far as links and the machines themselves have told.

import type { Database } from '@snapcommunicator/network/router';
import type { Link } from '../links/link.ts';

export interface MachineAddressesParts {
  readonly database: Database;
  readonly links: () => Iterable<Link>;
  /** Addresses of C++ daemons that are linked, with their names. */
  readonly legacy: () => readonly (readonly [address: string, server: string])[];
  /** Addresses that are configured. */
  readonly neighbors: readonly { readonly host: string; readonly port: number }[];
}

export class MachineAddresses {
  readonly #parts: MachineAddressesParts;
  /** Which machine was found behind a configured address. */
  readonly #foundAt = new Map<string, string>();

  constructor(parts: MachineAddressesParts) {
    this.#parts = parts;
  }

  /** The other machine with this address, `IP` or `IP:port`. */
  serverAt(ip: string): string | undefined {
    const isMeant = (address: string): boolean => address === ip || address.startsWith(`${ip}:`);
    const { database, legacy } = this.#parts;
    for (const { origin, facts, items } of database.states()) {
      if (origin !== database.own.origin && isMeant(items.get('address')?.value ?? '')) return facts.name;
    }
    return legacy().find(([address]) => isMeant(address))?.[1];
  }

  /** How many configured addresses lead to no machine that is known. */
  unmetCount(isKnown: (server: string) => boolean): number {
    const linked = new Map<string, string>(this.#parts.legacy());
    for (const { peer, remoteAddress } of this.#parts.links())
      for (const address of [peer.address, remoteAddress]) linked.set(address, peer.server);
    let unmet = 0;
    for (const { host, port } of this.#parts.neighbors) {
      const address = `${host}:${port}`;
      const server = linked.get(address) ?? this.#foundAt.get(address);
      if (server !== undefined) this.#foundAt.set(address, server);
      if (server === undefined || !isKnown(server)) unmet++;
    }
    return unmet;
  }
}
