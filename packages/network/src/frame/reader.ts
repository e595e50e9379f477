// Bytes to frames, cut anywhere, with limits on all that a peer may send.

import { type DataHead, DataHeadReader } from './data-head.ts';
import {
  type BroadcastState,
  type DataFrame,
  type DigestEntry,
  type DigestFrame,
  type Frame,
  type FrameId,
  HOPS_MAX,
  type Instance,
  type Item,
  isScopeMark,
  type Range,
  type ScopeMark,
  type UpdateFrame,
} from './frame.ts';
import { decodeText } from './text.ts';

export interface FrameLimits {
  /** Bytes behind a frame's head. */
  readonly payloadBytesMax: number;
  /** Bytes of a frame's head, its LF included. */
  readonly headBytesMax: number;
}

export const FRAME_LIMITS: FrameLimits = { payloadBytesMax: 4 * 1024 * 1024, headBytesMax: 512 };

/** A peer does not keep to the form of frames; the link cannot go on, for nobody knows where the next one begins. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A head that was read: as text, or as that of a data frame. */
interface Head {
  readonly text: string;
  readonly data: DataHead | undefined;
  readonly payloadBytes: number;
}

const AT = 64;
const LF = 10;

/** Takes a line that is no frame, without its LF: what two daemons say besides. */
export type OnLine = (line: string) => void;

const NOTHING = new Uint8Array(0);

/**
 * Collects chunks and gives frames.
 *
 *     reader.push(chunk);
 *     for (let frame = reader.next(); frame !== undefined; frame = reader.next()) …
 *
 * A payload that came within one chunk is a view of it; any other is copied once, as its chunks come. Chunks that lie behind
 * each other in memory are as one.
 */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #onLine: OnLine | undefined;
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  /** Chunks behind `#chunk`. */
  readonly #waiting: Uint8Array[] = [];
  /** The beginning of a line whose end has not come. */
  #carry: Uint8Array = NOTHING;
  /** A head that was read and whose payload has not come whole. */
  #head: Head | undefined;
  readonly #dataHeads = new DataHeadReader();
  /** The payload as far as it has come, if it is spread over chunks. */
  #payload: Uint8Array | undefined;
  #filled = 0;

  /** @param onLine takes lines that are no frames; without it they are a FrameError */
  constructor(limits: FrameLimits = FRAME_LIMITS, onLine?: OnLine) {
    this.#limits = limits;
    this.#onLine = onLine;
  }

  /** Takes a chunk, which must not be written into while payloads that are views of it are needed, nor its rest. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#waiting.length === 0 && this.#goesOnWith(chunk)) {
      const { buffer, byteOffset, length } = this.#chunk;
      this.#chunk = new Uint8Array(buffer, byteOffset + this.#at, length - this.#at + chunk.length);
      this.#at = 0;
    } else this.#waiting.push(chunk);
  }

  /** So many bytes at the end of the last chunk, and of those right before it, are still needed where they are. */
  get restBytes(): number {
    return this.#waiting.length > 0 ? Number.POSITIVE_INFINITY : this.#chunk.length - this.#at;
  }

  /** These are the bytes of the rest from now on; the next chunk may lie behind them. */
  restMoved(rest: Uint8Array): void {
    this.#chunk = rest;
    this.#at = 0;
  }

  /** The next frame that is there as a whole. @throws FrameError */
  next(): Frame | undefined {
    for (;;) {
      if (this.#at === this.#chunk.length && !this.#advance()) {
        if (this.#head?.payloadBytes !== 0) return undefined;
      }
      if (this.#head === undefined) {
        this.#readLine();
        continue;
      }
      const payload = this.#takePayload(this.#head.payloadBytes);
      if (payload === undefined) {
        if (this.#waiting.length === 0) return undefined;
        continue;
      }
      const { text, data } = this.#head;
      this.#head = undefined;
      return data === undefined ? decodeFrame(text, payload) : dataFrame(data, payload);
    }
  }

  /** Whether the chunk lies behind the one that is being read, of which something is left. */
  #goesOnWith({ buffer, byteOffset }: Uint8Array): boolean {
    const { buffer: before, byteOffset: start, length } = this.#chunk;
    return this.#at < length && buffer === before && byteOffset === start + length;
  }

  #advance(): boolean {
    const chunk = this.#waiting.shift();
    if (chunk === undefined) return false;
    this.#chunk = chunk;
    this.#at = 0;
    return true;
  }

  /** Reads to the end of a line, or of the chunk. */
  #readLine(): void {
    const end = this.#chunk.indexOf(LF, this.#at);
    const piece = this.#chunk.subarray(this.#at, end === -1 ? undefined : end + 1);
    const length = this.#carry.length + piece.length;
    const first = this.#carry[0] ?? piece[0];
    if (first !== AT && this.#onLine === undefined) throw new FrameError('a frame begins with @');
    if (length > this.#limits.headBytesMax)
      throw new FrameError(`a head of more than ${this.#limits.headBytesMax} bytes`);
    this.#at += piece.length;
    const line = this.#carry.length === 0 ? piece : joined(this.#carry, piece);
    if (end === -1) {
      this.#carry = line === piece ? new Uint8Array(piece) : line;
      return;
    }
    this.#carry = NOTHING;
    const data = first === AT ? this.#dataHeads.read(line) : undefined;
    const text = data === undefined ? decodeText(line.subarray(0, -1)) : '';
    if (first !== AT) this.#onLine?.(text);
    else this.#head = { text, data, payloadBytes: this.#checked(data?.payloadBytes ?? payloadBytesOf(text)) };
  }

  #checked(bytes: number): number {
    if (bytes > this.#limits.payloadBytesMax) throw new FrameError(`${bytes} bytes behind one head`);
    return bytes;
  }

  /** The payload; if not all of it is there, as much as there is put aside, unless the rest may come right behind it. */
  #takePayload(bytes: number): Uint8Array | undefined {
    const rest = this.#chunk.length - this.#at;
    if (this.#payload === undefined && rest >= bytes) {
      this.#at += bytes;
      return this.#chunk.subarray(this.#at - bytes, this.#at);
    }
    if (this.#payload === undefined && this.#waiting.length === 0) return undefined;
    this.#payload ??= new Uint8Array(bytes);
    const end = this.#at + Math.min(rest, bytes - this.#filled);
    this.#payload.set(this.#chunk.subarray(this.#at, end), this.#filled);
    this.#filled += end - this.#at;
    this.#at = end;
    if (this.#filled < bytes) return undefined;
    const payload = this.#payload;
    this.#payload = undefined;
    this.#filled = 0;
    return payload;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

const payloadBytesOf = (head: string): number => integer(head.slice(head.lastIndexOf(' ') + 1));

function dataFrame({ hops, origin, last, stream, base, sequence, count }: DataHead, payload: Uint8Array): DataFrame {
  return { kind: 'data', hops, origin, last, stream, base, sequence, count, id: undefined, payload };
}

/** A frame from its head, without LF, and what followed. @throws FrameError */
export function decodeFrame(head: string, payload: Uint8Array): Frame {
  const fields = head.split(' ');
  const letter = (fields[0] ?? '').slice(1);
  const read = READERS[letter];
  // The last field is the number of bytes; fields that a later version added before it are passed over.
  return read === undefined ? { kind: 'unknown', letter } : read(fields, payload);
}

type Reader = (fields: readonly string[], payload: Uint8Array) => Frame;

const READERS: Readonly<Record<string, Reader>> = {
  D: (fields, payload) => {
    const last = fields[3] ?? '';
    return {
      kind: 'data',
      hops: hopsOf(fields[1]),
      origin: instance(fields[2]),
      last: isScopeMark(last) ? last : instance(last),
      stream: integer(fields[4]),
      base: integer(fields[5]),
      sequence: positive(fields[6]),
      count: positive(fields[7]),
      id: fields.length > 9 ? frameId(fields[8]) : undefined,
      payload,
    };
  },
  A: (fields, payload) => ({
    kind: 'ack',
    hops: hopsOf(fields[1]),
    origin: instance(fields[2]),
    last: instance(fields[3]),
    stream: integer(fields[4]),
    sequence: integer(fields[5]),
    returned: payload.length === 0 ? [] : decodeText(payload).split(',').map(range),
  }),
  R: (fields) => ({
    kind: 'reset',
    hops: hopsOf(fields[1]),
    origin: instance(fields[2]),
    last: instance(fields[3]),
    stream: integer(fields[4]),
    addressed: instance(fields[5]),
  }),
  L: (fields, payload) => update('update', fields, payload),
  S: (fields, payload) => update('summary', fields, payload),
  Q: (fields, payload) => digest('digest', fields, payload),
  T: (fields, payload) => digest('summary-digest', fields, payload),
  H: (fields) => ({
    kind: 'hello',
    serial: integer(fields[1]),
    echo: integer(fields[2]),
    heldUs: integer(fields[3]),
    databaseHash: integer(fields[4]),
  }),
  V: (fields, payload) => ({
    kind: 'vector',
    isWhole: fields[1] === 'whole',
    states: lines(payload).map(broadcastState),
  }),
  G: (fields) => ({
    kind: 'fetch',
    origin: instance(fields[1]),
    scope: scopeMark(fields[2]),
    range: range(`${fields[3]}-${fields[4]}`),
  }),
};

const update = (kind: UpdateFrame['kind'], fields: readonly string[], payload: Uint8Array): UpdateFrame => ({
  kind,
  origin: nodeId(fields[1]),
  incarnation: integer(fields[2]),
  from: integer(fields[3]),
  sequence: positive(fields[4]),
  items: lines(payload).map(item),
});

const digest = (kind: DigestFrame['kind'], fields: readonly string[], payload: Uint8Array): DigestFrame => ({
  kind,
  isWhole: fields[1] === 'whole',
  wantsAnswer: fields[2] === 'ask',
  entries: lines(payload).map(digestEntry),
});

const fail = (text: string | undefined, expected: string): never => {
  throw new FrameError(`${JSON.stringify((text ?? '').slice(0, 60))} is not ${expected}`);
};

function integer(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) return fail(text, 'a number');
  return value;
}

const positive = (text: string | undefined): number => integer(text) || fail(text, 'a number above 0');
const nodeId = (text = ''): string => (/^[0-9a-f]{16}$/.test(text) ? text : fail(text, "a node's id"));
const instance = (text = ''): Instance =>
  /^[0-9a-f]{16}~(0|[1-9]\d{0,15})$/.test(text) ? text : fail(text, "a node's id and incarnation");
const scopeMark = (text = ''): ScopeMark => (isScopeMark(text) ? text : fail(text, '* or ?'));

function hopsOf(text = ''): number {
  const hops = /^[0-9a-f]{2}$/.test(text) ? Number.parseInt(text, 16) : fail(text, 'a hop limit');
  return Math.min(hops, HOPS_MAX);
}

function frameId(text = ''): FrameId {
  const [incarnation, stream, number] = text.split('.').map(integer);
  if (incarnation === undefined || stream === undefined || number === undefined)
    return fail(text, 'the id of a message');
  return { incarnation, stream, number };
}

function range(text: string): Range {
  const [firstText, lastText = firstText] = text.split('-');
  const first = integer(firstText);
  const last = integer(lastText);
  return first <= last ? [first, last] : fail(text, 'a range of numbers');
}

function lines(payload: Uint8Array): string[] {
  if (payload.length === 0) return [];
  const text = decodeText(payload);
  if (!text.endsWith('\n')) return fail(text.slice(-60), 'a line');
  return text.slice(0, -1).split('\n');
}

function item(line: string): Item {
  const blank = line.indexOf(' ');
  const sequence = positive(line.slice(0, blank));
  const equals = line.indexOf('=', blank);
  const key = line.slice(blank + 1, equals === -1 ? undefined : equals);
  if (key === '') return fail(line, 'an item of a link state');
  if (equals === -1) return { sequence, key, value: undefined };
  const raw = line.slice(equals + 1);
  const value = raw.includes('\\')
    ? raw.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
    : raw;
  return { sequence, key, value };
}

function digestEntry(line: string): DigestEntry {
  const [origin, incarnation, sequence] = line.split(' ');
  return { origin: nodeId(origin), incarnation: integer(incarnation), sequence: integer(sequence) };
}

function broadcastState(line: string): BroadcastState {
  const [origin, scope, low, high] = line.split(' ');
  return { origin: instance(origin), scope: scopeMark(scope), low: integer(low), high: integer(high) };
}
