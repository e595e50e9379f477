// What two daemons say to each other once they are linked: frames as values. Their text form is in encoder.ts and reader.ts.

/** The id of a node: 64 random bits, as 16 hexadecimal digits in lower case. */
export type NodeId = string;

/** One life of a node, `id~incarnation`: it begins when the daemon starts and ends when it dies. */
export type Instance = string;

/** Where a broadcast goes, as it stands in a frame: everywhere, or the data centre of its origin. */
export type ScopeMark = '*' | '?';

/** Digits of a node's id. */
export const NODE_ID_LENGTH = 16;

/** Hops that a frame may take; a daemon in the middle counts them down, and drops at 0. */
export const HOPS_MAX = 0x40;

export const instanceOf = (node: NodeId, incarnation: number): Instance => `${node}~${incarnation}`;
export const nodeOf = (instance: Instance): NodeId => instance.slice(0, NODE_ID_LENGTH);
export const incarnationOf = (instance: Instance): number => Number(instance.slice(NODE_ID_LENGTH + 1));

/**
 * What a message is called: who accepted it first, in which incarnation, by which stream (0: none, it was kept there),
 * and its number. Messages that follow each other in a frame have ids that follow each other.
 */
export interface FrameId {
  readonly incarnation: number;
  readonly stream: number;
  readonly number: number;
}

/** Message lines on their way from the first daemon to the last, or to all. */
export interface DataFrame {
  readonly kind: 'data';
  readonly hops: number;
  readonly origin: Instance;
  /** The last daemon's instance, or a `ScopeMark` for broadcasts. */
  readonly last: Instance;
  /** Counted by the first daemon; 0 for broadcasts. */
  readonly stream: number;
  /** The first number that is not acknowledged, as far as the first daemon knows. */
  readonly base: number;
  /** The number of the first message. */
  readonly sequence: number;
  readonly count: number;
  /** The id of the first message, if that is not `origin.stream.sequence`: it was kept, or meant for another node. */
  readonly id: FrameId | undefined;
  /** `count` lines, each with its LF; empty if these numbers are void, for the time of the messages was over. */
  readonly payload: Uint8Array;
}

/** A range of numbers, both ends included. */
export type Range = readonly [first: number, last: number];

/** All numbers of a stream up to `sequence` are queued, kept or refused where they should go. */
export interface AckFrame {
  readonly kind: 'ack';
  readonly hops: number;
  readonly origin: Instance;
  readonly last: Instance;
  readonly stream: number;
  readonly sequence: number;
  /** Those among them that found nobody there: the first daemon decides anew about them. */
  readonly returned: readonly Range[];
}

/** The stream means nothing to `origin`, who was to receive it: it is another incarnation than the one addressed. */
export interface ResetFrame {
  readonly kind: 'reset';
  readonly hops: number;
  readonly origin: Instance;
  readonly last: Instance;
  readonly stream: number;
  /** Whom the stream was addressed to. */
  readonly addressed: Instance;
}

/** One fact in a link state; without a value it was taken back. */
export interface Item {
  readonly key: string;
  readonly value: string | undefined;
  /** The sequence number with which it became so. */
  readonly sequence: number;
}

/**
 * What changed between two sequence numbers; from 0 it is the whole. An `update` is about the link state of a node, a
 * `summary` about what a border says of its area.
 */
export interface UpdateFrame {
  readonly kind: 'update' | 'summary';
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly from: number;
  readonly sequence: number;
  readonly items: readonly Item[];
}

export interface DigestEntry {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
}

/** What the sender has of each node's link state, or of each border's summary; who hears it sends what is lacking. */
export interface DigestFrame {
  readonly kind: 'digest' | 'summary-digest';
  /** A whole digest names everything; what it does not name, the sender does not have. */
  readonly isWhole: boolean;
  /** Whether the receiver is to answer with its own. */
  readonly wantsAnswer: boolean;
  readonly entries: readonly DigestEntry[];
}

/** Signs of life, with what measures the round trip, and a hash of the database, so that a difference is noticed. */
export interface HelloFrame {
  readonly kind: 'hello';
  readonly serial: number;
  /** The last serial heard from the other side, and how long ago, in whole µs; 0 if none. */
  readonly echo: number;
  readonly heldUs: number;
  readonly databaseHash: number;
}

/** How far the sender has the broadcasts of one origin: what it can give again, from `low` to `high`. */
export interface BroadcastState {
  readonly origin: Instance;
  readonly scope: ScopeMark;
  readonly low: number;
  readonly high: number;
}

export interface VectorFrame {
  readonly kind: 'vector';
  /** A whole vector is the first on a link and names all origins; later ones name those that are active. */
  readonly isWhole: boolean;
  readonly states: readonly BroadcastState[];
}

/** Asks a neighbour for broadcasts that were missed. */
export interface FetchFrame {
  readonly kind: 'fetch';
  readonly origin: Instance;
  readonly scope: ScopeMark;
  readonly range: Range;
}

/** A letter that this version does not know. */
export interface UnknownFrame {
  readonly kind: 'unknown';
  readonly letter: string;
}

/** Frames that travel through daemons in the middle. */
export type RoutedFrame = DataFrame | AckFrame | ResetFrame;
/** Frames for the neighbour itself. */
export type LinkFrame = UpdateFrame | DigestFrame | HelloFrame | VectorFrame | FetchFrame;
export type Frame = RoutedFrame | LinkFrame | UnknownFrame;

export const isRouted = (frame: Frame): frame is RoutedFrame =>
  frame.kind === 'data' || frame.kind === 'ack' || frame.kind === 'reset';

export const isScopeMark = (last: string): last is ScopeMark => last === '*' || last === '?';
