// The grammar of a message's head (sender, address, command), read in place: offsets into the bytes, no strings.

import type { WireErrorCode } from './errors.ts';

/** Longest name of a server, service or parameter, in bytes. */
export const NAME_BYTES_MAX = 64;

/** Where `readHead` writes its offsets; each pair is start (inclusive) and end (exclusive), equal where a part is absent. */
export const HEAD = {
  senderServer: 0,
  senderService: 2,
  server: 4,
  service: 6,
  command: 8,
  /** First byte behind the sender and its blank: what is left when a forwarded line gets a new sender. */
  body: 10,
  /** First byte of the parameters, or the line's end when there are none. */
  parameters: 11,
  length: 12,
} as const;

const SPACE = 32;
const COLON = 58;
const SLASH = 47;
const LESS = 60;

// One class per byte: 1 = may begin a name, 2 = may follow in a name, 4 = may begin a command, 8 = may follow in a command.
const CLASS = new Uint8Array(256);
for (let byte = 0; byte < 128; byte++) {
  const isUpper = byte >= 65 && byte <= 90;
  const isLower = byte >= 97 && byte <= 122;
  const isDigit = byte >= 48 && byte <= 57;
  const isUnderscore = byte === 95;
  if (isUpper || isUnderscore) CLASS[byte] = 15;
  else if (isLower) CLASS[byte] = 3;
  else if (isDigit) CLASS[byte] = 10;
}

const hasClass = (bytes: Uint8Array, at: number, mask: number): boolean =>
  ((CLASS[bytes[at] as number] as number) & mask) !== 0;

/** Whether `bytes[start, end)` is a name: [A-Za-z_][A-Za-z0-9_]*, 1 to 64 bytes. */
export function isNameAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > NAME_BYTES_MAX || !hasClass(bytes, start, 1)) return false;
  for (let at = start + 1; at < end; at++) if (!hasClass(bytes, at, 2)) return false;
  return true;
}

function isCommandAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (!hasClass(bytes, start, 4)) return false;
  for (let at = start + 1; at < end; at++) if (!hasClass(bytes, at, 8)) return false;
  return true;
}

/** Whether `bytes[start, end)` is one of the marks `.` (this machine), `?` (another one here), `*` (any). */
function isMarkAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 1) return false;
  const byte = bytes[start];
  return byte === 46 || byte === 63 || byte === 42;
}

function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return end;
}

/** The end of the line without a CR before its LF and without blanks (space, tab) behind it. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  if (at > start && bytes[at - 1] === 13) at--;
  while (at > start && (bytes[at - 1] === SPACE || bytes[at - 1] === 9)) at--;
  return at;
}

/** The start of the line without blanks before it. */
export function trimStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === 9)) at++;
  return at;
}

/**
 * Reads the head of one trimmed line (neither LF, nor CR, nor blanks around it) in `bytes[start, end)`.
 *
 *     ['<' [server] ':' [service] ' '] [[server ':'] service '/'] COMMAND [' ' parameters]
 *
 * @param offsets at least `HEAD.length` long; receives absolute offsets into `bytes`
 * @returns undefined, or why the line is not a message; then the offsets mean nothing
 */
export function readHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  offsets: Int32Array,
): WireErrorCode | undefined {
  let at = start;
  if (bytes[at] === LESS && at < end) {
    const blank = indexOf(bytes, SPACE, at, end);
    if (blank === end) return indexOf(bytes, COLON, at, end) === end ? 'BAD_SENDER' : 'NO_COMMAND';
    const colon = indexOf(bytes, COLON, at, blank);
    if (colon === blank) return 'BAD_SENDER';
    if (colon > at + 1 && !isNameAt(bytes, at + 1, colon)) return 'BAD_SENDER';
    if (blank > colon + 1 && !isNameAt(bytes, colon + 1, blank)) return 'BAD_SENDER';
    offsets[HEAD.senderServer] = at + 1;
    offsets[HEAD.senderServer + 1] = colon;
    offsets[HEAD.senderService] = colon + 1;
    offsets[HEAD.senderService + 1] = blank;
    at = blank + 1;
  } else {
    offsets.fill(at, HEAD.senderServer, HEAD.senderService + 2);
  }
  offsets[HEAD.body] = at;

  const headEnd = indexOf(bytes, SPACE, at, end);
  const slash = indexOf(bytes, SLASH, at, headEnd);
  if (slash < headEnd) {
    const colon = indexOf(bytes, COLON, at, slash);
    let serviceStart = at;
    if (colon < slash) {
      if (!isMarkAt(bytes, at, colon) && !isNameAt(bytes, at, colon)) return 'BAD_SERVER';
      serviceStart = colon + 1;
      offsets[HEAD.server + 1] = colon;
    } else {
      offsets[HEAD.server + 1] = at;
    }
    offsets[HEAD.server] = at;
    if (!isMarkAt(bytes, serviceStart, slash) && !isNameAt(bytes, serviceStart, slash)) return 'BAD_SERVICE';
    offsets[HEAD.service] = serviceStart;
    offsets[HEAD.service + 1] = slash;
    at = slash + 1;
  } else {
    offsets.fill(at, HEAD.server, HEAD.service + 2);
  }
  if (at >= headEnd) return 'NO_COMMAND';
  if (!isCommandAt(bytes, at, headEnd)) return 'BAD_COMMAND';
  offsets[HEAD.command] = at;
  offsets[HEAD.command + 1] = headEnd;
  offsets[HEAD.parameters] = headEnd < end ? headEnd + 1 : end;
  return undefined;
}
