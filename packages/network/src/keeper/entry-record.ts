// The form in which a durable message lies in the store: its envelope in a few bytes, then the line as it is.

import type { KeptEntry, MessageId, ReportLevel, StoredEntry } from './entry.ts';

const VERSION = 1;
const REPORT_LEVELS: readonly ReportLevel[] = ['none', 'failure', 'always'];
/** Version, report, kind of id; expiry and sequence as 64-bit floats; three lengths of 16 bits. */
const FIXED_BYTES = 3 + 2 * 8 + 3 * 2;
const TEXT_LENGTH_MAX = 0xffff;

/**
 * A message as a record. Its deadline becomes a time of day, for the clock of `now` may begin anew with each start.
 *
 * @param unixMs the time of day at `now`, in ms since 1970
 */
export function encodeRecord(entry: KeptEntry, unixMs: number, now: number): Uint8Array {
  const isBigint = typeof entry.id === 'bigint';
  const texts = [isBigint ? entry.id.toString(16) : entry.id, entry.destination, entry.sender].map(asciiBytes);
  const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
  const record = new Uint8Array(FIXED_BYTES + textBytes + entry.bytes.length);
  const view = new DataView(record.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, REPORT_LEVELS.indexOf(entry.report));
  view.setUint8(2, isBigint ? 1 : 0);
  view.setFloat64(3, unixMs + (entry.deadlineMs - now));
  view.setFloat64(11, entry.sequence);
  let offset = FIXED_BYTES;
  texts.forEach((text, index) => {
    view.setUint16(19 + 2 * index, text.length);
    record.set(text, offset);
    offset += text.length;
  });
  record.set(entry.bytes, offset);
  return record;
}

/** The message of a record, its deadline on the clock of `now`; undefined if the record is damaged or of another version. */
export function decodeRecord(record: Uint8Array, unixMs: number, now: number): StoredEntry | undefined {
  if (record.length < FIXED_BYTES) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const report = REPORT_LEVELS[view.getUint8(1)];
  const expiryUnixMs = view.getFloat64(3);
  const sequence = view.getFloat64(11);
  if (view.getUint8(0) !== VERSION || report === undefined) return undefined;
  if (!Number.isFinite(expiryUnixMs) || !Number.isSafeInteger(sequence) || sequence < 0) return undefined;
  let offset = FIXED_BYTES;
  const [id, destination, sender] = [0, 1, 2].map((index) => {
    const start = offset;
    offset += view.getUint16(19 + 2 * index);
    return String.fromCharCode(...record.subarray(start, offset));
  }) as [string, string, string];
  if (offset >= record.length) return undefined;
  const messageId = readId(id, view.getUint8(2) === 1);
  if (messageId === undefined) return undefined;
  const deadlineMs = now + (expiryUnixMs - unixMs);
  return { id: messageId, destination, sender, bytes: record.slice(offset), report, sequence, deadlineMs };
}

function readId(text: string, isBigint: boolean): MessageId | undefined {
  if (!isBigint) return text;
  return /^[0-9a-f]+$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** Ids and names are ASCII by their grammar; anything else here is our own fault. */
function asciiBytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (text.length > TEXT_LENGTH_MAX || bytes.some((byte, index) => byte !== text.charCodeAt(index))) {
    throw new Error(`${JSON.stringify(text.slice(0, 80))} cannot be the name or id of a stored message`);
  }
  return bytes;
}
