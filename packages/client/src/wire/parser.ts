// Bytes to messages: one line at a time, and a stream of chunks cut anywhere.

import type { WireErrorCode } from './errors.ts';
import { HEAD, readHead, trimEnd, trimStart } from './head.ts';
import { decodeJson } from './json.ts';
import { type Message, NAME } from './message.ts';

/** What a line turned out to be: a message, blank, or not a message and why. */
export type Line =
  | { readonly kind: 'message'; readonly message: Message; readonly form: 'text' | 'json' }
  | { readonly kind: 'blank' }
  | {
      readonly kind: 'invalid';
      readonly error: WireErrorCode;
      readonly command: string;
      /** The message without its parameters, where those alone were wrong: so that its sender can be told. */
      readonly head?: Message;
    };

const BLANK: Line = { kind: 'blank' };
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const offsets = new Int32Array(HEAD.length);

const textAt = (bytes: Uint8Array, start: number, end: number): string => {
  if (end <= start) return '';
  // Names are short and ASCII: a decoder call costs more than the loop.
  if (end - start <= 24) {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
    return text;
  }
  return decoder.decode(bytes.subarray(start, end));
};

/** Reads one value from `at` on. Returns the value and the offset behind it, or why it is none. */
function readValue(text: string, at: number): { value: string; next: number } | WireErrorCode {
  const isQuoted = text.charCodeAt(at) === 34;
  if (!isQuoted) {
    let next = text.indexOf(';', at);
    if (next < 0) next = text.length;
    const raw = text.slice(at, next);
    return { value: raw.includes('\\') ? unescape(raw, false) : raw, next };
  }
  let next = at + 1;
  for (; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === 34) break;
    // A backslash guards what follows only where the pair means something; `\x` leaves both as they are.
    if (code === 92 && isEscaped(text.charCodeAt(next + 1), true)) next++;
  }
  if (next >= text.length) return 'OPEN_QUOTE';
  if (next + 1 < text.length && text.charCodeAt(next + 1) !== 59) return 'AFTER_QUOTE';
  const raw = text.slice(at + 1, next);
  return { value: raw.includes('\\') ? unescape(raw, true) : raw, next: next + 1 };
}

/** Whether a backslash before this character is turned back: `\\`, `\n`, `\r`, and `\"` between quotes. */
const isEscaped = (code: number, isQuoted: boolean): boolean =>
  code === 92 || code === 110 || code === 114 || (isQuoted && code === 34);

function unescape(raw: string, isQuoted: boolean): string {
  return raw.replace(isQuoted ? /\\[\\nr"]/g : /\\[\\nr]/g, (pair) => {
    const character = pair.charAt(1);
    return character === 'n' ? '\n' : character === 'r' ? '\r' : character;
  });
}

/** Reads `name=value;name=value[;]`. Later parameters of one name replace earlier ones. */
export function decodeParameters(text: string): Record<string, string> | WireErrorCode {
  const parameters: Record<string, string> = Object.create(null);
  let at = 0;
  while (at < text.length) {
    let nameEnd = at;
    while (nameEnd < text.length && text.charCodeAt(nameEnd) !== 61 && text.charCodeAt(nameEnd) !== 59) nameEnd++;
    const name = text.slice(at, nameEnd);
    if (!NAME.test(name)) return 'BAD_PARAMETER_NAME';
    if (text.charCodeAt(nameEnd) !== 61) return 'NO_EQUALS';
    const read = readValue(text, nameEnd + 1);
    if (typeof read === 'string') return read;
    parameters[name] = read.value;
    at = read.next + 1;
  }
  return parameters;
}

/** Reads one line, with or without its CR; the LF is not part of `bytes[start, end)`. */
export function decodeLine(bytes: Uint8Array, start: number, end: number): Line {
  const first = trimStart(bytes, start, end);
  const last = trimEnd(bytes, first, end);
  if (first === last) return BLANK;
  if (bytes.subarray(first, last).includes(0)) return { kind: 'invalid', error: 'NUL_BYTE', command: '' };
  if (bytes[first] === 123) {
    const read = decodeJson(decoder.decode(bytes.subarray(first, last)));
    return 'error' in read
      ? { kind: 'invalid', error: read.error, command: '' }
      : { kind: 'message', message: read.message, form: 'json' };
  }
  const error = readHead(bytes, first, last, offsets);
  if (error !== undefined) return { kind: 'invalid', error, command: '' };
  const command = textAt(bytes, offsets[HEAD.command] as number, offsets[HEAD.command + 1] as number);
  const part = (at: number): string => textAt(bytes, offsets[at] as number, offsets[at + 1] as number);
  const parameters = decodeParameters(parametersAt(bytes, offsets[HEAD.parameters] as number, last));
  const isWrong = typeof parameters === 'string';
  const message: Message = {
    sentFromServer: part(HEAD.senderServer),
    sentFromService: part(HEAD.senderService),
    server: part(HEAD.server),
    service: part(HEAD.service),
    command,
    parameters: isWrong ? {} : parameters,
  };
  if (isWrong) return { kind: 'invalid', error: parameters, command, head: message };
  return { kind: 'message', form: 'text', message };
}

// Parameters may hold any text, so they always go through the decoder.
const parametersAt = (bytes: Uint8Array, start: number, end: number): string =>
  end <= start ? '' : decoder.decode(bytes.subarray(start, end));

/** Reads one line of text, for what is typed or stored rather than received. */
export function decodeText(text: string): Line {
  const bytes = new TextEncoder().encode(text);
  return decodeLine(bytes, 0, bytes.length);
}

export interface LineReaderOptions {
  /** Longest line that is read, in bytes; a longer one is passed over and reported TOO_LONG. Default 1 MiB. */
  readonly lineBytesMax?: number;
  /** After so many bytes without an end the stream cannot be read any more. Default 64 MiB. */
  readonly discardBytesMax?: number;
}

/** Cuts a stream of chunks into lines and reads each. Memory is bounded by the longest line allowed. */
export class LineReader {
  readonly #lineBytesMax: number;
  readonly #discardBytesMax: number;
  #carry: Uint8Array[] = [];
  #carryBytes = 0;
  #isDiscarding = false;

  constructor(options: LineReaderOptions = {}) {
    this.#lineBytesMax = options.lineBytesMax ?? 1 << 20;
    this.#discardBytesMax = options.discardBytesMax ?? 64 << 20;
  }

  /**
   * Feeds one chunk; `onLine` gets each complete line in order, blank ones left out.
   * The chunk is not kept: what is left over is copied.
   * @returns false when the stream has gone on for too long without a line's end: close the connection
   */
  feed(chunk: Uint8Array, onLine: (line: Line) => void): boolean {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      if (end < 0) break;
      this.#emit(chunk, start, end, onLine);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.slice(start));
    return this.#carryBytes <= this.#discardBytesMax;
  }

  /** Reads what is left without an LF, at the end of the stream. */
  end(onLine: (line: Line) => void): void {
    if (this.#carryBytes > 0) this.#emit(new Uint8Array(0), 0, 0, onLine);
  }

  #keep(rest: Uint8Array): void {
    this.#carryBytes += rest.length;
    if (this.#carryBytes > this.#lineBytesMax) {
      this.#isDiscarding = true;
      this.#carry = [];
    } else this.#carry.push(rest);
  }

  #emit(chunk: Uint8Array, start: number, end: number, onLine: (line: Line) => void): void {
    const length = this.#carryBytes + end - start;
    let line: Line;
    if (this.#isDiscarding || length > this.#lineBytesMax) {
      line = { kind: 'invalid', error: 'TOO_LONG', command: '' };
    } else if (this.#carryBytes === 0) {
      line = decodeLine(chunk, start, end);
    } else {
      const whole = new Uint8Array(length);
      let at = 0;
      for (const piece of this.#carry) {
        whole.set(piece, at);
        at += piece.length;
      }
      whole.set(chunk.subarray(start, end), at);
      line = decodeLine(whole, 0, length);
    }
    this.#carry = [];
    this.#carryBytes = 0;
    this.#isDiscarding = false;
    if (line.kind !== 'blank') onLine(line);
  }
}
