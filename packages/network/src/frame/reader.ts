// Bytes to frames, cut anywhere, with limits on all that a peer may send.

import {
  type BroadcastState,
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

const AT = 64;
const LF = 10;

/**
 * Collects chunks and gives frames.
 *
 *     reader.push(chunk);
 *     for (let frame = reader.next(); frame !== undefined; frame = reader.next()) …
 */
export class FrameReader {
  readonly #limits: FrameLimits;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Chunks that came after `#bytes`. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** A head that was read and whose payload has not come whole. */
  #head: { readonly text: string; readonly payloadBytes: number } | undefined;

  constructor(limits: FrameLimits = FRAME_LIMITS) {
    this.#limits = limits;
  }

  /** Takes a chunk, which must not be written into again: payloads may be views of it. */
  push(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /** The next frame that is there as a whole. @throws FrameError */
  next(): Frame | undefined {
    // Chunks are joined only when they complete something: a long payload in many of them is copied once.
    if (this.#head === undefined || this.#availableBytes >= this.#head.payloadBytes) this.#join();
    this.#head ??= this.#readHead();
    if (this.#head === undefined) return undefined;
    const { text, payloadBytes } = this.#head;
    if (this.#bytes.length - this.#at < payloadBytes) return undefined;
    const payload = this.#bytes.subarray(this.#at, this.#at + payloadBytes);
    this.#at += payloadBytes;
    this.#head = undefined;
    return decodeFrame(text, payload);
  }

  get #availableBytes(): number {
    return this.#bytes.length - this.#at + this.#waitingBytes;
  }

  #join(): void {
    if (this.#waitingBytes === 0) return;
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length === 0 && this.#waiting.length === 1) this.#bytes = this.#waiting[0] as Uint8Array;
    else {
      this.#bytes = new Uint8Array(rest.length + this.#waitingBytes);
      this.#bytes.set(rest);
      let at = rest.length;
      for (const chunk of this.#waiting) {
        this.#bytes.set(chunk, at);
        at += chunk.length;
      }
    }
    this.#at = 0;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #readHead(): { text: string; payloadBytes: number } | undefined {
    const bytes = this.#bytes;
    if (this.#at >= bytes.length) return undefined;
    if (bytes[this.#at] !== AT) throw new FrameError('a frame begins with @');
    const end = bytes.indexOf(LF, this.#at);
    const length = (end === -1 ? bytes.length : end + 1) - this.#at;
    if (length > this.#limits.headBytesMax)
      throw new FrameError(`a head of more than ${this.#limits.headBytesMax} bytes`);
    if (end === -1) return undefined;
    const text = decodeText(bytes.subarray(this.#at, end));
    this.#at = end + 1;
    const payloadBytes = integer(text.slice(text.lastIndexOf(' ') + 1));
    if (payloadBytes > this.#limits.payloadBytesMax) throw new FrameError(`${payloadBytes} bytes behind one head`);
    return { text, payloadBytes };
  }
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
