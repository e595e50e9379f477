// One destination's output: its buffer in the arena, its queue before the socket, and what happens when that is full.

import type { Arena } from './arena.ts';
import {
  SLOT_BASE,
  SLOT_BYTES,
  SLOT_EPOCH,
  SLOT_IS_DIRTY,
  SLOT_LIMIT,
  SLOT_LINES,
  SLOT_OUTCOME,
  SLOT_POINTER,
  SLOTS,
} from './arena-layout.ts';
import type { Group } from './group.ts';
import type { Source } from './source.ts';

export type Done = (isWritten: boolean) => void;

/** Where a destination's bytes go: a socket, usually. */
export interface Outlet {
  /** It keeps what it is given for long: buffers of the arena are copied for it, unless they are large and there are many. */
  readonly holdsBytes: boolean;
  /**
   * So many bytes are under way rather than waiting: what takes them is far off, and says so later. It may be silent for
   * longer than a socket, too, while a path is mended: only the time of the pause ends its senders' patience. Default 0.
   */
  readonly windowBytes?: number;
  /**
   * Takes so many lines; calls `done` once, with whether they were written. The bytes may be overwritten then, unless
   * somebody else holds the buffer. The order of calls is the order on the wire.
   * @param context what the caller of `appendTracked` said of its line
   */
  write(bytes: Uint8Array, lines: number, done: Done, context: unknown): void;
  /** Bytes that the socket has not taken yet, as exactly as the system tells: progress is seen by this number falling. */
  pendingBytes(): number;
}

/** What a turn of lines to one destination came to. */
export interface DeliveryCounter {
  lines: number;
  bytes: number;
  /** Of the lines, those that the outlet could not write, for it was closed. */
  lost: number;
  /** The destination is closed: what is lost from now on is counted there. */
  heir?: { lost: number };
}

/**
 * open: takes lines. full: takes what its senders had already written, and they are paused.
 * refusing: lines are refused until its queue is half empty. closed: the connection is gone.
 */
export type DestinationState = 'open' | 'full' | 'refusing' | 'closed';

/** Turns the lines of a flushed buffer into another form for this destination. */
export type LineTransform = (lines: Uint8Array) => Uint8Array;

/** What the recorder notes of lines as a rule: delivered; refused, for the queue is full. See `recorder/outcomes.ts`. */
export const DELIVERED = 1;
export const REFUSED = 3 | (1 << 8);

export class Destination {
  /** The slot's address in the arena. */
  readonly slot: number;
  readonly outlet: Outlet;
  readonly delivered: DeliveryCounter = { lines: 0, bytes: 0, lost: 0 };
  state: DestinationState = 'open';
  /** Bytes handed to the outlet that it has not done with. */
  queuedBytes = 0;
  /** The group whose unsent lines must go out before any newer line to this destination. */
  sealedBy: Group | undefined = undefined;
  /** Sources that are paused because of this destination. */
  waiters: Set<Source> | undefined = undefined;
  /** The source at the other end of the same connection, which may itself be paused. */
  source: Source | undefined = undefined;
  transform: LineTransform | undefined = undefined;
  prefersLarge = false;
  /** What the recorder notes of lines that go into its buffer. */
  outcome = DELIVERED;
  /** It refuses, and its buffer holds what was refused: that is counted and forgotten. */
  isVoid = false;

  constructor(arena: Arena, index: number, outlet: Outlet) {
    this.slot = SLOTS + index * SLOT_BYTES;
    this.outlet = outlet;
    clearSlot(arena, this.slot);
    arena.setWord(this.slot + SLOT_OUTCOME, DELIVERED);
    arena.setWord(this.slot + SLOT_EPOCH, (arena.word(this.slot + SLOT_EPOCH) + 1) >>> 0);
  }

  get index(): number {
    return (this.slot - SLOTS) / SLOT_BYTES;
  }
}

/** Makes every verdict that names this slot void. */
export function bumpEpoch(arena: Arena, slot: number): void {
  arena.setWord(slot + SLOT_EPOCH, (arena.word(slot + SLOT_EPOCH) + 1) >>> 0);
}

/** Gives the slot an empty buffer. */
export function installBuffer(arena: Arena, slot: number, buffer: number): void {
  arena.setWord(slot + SLOT_BASE, buffer);
  arena.setWord(slot + SLOT_POINTER, buffer);
  arena.setWord(slot + SLOT_LIMIT, buffer + arena.capacityOf(buffer));
}

/** Bytes handed to the outlet that wait for it, beyond those that are under way. */
export const heldBytes = ({ queuedBytes, outlet }: Destination): number => queuedBytes - (outlet.windowBytes ?? 0);

/** Takes the slot's buffer away from it. The dirty mark stays: it belongs to the list. */
export function clearSlot(arena: Arena, slot: number): void {
  arena.setWord(slot + SLOT_BASE, 0);
  arena.setWord(slot + SLOT_POINTER, 0);
  arena.setWord(slot + SLOT_LIMIT, 0);
  arena.setWord(slot + SLOT_LINES, 0);
}

/** Bytes waiting in the slot's buffer. */
export const bufferedBytes = (arena: Arena, slot: number): number =>
  arena.word(slot + SLOT_POINTER) - arena.word(slot + SLOT_BASE);

/** Keeps the inner loop from writing into this slot: it asks for a buffer instead. */
export const seal = (arena: Arena, slot: number): void => arena.setWord(slot + SLOT_LIMIT, 0);

/** Lets the inner loop write into this slot again, if it has a buffer. */
export function unseal(arena: Arena, slot: number): void {
  const buffer = arena.word(slot + SLOT_BASE);
  arena.setWord(slot + SLOT_LIMIT, buffer === 0 ? 0 : buffer + arena.capacityOf(buffer));
}

export const isDirty = (arena: Arena, slot: number): boolean => arena.word(slot + SLOT_IS_DIRTY) !== 0;
