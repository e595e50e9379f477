// What went over the links to each neighbour, added up over links that come and go, for a limited number of names.

/** Since the start, or since somebody began to ask. */
export interface NeighborCounts {
  messagesOut: number;
  messagesIn: number;
  bytesOut: number;
  bytesIn: number;
  framesDropped: number;
}

/** What is needed of a link. */
export interface CountedLink {
  /** Unique among links, never used again. */
  readonly port: number;
  readonly peer: { readonly server: string };
  readonly counters: Readonly<NeighborCounts>;
}

/** All neighbours that are not named. No server is called so: names of servers are free, but this one is then shared. */
export const OTHER = 'other';

const KINDS = ['messagesOut', 'messagesIn', 'bytesOut', 'bytesIn', 'framesDropped'] as const;

export class NeighborTotals {
  readonly #namesMax: number;
  readonly #byName = new Map<string, NeighborCounts>();
  /** What of each link is in the totals already. */
  #taken = new Map<number, Readonly<NeighborCounts>>();

  /** @param namesMax neighbours with counts of their own: those that were linked first */
  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  get counts(): ReadonlyMap<string, NeighborCounts> {
    return this.#byName;
  }

  /** Adds what went over these links since the last call. What a link carried between that and its end is lost to them. */
  add(links: Iterable<CountedLink>): void {
    const taken = new Map<number, Readonly<NeighborCounts>>();
    for (const { port, peer, counters } of links) {
      const now = { ...counters };
      const before = this.#taken.get(port);
      const totals = this.#totalsOf(peer.server);
      for (const kind of KINDS) totals[kind] += now[kind] - (before?.[kind] ?? 0);
      taken.set(port, now);
    }
    this.#taken = taken;
  }

  #totalsOf(server: string): NeighborCounts {
    const isNamed = this.#byName.has(server) || this.#byName.size - Number(this.#byName.has(OTHER)) < this.#namesMax;
    const name = isNamed ? server : OTHER;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const fresh = { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0, framesDropped: 0 };
    this.#byName.set(name, fresh);
    return fresh;
  }
}
