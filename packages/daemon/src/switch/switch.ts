// The switch: bytes of a connection in, stamped lines to their destinations out. It dispatches; others decide.

import { HEAD, readHead, trimEnd, trimStart, type WireErrorCode } from 'snapcommunicator/wire';
import type { Arena } from './arena.ts';
import {
  CELL_NOW_MS,
  CELL_NUMBER,
  CELL_POSITION,
  CELL_SLOT,
  DONE,
  INPUT,
  INPUT_BYTES,
  INPUT_HEADROOM_BYTES,
  NEEDS_BUFFER,
  PREFIX,
} from './arena-layout.ts';
import type { Destination } from './destination.ts';
import { FlowCache } from './flow-cache.ts';
import type { Group } from './group.ts';
import { type InnerLoop, isSpecialAt } from './inner-loop.ts';
import type { Output, Refusal } from './output.ts';
import type { LongLine, Source } from './source.ts';

/** One complete line outside the inner loop: trimmed, its head read. Valid only during the call that it is passed to. */
export interface LineView {
  bytes: Uint8Array;
  start: number;
  /** Behind the last byte, LF and blanks left out. */
  end: number;
  /** See `HEAD`. */
  readonly offsets: Int32Array;
}

/** Where plain lines of one head go from now on, until an epoch changes, and what the recorder calls that. */
export interface Verdict {
  readonly target: Destination | Group;
  readonly flowId: number;
}

/** Who decides what the switch cannot decide by looking up. */
export interface LineHandler {
  /** Where a line without special parameters may go by itself; undefined when each such line must be handled. */
  resolve(source: Source, line: LineView): Verdict | undefined;
  /** Handles a line that the inner loop cannot. */
  handle(source: Source, line: LineView): void;
  /** A plain line found no room. */
  refuse(source: Source, line: LineView, target: Destination | Group, reason: Refusal): void;
  /** A line is not a message. */
  reject(source: Source, error: WireErrorCode, line: LineView | undefined): void;
  /** A connection has sent too much without an end of line. */
  overflow(source: Source): void;
}

export interface SwitchOptions {
  readonly lineBytesMax: number;
  /** After so many bytes without an LF the connection is given up. */
  readonly discardBytesMax: number;
}

/**
 * So many lines of one source are handled outside the inner loop in a turn. Each costs microseconds where the inner loop takes
 * nanoseconds, and the system hands over megabytes of one socket in a turn: without an end, a flood would hold up everybody.
 */
const CARE_COUNT_MAX = 128;
const JSON_START = 123;
const LINE_FEED = 10;

export class Switch {
  readonly #arena: Arena;
  readonly #route: InnerLoop;
  readonly #output: Output;
  readonly #handler: LineHandler;
  readonly #options: SwitchOptions;
  readonly #now: () => number;
  readonly #line: LineView;
  readonly flows: FlowCache;
  #prefix: Uint8Array | undefined;

  constructor(
    arena: Arena,
    route: InnerLoop,
    output: Output,
    handler: LineHandler,
    options: SwitchOptions,
    now: () => number,
  ) {
    this.#arena = arena;
    this.#route = route;
    this.#output = output;
    this.#handler = handler;
    this.#options = options;
    this.#now = now;
    this.#line = { bytes: arena.bytes, start: 0, end: 0, offsets: new Int32Array(HEAD.length) };
    this.flows = new FlowCache(arena);
  }

  /** Where sockets are read into. */
  get inputBuffer(): Buffer {
    return this.#arena.bytes.subarray(INPUT, INPUT + INPUT_BYTES);
  }

  /** Takes a chunk from anywhere: copied into the input and read from there. */
  feed(source: Source, chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && source.serial !== 0; at += INPUT_BYTES) {
      if (source.backlog !== undefined) {
        source.backlog = Buffer.concat([source.backlog, chunk.subarray(at)]);
        return;
      }
      const piece = chunk.subarray(at, at + INPUT_BYTES);
      this.#arena.bytes.set(piece, INPUT);
      this.read(source, piece.length);
    }
  }

  /** Handles `byteCount` bytes of this source that lie in the input buffer. A source closed meanwhile has serial 0. */
  read(source: Source, byteCount: number): void {
    const end = INPUT + byteCount;
    let start = INPUT;
    this.#arena.setWord(CELL_NOW_MS, this.#now() >>> 0);
    if (source.longLine !== undefined) {
      start = this.#continueLongLine(source, source.longLine, end);
    } else if (source.carry !== undefined) {
      const { carry } = source;
      source.carry = undefined;
      start -= carry.length;
      this.#arena.bytes.set(carry, start);
    }
    const position = this.#readLines(source, start, end);
    if (source.serial !== 0 && position < end) this.#keepRest(source, position, end);
    this.#output.endRead();
  }

  /** Handles complete lines that came from elsewhere: where they are, if that is in the arena, else by way of the input. */
  take(source: Source, lines: Uint8Array): void {
    if (this.#arena.has(lines)) return this.#takeInPlace(source, lines);
    if (lines.length > INPUT_BYTES) return this.handleLines(source, lines);
    this.#arena.bytes.set(lines, INPUT);
    this.read(source, lines.length);
  }

  /** What lies behind the lines is not theirs, and the inner loop puts its mark there. */
  #takeInPlace(source: Source, { byteOffset: start, length }: Uint8Array): void {
    const { bytes } = this.#arena;
    const end = start + length;
    const behind = bytes[end] as number;
    this.#arena.setWord(CELL_NOW_MS, this.#now() >>> 0);
    this.#readLines(source, start, end);
    bytes[end] = behind;
    this.#output.endRead();
  }

  /** Handles complete lines that do not lie in the arena, such as those held until their sender had a name. */
  handleLines(source: Source, lines: Uint8Array): void {
    for (let at = 0; at < lines.length && source.serial !== 0; ) {
      const next = lines.indexOf(LINE_FEED, at) + 1 || lines.length;
      this.#handleLine(source, lines, at, next, false);
      at = next;
    }
  }

  #readLines(source: Source, start: number, end: number): number {
    const route = this.#route;
    const arena = this.#arena;
    let at = start;
    let careCount = 0;
    let decidedAt = -1;
    while (at < end && source.serial !== 0) {
      if (this.#prefix !== source.prefix) this.#setPrefix(source.prefix);
      const before = arena.word(CELL_NUMBER);
      const result = route(at, end, source.serial, source.prefix.length);
      source.lines += (arena.word(CELL_NUMBER) - before) >>> 0;
      at = arena.word(CELL_POSITION);
      if (result === DONE) break;
      const next = arena.bytes.indexOf(LINE_FEED, at) + 1;
      if (next > end) break;
      if (++careCount > CARE_COUNT_MAX && !source.isStamped) {
        this.#postpone(source, at, end);
        return end;
      }
      if (result === NEEDS_BUFFER) {
        if (!this.#makeRoom(source, at, next)) at = next;
      } else if (this.#handleLine(source, arena.bytes, at, next, at !== decidedAt)) {
        // A line that was decided about and needs care all the same is not decided about again: it would go round for ever.
        decidedAt = at;
      } else at = next;
    }
    return at;
  }

  /** Keeps the rest of a read for the next turn of the event loop: the lines of others come first. */
  #postpone(source: Source, at: number, end: number): void {
    source.backlog = Uint8Array.prototype.slice.call(this.#arena.bytes, at, end);
    source.pause();
    setImmediate(() => {
      const { backlog } = source;
      source.backlog = undefined;
      if (backlog === undefined || source.serial === 0) return;
      this.feed(source, backlog);
      if (source.backlog === undefined) source.resume();
    });
  }

  /** Whether the inner loop may try the line again. */
  #makeRoom(source: Source, at: number, next: number): boolean {
    const target = this.#output.targetAt(this.#arena.word(CELL_SLOT));
    if (target === undefined) throw new Error('the flow cache names a slot without a target');
    const room = this.#output.makeRoomForLines(target, next - at + source.prefix.length, source);
    if (room === 'room') return true;
    // A line that no buffer takes goes the slow way, where it is written by itself.
    const line = this.#lineAt(this.#arena.bytes, at, next - 1);
    if (readHead(line.bytes, line.start, line.end, line.offsets) !== undefined)
      throw new Error('the flow cache holds an invalid head');
    if (room === 'ordinary') this.#handler.handle(source, line);
    else this.#handler.refuse(source, line, target, room);
    return false;
  }

  /**
   * Handles the line in [at, next), its LF included.
   * @param isInArena whether a verdict may be put into the flow cache
   * @returns whether a verdict was found, so that the inner loop can do the rest
   */
  #handleLine(source: Source, bytes: Uint8Array, at: number, next: number, isInArena: boolean): boolean {
    if (next - at > this.#options.lineBytesMax) {
      this.#handler.reject(source, 'TOO_LONG', undefined);
      return false;
    }
    const line = this.#lineAt(bytes, at, next - 1);
    if (line.start === line.end) return false;
    const error = bytes[line.start] === JSON_START ? undefined : this.#checkText(line);
    if (error !== undefined) {
      this.#handler.reject(source, error, line);
      return false;
    }
    const isPlain =
      isInArena && line.start === at && line.end === next - 1 && bytes[line.start] !== JSON_START && !hasSpecial(line);
    const verdict = isPlain ? this.#handler.resolve(source, line) : undefined;
    if (verdict !== undefined) {
      const skip = bodyOf(source, line) - at;
      if (this.flows.put(at, source.serial, verdict.target.slot, skip, verdict.flowId)) return true;
    }
    this.#handler.handle(source, line);
    return false;
  }

  #checkText(line: LineView): WireErrorCode | undefined {
    // A search without an end would run through the whole arena.
    if (line.bytes.subarray(line.start, line.end).includes(0)) return 'NUL_BYTE';
    return readHead(line.bytes, line.start, line.end, line.offsets);
  }

  #lineAt(bytes: Uint8Array, start: number, end: number): LineView {
    const line = this.#line;
    line.bytes = bytes;
    line.start = trimStart(bytes, start, end);
    line.end = trimEnd(bytes, line.start, end);
    return line;
  }

  #setPrefix(prefix: Uint8Array): void {
    this.#prefix = prefix;
    this.#arena.bytes.set(prefix, PREFIX);
  }

  /** Keeps the beginning of a line until the rest comes. */
  #keepRest(source: Source, position: number, end: number): void {
    const rest = Uint8Array.prototype.slice.call(this.#arena.bytes, position, end);
    if (rest.length <= INPUT_HEADROOM_BYTES) {
      source.carry = rest;
      return;
    }
    source.longLine = { pieces: [rest], bytes: rest.length, isDiscarded: false };
    this.#checkLongLine(source, source.longLine);
  }

  /** Adds what came to the long line; at its end handles it. Returns where the next line begins. */
  #continueLongLine(source: Source, longLine: LongLine, end: number): number {
    const { bytes } = this.#arena;
    const lineFeed = bytes.subarray(INPUT, end).indexOf(LINE_FEED);
    const isComplete = lineFeed >= 0;
    const next = isComplete ? INPUT + lineFeed + 1 : end;
    longLine.bytes += next - INPUT;
    if (!longLine.isDiscarded) longLine.pieces.push(Uint8Array.prototype.slice.call(bytes, INPUT, next));
    this.#checkLongLine(source, longLine);
    if (!isComplete) return end;
    source.longLine = undefined;
    if (longLine.isDiscarded) this.#handler.reject(source, 'TOO_LONG', undefined);
    else this.#handleLine(source, Buffer.concat(longLine.pieces), 0, longLine.bytes, false);
    return next;
  }

  #checkLongLine(source: Source, longLine: LongLine): void {
    if (longLine.bytes > this.#options.lineBytesMax) {
      longLine.isDiscarded = true;
      longLine.pieces = [];
    }
    if (longLine.bytes > this.#options.discardBytesMax) this.#handler.overflow(source);
  }
}

/** Where what goes on of a line begins: behind the sender that it bears, unless that is to stay. */
const bodyOf = (source: Source, line: LineView): number =>
  source.isStamped ? line.start : (line.offsets[HEAD.body] as number);

/** Whether a parameter is there that the daemon must read. May be wrong about the inside of a value, which costs only time. */
export function hasSpecial({ bytes, end, offsets }: LineView): boolean {
  const start = offsets[HEAD.parameters] as number;
  if (start >= end) return false;
  if (isSpecialAt(bytes, start)) return true;
  const parameters = bytes.subarray(start, end);
  for (let at = parameters.indexOf(59); at >= 0; at = parameters.indexOf(59, at + 1)) {
    if (isSpecialAt(parameters, at + 1)) return true;
  }
  return false;
}
