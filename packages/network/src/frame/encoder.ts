// Frames to bytes: one head line, `@`, a letter, fields, the number of bytes that follow, then those.

import type { Frame, Item, Range } from './frame.ts';
import { encodeText } from './text.ts';

const NOTHING = new Uint8Array(0);

/** Where the two digits of the hop limit stand in a frame that travels on. */
const HOPS_OFFSET = 3;

/** What can be written: letters of other versions are not. */
export type KnownFrame = Exclude<Frame, { kind: 'unknown' }>;

/** A frame as its head line, in ASCII, and what follows it; the payload of message lines is not copied. */
export function splitFrame(frame: KnownFrame): { readonly head: string; readonly payload: Uint8Array } {
  const payload = payloadOf(frame);
  return { head: `${headOf(frame)} ${payload.length}\n`, payload };
}

/** The whole frame, in bytes of its own. */
export function encodeFrame(frame: KnownFrame): Uint8Array {
  const { head: text, payload } = splitFrame(frame);
  const head = encodeText(text);
  if (payload.length === 0) return head;
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * Counts the hop limit of a frame down, in place, at its `@`.
 * @returns what is left, or -1 if it was 0 already: then the frame goes no further
 */
export function decrementHops(bytes: Uint8Array, offset: number): number {
  const at = offset + HOPS_OFFSET;
  const hops = (valueOf(bytes[at]) << 4) | valueOf(bytes[at + 1]);
  if (hops === 0) return -1;
  bytes[at] = digitOf((hops - 1) >> 4);
  bytes[at + 1] = digitOf((hops - 1) & 15);
  return hops - 1;
}

const digitOf = (value: number): number => (value < 10 ? 48 + value : 87 + value);
const valueOf = (byte = 0): number => (byte <= 57 ? byte - 48 : (byte | 32) - 87) & 15;
const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const hex = (hops: number): string => HEX[hops] as string;

function headOf(frame: KnownFrame): string {
  switch (frame.kind) {
    case 'data': {
      const { hops, origin, last, stream, base, sequence, count, id } = frame;
      const named = id === undefined ? '' : ` ${id.incarnation}.${id.stream}.${id.number}`;
      return `@D ${hex(hops)} ${origin} ${last} ${stream} ${base} ${sequence} ${count}${named}`;
    }
    case 'ack':
      return `@A ${hex(frame.hops)} ${frame.origin} ${frame.last} ${frame.stream} ${frame.sequence}`;
    case 'reset':
      return `@R ${hex(frame.hops)} ${frame.origin} ${frame.last} ${frame.stream} ${frame.addressed}`;
    case 'update':
    case 'summary':
      return `@${frame.kind === 'update' ? 'L' : 'S'} ${frame.origin} ${frame.incarnation} ${frame.from} ${frame.sequence}`;
    case 'digest':
    case 'summary-digest':
      return `@${frame.kind === 'digest' ? 'Q' : 'T'} ${frame.isWhole ? 'whole' : 'part'} ${frame.wantsAnswer ? 'ask' : 'tell'}`;
    case 'hello':
      return `@H ${frame.serial} ${frame.echo} ${frame.heldUs} ${frame.databaseHash}`;
    case 'vector':
      return `@V ${frame.isWhole ? 'whole' : 'part'}`;
    case 'fetch':
      return `@G ${frame.origin} ${frame.scope} ${frame.range[0]} ${frame.range[1]}`;
  }
}

function payloadOf(frame: KnownFrame): Uint8Array {
  switch (frame.kind) {
    case 'data':
      return frame.payload;
    case 'ack':
      return frame.returned.length === 0 ? NOTHING : encodeText(frame.returned.map(rangeText).join(','));
    case 'update':
    case 'summary':
      return encodeText(frame.items.map(itemText).join(''));
    case 'digest':
    case 'summary-digest':
      return encodeText(
        frame.entries.map((entry) => `${entry.origin} ${entry.incarnation} ${entry.sequence}\n`).join(''),
      );
    case 'vector':
      return encodeText(
        frame.states.map(({ origin, scope, low, high }) => `${origin} ${scope} ${low} ${high}\n`).join(''),
      );
    case 'hello':
    case 'fetch':
    case 'reset':
      return NOTHING;
  }
}

const rangeText = ([first, last]: Range): string => (first === last ? `${first}` : `${first}-${last}`);

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n' };

function itemText({ sequence, key, value }: Item): string {
  if (value === undefined) return `${sequence} ${key}\n`;
  return `${sequence} ${key}=${value.replace(/[\\\n]/g, (character) => ESCAPES[character] as string)}\n`;
}
