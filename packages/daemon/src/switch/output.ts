// Output of the switch: room for lines in destinations' buffers, flushing them once a turn, and limits on what waits.

import type { Arena } from './arena.ts';
import {
  CELL_DIRTY_COUNT,
  DIRTY,
  PREFIX_BYTES_MAX,
  SLOT_BASE,
  SLOT_BYTES,
  SLOT_IS_DIRTY,
  SLOT_LINES,
  SLOT_OUTCOME,
  SLOT_POINTER,
  SLOTS,
} from './arena-layout.ts';
import {
  bufferedBytes,
  bumpEpoch,
  clearSlot,
  DELIVERED,
  Destination,
  type Done,
  heldBytes,
  installBuffer,
  isDirty,
  type Outlet,
  REFUSED,
  seal,
  unseal,
} from './destination.ts';
import { type CopyCounter, FanOut } from './fan-out.ts';
import { Group } from './group.ts';
import { Pressure, type PressureLimits } from './pressure.ts';
import { SlotTable } from './slot-table.ts';
import type { Source } from './source.ts';

/** Limits on what waits for a destination. */
export interface OutputOptions extends PressureLimits {
  /** More than this before a destination's socket is refused. */
  readonly queueBytesMax: number;
}

/** Why a line found no room: too much is waiting, or the destination is gone. */
export type Refusal = 'queue-full' | 'closed';
/** room: the slot's buffer takes the line. ordinary: no buffer does, write it by itself. */
export type Room = 'room' | 'ordinary' | Refusal;

/** A destination that got more than this in a turn begins the next one with a large buffer. */
const LARGE_FROM_BYTES = 2048;

/** Less than this is copied for an outlet that holds bytes: a buffer with little in it should not be kept for long. */
const HELD_BYTES_MIN = 32 * 1024;

/** The daemon's own lines may fill so much of a queue, messages all of 1. */
const OWN_LINES_SHARE = 1.25;

export class Output {
  readonly #arena: Arena;
  readonly #options: OutputOptions;
  readonly #pressure: Pressure;
  readonly #fanOut: FanOut;
  readonly #targets = new SlotTable<Destination | Group>();
  /** Full destinations that are open for the rest of one read. */
  readonly #relaxed: Destination[] = [];
  /** What became of copies of broadcasts. */
  readonly copies: Readonly<CopyCounter>;
  #isFlushScheduled = false;
  /** What the recorder is to note of the line that was appended last. */
  lastOutcome = DELIVERED;
  /** Lines that were accepted and will not be delivered: a member of a group had no room, or a destination is gone. */
  onLoss: (destination: Destination, lines: number, reason: Refusal) => void = () => undefined;
  /** Plain lines that were refused because the destination is full. */
  onRefusal: (destination: Destination, lines: number) => void = () => undefined;
  /** A destination that was full takes lines again. */
  onReopen: (destination: Destination) => void = () => undefined;

  /** @param now the time in milliseconds from any start, never going back */
  constructor(arena: Arena, options: OutputOptions, now: () => number) {
    this.#arena = arena;
    this.#options = options;
    this.#pressure = new Pressure(arena, options, now, (destination) => {
      this.#leaveVoid(destination);
      if (destination.sealedBy === undefined) unseal(arena, destination.slot);
      this.onReopen(destination);
    });
    this.#fanOut = new FanOut(arena, {
      flush: (member) => this.flush(member),
      write: (member, bytes, lines, release) => this.#write(member, bytes, lines, release),
      block: (source, member) => this.#pressure.block(source, member),
      refuses: (member) => member.state === 'refusing' || this.waitingBytes(member) >= options.queueBytesMax,
      lose: (member, lines) => this.onLoss(member, lines, 'queue-full'),
    });
    this.copies = this.#fanOut.counter;
  }

  /** A new destination, or undefined when there are too many. */
  openDestination(outlet: Outlet): Destination | undefined {
    return this.#targets.open((index) => new Destination(this.#arena, index, outlet));
  }

  /** The recorder is to note something else of lines that go to the destination from now on. */
  setOutcome(destination: Destination, outcome: number): void {
    destination.outcome = outcome;
    if (!destination.isVoid) this.#arena.setWord(destination.slot + SLOT_OUTCOME, outcome);
  }

  /** Forgets the destination; what it had not taken is dropped. */
  closeDestination(destination: Destination): void {
    if (destination.state === 'closed') return;
    this.#leaveVoid(destination);
    destination.state = 'closed';
    this.#pressure.forget(destination);
    this.settle(destination);
    const lines = this.#arena.word(destination.slot + SLOT_LINES);
    if (lines > 0) this.onLoss(destination, lines, 'closed');
    this.#dropBuffer(destination.slot);
    bumpEpoch(this.#arena, destination.slot);
    this.#targets.close(destination);
  }

  openGroup(members: readonly Destination[]): Group | undefined {
    const group = this.#targets.open((index) => new Group(index, members));
    if (group === undefined) return undefined;
    clearSlot(this.#arena, group.slot);
    this.#arena.setWord(group.slot + SLOT_OUTCOME, DELIVERED);
    bumpEpoch(this.#arena, group.slot);
    return group;
  }

  /** Sends what the group holds and forgets it. */
  closeGroup(group: Group): void {
    this.#fanOut.flush(group);
    this.#dropBuffer(group.slot);
    bumpEpoch(this.#arena, group.slot);
    this.#targets.close(group);
  }

  destinationAt(index: number): Destination | undefined {
    const target = this.#targets.at(index);
    return target instanceof Destination ? target : undefined;
  }

  targetAt(slot: number): Destination | Group | undefined {
    return this.#targets.at((slot - SLOTS) / SLOT_BYTES);
  }

  /**
   * Sees to it that a line of `lineBytes`, stamp included, fits into the target's buffer.
   * @param source who is paused if the target is full; undefined for the daemon's own lines
   */
  makeRoom(target: Destination | Group, lineBytes: number, source: Source | undefined): Room {
    if (target instanceof Group) {
      if (!target.isOpen) this.#fanOut.start(target, source);
    } else {
      this.settle(target);
      const refusal = this.#refusalOf(target, source);
      if (refusal !== undefined) return refusal;
    }
    return this.#roomIn(target, lineBytes, source);
  }

  /**
   * Room for plain lines that the inner loop has at hand. While the destination refuses, they go into a buffer that nobody
   * reads: so to refuse a line costs no more than to pass it on, and who floods a stuck receiver holds up nobody else.
   */
  makeRoomForLines(target: Destination | Group, lineBytes: number, source: Source): Room {
    if (target instanceof Destination && target.state === 'refusing' && target.sealedBy === undefined) {
      this.#leaveVoid(target);
      return this.#enterVoid(target, lineBytes);
    }
    return this.makeRoom(target, lineBytes, source);
  }

  /** Sends one line, stamped and with its LF. A long one is not copied: its bytes must not change any more. */
  append(target: Destination | Group, line: Uint8Array, source: Source | undefined): 'queued' | Refusal {
    const room = this.makeRoom(target, line.length, source);
    if (room === 'ordinary') {
      this.#writeOrdinary(target, asBuffer(line), 1);
      return 'queued';
    }
    if (room !== 'room') return room;
    const arena = this.#arena;
    const { slot } = target;
    const begin = arena.word(slot + SLOT_POINTER);
    arena.bytes.set(line, begin);
    arena.setWord(slot + SLOT_POINTER, begin + line.length);
    arena.setWord(slot + SLOT_LINES, arena.word(slot + SLOT_LINES) + 1);
    this.lastOutcome = arena.word(slot + SLOT_OUTCOME);
    // The daemon's own lines go to a full destination too; those of others must still ask.
    if (target instanceof Destination && target.state !== 'open' && source === undefined) seal(arena, slot);
    this.#markDirty(slot);
    this.scheduleFlush();
    return 'queued';
  }

  /**
   * Sends one line (with its LF, stamped) by itself, behind all that waits already. Its bytes must not change any more.
   * @param done whether the socket took it; called once, later
   * @param context for the destination's outlet
   */
  appendTracked(
    destination: Destination,
    line: Uint8Array,
    source: Source | undefined,
    done: ((isWritten: boolean) => void) | undefined,
    context?: unknown,
  ): 'queued' | Refusal {
    const room = this.makeRoom(destination, line.length, source);
    if (room !== 'room' && room !== 'ordinary') return room;
    this.flush(destination);
    this.lastOutcome = destination.outcome;
    this.#write(destination, asBuffer(line), 1, done, context);
    return 'queued';
  }

  /** Flushes everything at the end of this turn of the event loop. */
  scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#arena.word(CELL_DIRTY_COUNT) === 0) return;
    this.#isFlushScheduled = true;
    setImmediate(this.#flushTurn);
  }

  /** After one read: full destinations that were opened for its rest are closed again. */
  endRead(): void {
    for (const destination of this.#relaxed) if (destination.state === 'full') seal(this.#arena, destination.slot);
    this.#relaxed.length = 0;
    this.scheduleFlush();
  }

  /** Writes out all that waits in buffers. */
  flushAll(): void {
    const arena = this.#arena;
    // Flushing a group may make nothing else dirty, so the list does not grow meanwhile.
    const count = arena.word(CELL_DIRTY_COUNT);
    for (let at = 0; at < count; at++) {
      const index = arena.word(DIRTY + at * 4);
      arena.setWord(SLOTS + index * SLOT_BYTES + SLOT_IS_DIRTY, 0);
      const target = this.#targets.at(index);
      if (target instanceof Group) this.#fanOut.flush(target);
      else if (target !== undefined) this.flush(target);
    }
    arena.setWord(CELL_DIRTY_COUNT, 0);
  }

  /** Hands the destination's buffer to its outlet. */
  flush(destination: Destination): void {
    this.#leaveVoid(destination);
    const arena = this.#arena;
    const { slot } = destination;
    const base = arena.word(slot + SLOT_BASE);
    if (base === 0) return;
    const length = arena.word(slot + SLOT_POINTER) - base;
    const lines = arena.word(slot + SLOT_LINES);
    clearSlot(arena, slot);
    if (length === 0 || destination.state === 'closed') {
      arena.giveBuffer(base);
      return;
    }
    destination.prefersLarge = length > LARGE_FROM_BYTES;
    const view = arena.bytes.subarray(base, base + length);
    if (this.#isCopied(destination, length)) {
      const copy = Buffer.from(view);
      arena.giveBuffer(base);
      this.#write(destination, copy, lines, undefined);
    } else this.#write(destination, view, lines, () => arena.giveBuffer(base));
  }

  /** A slow destination must not keep the arena's buffers: there are few, and the fast ones need them. */
  #isCopied({ outlet, transform, queuedBytes }: Destination, bytes: number): boolean {
    const { isScarce, isAmple } = this.#arena;
    if (transform !== undefined) return true;
    return outlet.holdsBytes ? bytes < HELD_BYTES_MIN || !isAmple : isScarce && queuedBytes > 0;
  }

  /** Lines to the destination are to be decided about anew. */
  forgetVerdicts(destination: Destination): void {
    bumpEpoch(this.#arena, destination.slot);
  }

  /** Sends what the destination must get before any newer line: lines of a group, if it is in one that holds some. */
  settle(destination: Destination): void {
    if (destination.sealedBy !== undefined) this.#fanOut.flush(destination.sealedBy);
  }

  /** Bytes that wait for a destination, in its buffer and before its socket. */
  waitingBytes(destination: Destination): number {
    return destination.queuedBytes + bufferedBytes(this.#arena, destination.slot);
  }

  /** Stops the timer; nothing is written any more by itself. */
  close(): void {
    this.#pressure.close();
  }

  readonly #flushTurn = (): void => {
    this.#isFlushScheduled = false;
    this.flushAll();
  };

  #refusalOf(destination: Destination, source: Source | undefined): Refusal | undefined {
    if (destination.state === 'closed') return 'closed';
    if (destination.state === 'refusing' && source !== undefined) return 'queue-full';
    this.#leaveVoid(destination);
    // Answers and reports have room beyond what messages may fill: a flood must not cost a service the answer to its question.
    const { queueBytesMax } = this.#options;
    const waiting = heldBytes(destination) + bufferedBytes(this.#arena, destination.slot);
    if (waiting >= (source === undefined ? queueBytesMax * OWN_LINES_SHARE : queueBytesMax)) return 'queue-full';
    if (destination.state === 'full') {
      if (source !== undefined) this.#pressure.block(source, destination);
      this.#relaxed.push(destination);
      unseal(this.#arena, destination.slot);
    }
    return undefined;
  }

  #roomIn(target: Destination | Group, lineBytes: number, source: Source | undefined): Room {
    const arena = this.#arena;
    const { slot } = target;
    const base = arena.word(slot + SLOT_BASE);
    if (base !== 0) {
      const used = arena.word(slot + SLOT_POINTER) - base;
      if (used + lineBytes + PREFIX_BYTES_MAX <= arena.capacityOf(base)) return 'room';
      if (!arena.isLarge(base) && this.#grow(slot, base, used, lineBytes)) return 'room';
      if (target instanceof Group) {
        this.#fanOut.flush(target);
        this.#fanOut.start(target, source);
      } else this.flush(target);
    }
    const isLarge = base !== 0 || target instanceof Group || target.prefersLarge || lineBytes > LARGE_FROM_BYTES;
    const buffer = arena.takeBuffer(isLarge) || this.#reclaim(target);
    if (buffer === 0) return 'ordinary';
    if (lineBytes + PREFIX_BYTES_MAX > arena.capacityOf(buffer)) {
      arena.giveBuffer(buffer);
      return 'ordinary';
    }
    installBuffer(arena, slot, buffer);
    return 'room';
  }

  /** Gives a refusing destination a buffer for lines that are not delivered. */
  #enterVoid(destination: Destination, lineBytes: number): Room {
    const arena = this.#arena;
    const buffer = arena.takeBuffer(true);
    if (buffer === 0 || lineBytes + PREFIX_BYTES_MAX > arena.capacityOf(buffer)) {
      if (buffer !== 0) arena.giveBuffer(buffer);
      return 'queue-full';
    }
    destination.isVoid = true;
    arena.setWord(destination.slot + SLOT_OUTCOME, REFUSED);
    installBuffer(arena, destination.slot, buffer);
    return 'room';
  }

  /** Counts what was refused and forgets it. */
  #leaveVoid(destination: Destination): void {
    if (!destination.isVoid) return;
    const arena = this.#arena;
    const { slot } = destination;
    const lines = arena.word(slot + SLOT_LINES);
    destination.isVoid = false;
    arena.setWord(slot + SLOT_OUTCOME, destination.outcome);
    this.#dropBuffer(slot);
    if (lines > 0) this.onRefusal(destination, lines);
  }

  /** Moves the content of a small buffer into a large one. */
  #grow(slot: number, base: number, used: number, lineBytes: number): boolean {
    const arena = this.#arena;
    const large = arena.takeBuffer(true);
    if (large === 0) return false;
    if (!arena.isLarge(large) || used + lineBytes + PREFIX_BYTES_MAX > arena.capacityOf(large)) {
      arena.giveBuffer(large);
      return false;
    }
    const lines = arena.word(slot + SLOT_LINES);
    arena.bytes.copyWithin(large, base, base + used);
    installBuffer(arena, slot, large);
    arena.setWord(slot + SLOT_POINTER, large + used);
    arena.setWord(slot + SLOT_LINES, lines);
    arena.giveBuffer(base);
    return true;
  }

  /** The pool is empty: takes a buffer from another dirty destination, whose lines go out as a copy. */
  #reclaim(except: Destination | Group): number {
    const arena = this.#arena;
    const count = arena.word(CELL_DIRTY_COUNT);
    for (let at = count - 1; at >= 0; at--) {
      const target = this.#targets.at(arena.word(DIRTY + at * 4));
      if (!(target instanceof Destination) || target === except) continue;
      const base = arena.word(target.slot + SLOT_BASE);
      if (base === 0) continue;
      const lines = arena.word(target.slot + SLOT_LINES);
      const copy = Buffer.from(arena.bytes.subarray(base, arena.word(target.slot + SLOT_POINTER)));
      clearSlot(arena, target.slot);
      if (copy.length > 0) this.#write(target, copy, lines, undefined);
      return base;
    }
    return 0;
  }

  #writeOrdinary(target: Destination | Group, bytes: Buffer, lines: number): void {
    if (target instanceof Group) {
      this.#fanOut.flush(target);
      for (const member of target.members) this.flush(member);
      this.lastOutcome = DELIVERED;
      this.#fanOut.write(target, bytes, lines, () => undefined);
    } else {
      this.flush(target);
      this.lastOutcome = target.outcome;
      this.#write(target, bytes, lines, undefined);
    }
  }

  #write(destination: Destination, bytes: Buffer, lines: number, release: Done | undefined, context?: unknown): void {
    const { transform, delivered } = destination;
    const out = transform === undefined ? bytes : transform(bytes);
    const length = out.length;
    delivered.lines += lines;
    delivered.bytes += length;
    destination.queuedBytes += length;
    const done: Done = (isWritten) => {
      release?.(isWritten);
      if (!isWritten) (delivered.heir ?? delivered).lost += lines;
      destination.queuedBytes -= length;
      this.#pressure.ease(destination);
    };
    destination.outlet.write(out, lines, done, context);
    this.#pressure.feel(destination);
  }

  #dropBuffer(slot: number): void {
    const base = this.#arena.word(slot + SLOT_BASE);
    clearSlot(this.#arena, slot);
    if (base !== 0) this.#arena.giveBuffer(base);
  }

  #markDirty(slot: number): void {
    const arena = this.#arena;
    if (isDirty(arena, slot)) return;
    arena.setWord(slot + SLOT_IS_DIRTY, 1);
    const count = arena.word(CELL_DIRTY_COUNT);
    arena.setWord(DIRTY + count * 4, (slot - SLOTS) / SLOT_BYTES);
    arena.setWord(CELL_DIRTY_COUNT, count + 1);
  }
}

/** The same bytes as a Buffer. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
