// The graph as a document: what `map --format json` prints, `/graph.json` serves, and `what-if` and `simulate` read.
//
// Version 1. A reader passes over keys that it does not know; a writer never changes what a key means.

/** A service on a machine. */
export interface AtlasService {
  readonly name: string;
  /** What it understands, in order; left out where only its name is known. */
  readonly commands?: readonly string[];
}

/** What is known of a server: */
export type Knowledge =
  /** everything: it says so itself, in this data centre; */
  | 'whole'
  /** name and services: it is in another data centre, from where only summaries come; */
  | 'summary'
  /** what a daemon of another kind told its neighbour: nobody knows what is behind it. */
  | 'opaque';

export interface AtlasServer {
  /** Unique in the document: the server's name, or `#` and its id where it has none of its own. */
  readonly name: string;
  /** 16 hexadecimal digits; an opaque server has none. */
  readonly id?: string;
  readonly incarnation?: number;
  /** Empty for the data centre without a name. */
  readonly dataCenter: string;
  readonly knowledge: Knowledge;
  /** What others connect to, `IP:port`. */
  readonly address?: string;
  /** Of its daemon. */
  readonly version?: string;
  /** Unix seconds. */
  readonly upSince?: number;
  /** 0 (idle) to 100. */
  readonly load?: number;
  readonly isDraining: boolean;
  readonly isReachable: boolean;
  /** Unix seconds, of one that cannot be reached. */
  readonly lostSince?: number;
  /** The cost of the way to it; left out if there is none. */
  readonly distance?: number;
  /** The neighbours with which ways of that cost begin. */
  readonly nextHops: readonly string[];
  readonly services: readonly AtlasService[];
  /** Services that an opaque one has heard of: they are somewhere behind it. */
  readonly heardOf?: readonly string[];
}

/** Both within a data centre, or between two. */
export type AtlasLinkKind = 'network' | 'data-center';

/**
 * - `up`: both ends advertise it, and traffic may go over it
 * - `coming`: it stands, the two have not compared what they know
 * - `half`: only one end advertises it; nothing goes over it
 */
export type AtlasLinkState = 'up' | 'coming' | 'half';

export const LINK_STATES: readonly AtlasLinkState[] = ['up', 'coming', 'half'];

/** What goes over a link now, each a second. */
export interface AtlasRates {
  readonly messagesOut: number;
  readonly messagesIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

/** What went over it since it came up. */
export interface AtlasCounts extends AtlasRates {
  /** Messages that its queue had no room for. */
  readonly dropped: number;
}

export interface AtlasLink {
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  /** From `to` to `from`, where that is another. */
  readonly costBack?: number;
  readonly kind: AtlasLinkKind;
  readonly state: AtlasLinkState;
  /** Whether it ends at a daemon of another kind. */
  readonly isOpaque: boolean;
  /** Known of the links of the machine that was asked. */
  readonly isSecure?: boolean;
  /** The other end, as the connection has it. */
  readonly address?: string;
  readonly roundTripMs?: number;
  /** By how much the clock of `to` is ahead of that of `from`. */
  readonly clockOffsetMs?: number;
  /** Unix seconds. */
  readonly upSince?: number;
  readonly rates?: AtlasRates;
  readonly counts?: AtlasCounts;
}

export interface AtlasDataCenter {
  readonly name: string;
  readonly isOwn: boolean;
  readonly serverCount: number;
  /** The cost of the way to its nearest border; 0 for the own one; left out if there is none. */
  readonly cost?: number;
}

export interface GraphDocument {
  readonly version: 1;
  /** The server whose daemon was asked. */
  readonly seenFrom: string;
  /** Unix seconds. */
  readonly time: number;
  readonly dataCenters: readonly AtlasDataCenter[];
  /** By name. */
  readonly servers: readonly AtlasServer[];
  /** By `from`, then `to`; each link once, several between the same two where there are several connections. */
  readonly links: readonly AtlasLink[];
  /** What was left out so that the document fits into a message. */
  readonly leftOut?: readonly string[];
}

/** In the order of code units, so that everything comes out the same in every language. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Left out one after the other, until a document fits: each says what, and how it is without. */
const ABRIDGEMENTS: readonly (readonly [string, (document: GraphDocument) => GraphDocument])[] = [
  [
    'commands of services',
    (document) =>
      withServers(document, (server) => ({ ...server, services: server.services.map(({ name }) => ({ name })) })),
  ],
  [
    'services of other data centres',
    (document) =>
      withServers(document, (server) => (server.knowledge === 'summary' ? { ...server, services: [] } : server)),
  ],
  [
    'machines of other data centres',
    (document) => ({ ...document, servers: document.servers.filter(({ knowledge }) => knowledge !== 'summary') }),
  ],
  ['services', (document) => withServers(document, (server) => ({ ...server, services: [] }))],
];

const withServers = (document: GraphDocument, change: (server: AtlasServer) => AtlasServer): GraphDocument => ({
  ...document,
  servers: document.servers.map(change),
});

/** The document as JSON of at most so many characters, with what is least missed left out if need be. */
export function encodeGraph(document: GraphDocument, charactersMax = Number.POSITIVE_INFINITY): string {
  let text = JSON.stringify(document);
  let abridged = document;
  const leftOut: string[] = [];
  for (const [what, without] of ABRIDGEMENTS) {
    if (text.length <= charactersMax) return text;
    leftOut.push(what);
    abridged = without(abridged);
    text = JSON.stringify({ ...abridged, leftOut });
  }
  return text;
}
