// Machines that were lost stay on the map: what was known of each when it was last seen, until it is back or forgotten.
//
// The link-state database remembers the machines of this data centre for an hour; those of others, and C++ daemons, are
// gone from it at once.

import type { AtlasServer, GraphDocument } from '@snapcommunicator/network/atlas';

interface Remembered {
  server: AtlasServer;
  /** Unix seconds; undefined: it can be reached. */
  lostSince: number | undefined;
}

/** Machines that are remembered; the one that was seen longest ago goes first. */
const COUNT_MAX = 20_000;

export class LostMachines {
  readonly #ageSecondsMax: number;
  readonly #byName = new Map<string, Remembered>();
  /** Machines that are not expected back: they are left out as long as they cannot be reached. */
  readonly #forgotten = new Set<string>();

  /** @param ageMsMax so long after its loss a machine is remembered */
  constructor(ageMsMax: number) {
    this.#ageSecondsMax = ageMsMax / 1000;
  }

  /** The document with those that are lost in it. */
  addTo(document: GraphDocument): GraphDocument {
    const { seenFrom, time } = document;
    const listed = new Map(document.servers.map((server) => [server.name, server]));
    const ids = new Set(document.servers.map(({ id }) => id));
    for (const server of document.servers) if (server.name !== seenFrom) this.#see(server, time);
    const lost: AtlasServer[] = [];
    for (const [name, known] of this.#byName) {
      if (listed.has(name)) continue;
      known.lostSince ??= time;
      // Under another name it is there.
      const isRenamed = known.server.id !== undefined && ids.has(known.server.id);
      if (isRenamed || time - known.lostSince > this.#ageSecondsMax) this.#byName.delete(name);
      else lost.push(asLost(known.server, known.lostSince));
    }
    for (const [name, { lostSince }] of this.#byName) {
      const server = listed.get(name);
      if (server?.isReachable === false && lostSince !== undefined) listed.set(name, { ...server, lostSince });
    }
    const isShown = (name: string): boolean => listed.get(name)?.isReachable !== false || !this.#forgotten.has(name);
    const servers = [...[...listed.values()].filter(({ name }) => isShown(name)), ...lost];
    return {
      ...document,
      servers: servers.sort((a, b) => (a.name < b.name ? -1 : 1)),
      links: document.links.filter(({ from, to }) => isShown(from) && isShown(to)),
    };
  }

  /** A machine is not expected back. @param machine its name or address. @returns whether it was remembered as lost */
  forget(machine: string): boolean {
    let wasLost = false;
    for (const [name, { server, lostSince }] of this.#byName) {
      const isMeant = name === machine || server.address === machine || server.address?.startsWith(`${machine}:`);
      if (!isMeant || lostSince === undefined) continue;
      this.#byName.delete(name);
      if (this.#forgotten.size < COUNT_MAX) this.#forgotten.add(name);
      wasLost = true;
    }
    return wasLost;
  }

  #see(server: AtlasServer, time: number): void {
    const { name, isReachable, lostSince } = server;
    if (isReachable) this.#forgotten.delete(name);
    else if (this.#forgotten.has(name)) return;
    const known = this.#byName.get(name);
    this.#byName.delete(name);
    this.#byName.set(name, {
      server: isReachable || known === undefined ? server : known.server,
      lostSince: isReachable ? undefined : (lostSince ?? known?.lostSince ?? time),
    });
    for (const oldest of this.#byName.keys()) {
      if (this.#byName.size <= COUNT_MAX) break;
      this.#byName.delete(oldest);
    }
  }
}

/** What was known of it, without what holds only while it is there. */
function asLost(server: AtlasServer, lostSince: number): AtlasServer {
  const { distance: _distance, load: _load, upSince: _upSince, ...rest } = server;
  return { ...rest, isReachable: false, isDraining: false, lostSince, nextHops: [] };
}
