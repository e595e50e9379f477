// The head of a data frame, which is nearly every head, read from its bytes. What is unusual about one is left to reader.ts.

import { HOPS_MAX, type Instance, NODE_ID_LENGTH } from './frame.ts';
import { decodeText } from './text.ts';

export interface DataHead {
  readonly hops: number;
  readonly origin: Instance;
  readonly last: Instance;
  readonly stream: number;
  readonly base: number;
  readonly sequence: number;
  readonly count: number;
  readonly payloadBytes: number;
}

const BLANK = 32;
const LF = 10;
const DIGIT_0 = 48;
const LETTER_D = 68;
const FIELDS_START = '@D '.length;
/** So many digits are exact in a number. */
const DIGITS_MAX = 15;
const INSTANCE = /^[0-9a-f]{16}~(0|[1-9]\d{0,15})$/;

/** One field that is nearly always the same as in the frame before: it is compared, and no text is made of it. */
class Remembered {
  #bytes = new Uint8Array(0);
  #text: Instance = '';

  /** Whether it stands there, with a blank behind it. */
  isAt(line: Uint8Array, at: number): boolean {
    const bytes = this.#bytes;
    const { length } = bytes;
    for (let place = 0; place < length; place++) if (line[at + place] !== bytes[place]) return false;
    return length > 0 && line[at + length] === BLANK;
  }

  /** Reads another one. @returns whether it is one */
  read(line: Uint8Array, at: number): boolean {
    const end = line.indexOf(BLANK, at + NODE_ID_LENGTH);
    if (end === -1) return false;
    const text = decodeText(line.subarray(at, end));
    if (!INSTANCE.test(text)) return false;
    this.#bytes = new Uint8Array(line.subarray(at, end));
    this.#text = text;
    return true;
  }

  get text(): Instance {
    return this.#text;
  }

  get length(): number {
    return this.#bytes.length;
  }
}

export class DataHeadReader {
  readonly #origin = new Remembered();
  readonly #last = new Remembered();
  #line: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** @param line with its LF; undefined: it is another head, a damaged one, or one with an id */
  read(line: Uint8Array): DataHead | undefined {
    if (line[1] !== LETTER_D || line[2] !== BLANK) return undefined;
    const hops = (hexDigit(line[FIELDS_START]) << 4) | hexDigit(line[FIELDS_START + 1]);
    if (hops < 0 || line[FIELDS_START + 2] !== BLANK) return undefined;
    this.#line = line;
    this.#at = FIELDS_START + 3;
    if (!this.#skip(this.#origin) || !this.#skip(this.#last)) return undefined;
    const stream = this.#number(BLANK);
    const base = this.#number(BLANK);
    const sequence = this.#number(BLANK);
    const count = this.#number(BLANK);
    const payloadBytes = this.#number(LF);
    if (stream < 0 || base < 0 || sequence <= 0 || count <= 0 || payloadBytes < 0) return undefined;
    const { text: origin } = this.#origin;
    const { text: last } = this.#last;
    return { hops: Math.min(hops, HOPS_MAX), origin, last, stream, base, sequence, count, payloadBytes };
  }

  #skip(field: Remembered): boolean {
    if (!field.isAt(this.#line, this.#at) && !field.read(this.#line, this.#at)) return false;
    this.#at += field.length + 1;
    return true;
  }

  /** The number that ends with `end`, or -1; after a -1 all others are that, too. */
  #number(end: number): number {
    const line = this.#line;
    let at = this.#at;
    let value = 0;
    for (; line[at] !== end; at++) {
      const digit = (line[at] ?? 0) - DIGIT_0;
      if (digit < 0 || digit > 9 || at - this.#at === DIGITS_MAX) return this.#fail();
      value = value * 10 + digit;
    }
    const length = at - this.#at;
    if (length === 0 || (length > 1 && line[this.#at] === DIGIT_0)) return this.#fail();
    this.#at = at + 1;
    return value;
  }

  #fail(): number {
    this.#at = this.#line.length;
    return -1;
  }
}

/** The value of a digit in lower case, or -1, which stays negative whatever is done to it. */
function hexDigit(byte = 0): number {
  if (byte >= DIGIT_0 && byte <= DIGIT_0 + 9) return byte - DIGIT_0;
  return byte >= 97 && byte <= 102 ? byte - 87 : -1;
}
