// Makes a new input from an old one: bits, bytes, words of a dictionary, pieces moved, pieces of another, long runs.

/** No input is longer, in bytes: one line of the default limit and something behind it. */
export const INPUT_BYTES_MAX = (1 << 20) + 4096;
/** Inputs other than long runs stay this short, so that many fit into a second. */
const ORDINARY_BYTES_MAX = 4096;
/** One in so many inputs gets a run that may be as long as the limit. */
const LONG_RUN_ODDS = 4096;

const encoder = new TextEncoder();

/** Words that mean something to the wire and to what is read beside it. */
const WORDS = [
  ...['cache=', 'transmission_report=', 'broadcast_msgid=', 'command=', 'no;reply', 'ttl=60s', 'durable', 'failure'],
  ...[
    '<',
    '<:',
    ':',
    '/',
    ' ',
    ';',
    '=',
    '"',
    '\\',
    '\\\\',
    '\\n',
    '\\"',
    '.',
    '?',
    '*',
    '@',
    '\n',
    '\r',
    '\r\n',
    '\t',
  ],
  ...[
    '\0',
    '{',
    '}',
    '[',
    ']',
    ',',
    '{"command":"X"}',
    '"parameters":{',
    'null',
    'true',
    '-0',
    '1e400',
    '0',
    '1',
    '-1',
  ],
  ...[
    '9007199254740993',
    '4294967296',
    '65536',
    'PING',
    'X',
    'a=',
    '__proto__',
    'constructor',
    'é',
    '漢',
    '😀',
    '\uFEFF',
  ],
  ...['_', 'a'.repeat(64), 'a'.repeat(65), ' HTTP/'],
].map((word) => encoder.encode(word));
/** Bytes at the edges of ranges, and the beginnings of UTF-8 that is cut short. */
const EDGES = Uint8Array.of(0, 1, 9, 10, 13, 31, 32, 34, 47, 58, 59, 60, 92, 127, 128, 192, 224, 237, 240, 254, 255);

export class Mutator {
  #random;
  #words;
  #bytes = new Uint8Array(INPUT_BYTES_MAX);
  #length = 0;
  #bytesMax = ORDINARY_BYTES_MAX;
  /** Those that are there twice are taken twice as often. */
  #operations = [
    () => this.#flipBit(),
    () => this.#changeByte(),
    () => this.#changeByte(),
    () => this.#insert(Uint8Array.of(this.#byte())),
    () => this.#write(this.#word()),
    () => this.#insert(this.#word()),
    () => this.#insert(this.#word()),
    () => this.#remove(),
    () => this.#remove(),
    () => this.#copyWithin(),
    () => this.#splice(),
    () => this.#splice(),
    () => this.#countUpOrDown(),
    () => this.#repeat(1 << this.#random(this.#random(8) === 0 ? 8 : 4)),
  ];
  #other = new Uint8Array(0);

  /**
   * @param {(below: number) => number} random
   * @param {readonly string[]} words those of the target, beside the ones that all share
   */
  constructor(random, words = []) {
    this.#random = random;
    this.#words = [...WORDS, ...words.map((word) => encoder.encode(word))];
  }

  /**
   * @param {Uint8Array} base what is changed
   * @param {Uint8Array} other what pieces are taken from
   * @returns {Uint8Array} bytes of its own
   */
  mutate(base, other) {
    this.#length = Math.min(base.length, INPUT_BYTES_MAX);
    this.#bytes.set(base.subarray(0, this.#length));
    this.#other = other;
    const isLong = this.#random(LONG_RUN_ODDS) === 0;
    this.#bytesMax = isLong ? INPUT_BYTES_MAX : ORDINARY_BYTES_MAX;
    // One change most often; a few make what no single change can.
    let count = 1;
    while (count < 12 && this.#random(2) === 0) count++;
    for (let done = 0; done < count; done++) this.#operations[this.#random(this.#operations.length)]();
    if (isLong) this.#repeat(1 << (6 + this.#random(15)));
    return this.#bytes.slice(0, this.#length);
  }

  #word() {
    return this.#words[this.#random(this.#words.length)];
  }

  #byte() {
    return this.#random(2) === 0 ? this.#random(256) : EDGES[this.#random(EDGES.length)];
  }

  #place() {
    return this.#random(this.#length + 1);
  }

  #flipBit() {
    if (this.#length > 0) this.#bytes[this.#random(this.#length)] ^= 1 << this.#random(8);
  }

  #changeByte() {
    if (this.#length > 0) this.#bytes[this.#random(this.#length)] = this.#byte();
  }

  /** A digit more or less, where a number may be. */
  #countUpOrDown() {
    if (this.#length > 0) this.#bytes[this.#random(this.#length)] += this.#random(2) === 0 ? 1 : 255;
  }

  #write(piece) {
    const at = this.#place();
    const end = Math.min(at + piece.length, this.#bytesMax);
    if (end <= at) return;
    this.#bytes.set(piece.subarray(0, end - at), at);
    this.#length = Math.max(this.#length, end);
  }

  #insert(piece, at = this.#place()) {
    const count = Math.min(piece.length, this.#bytesMax - this.#length);
    if (count <= 0) return;
    this.#bytes.copyWithin(at + count, at, this.#length);
    this.#bytes.set(piece.subarray(0, count), at);
    this.#length += count;
  }

  #remove() {
    const at = this.#place();
    const count = Math.min(1 + this.#random(this.#random(4) === 0 ? 64 : 8), this.#length - at);
    this.#bytes.copyWithin(at, at + count, this.#length);
    this.#length -= count;
  }

  #copyWithin() {
    const at = this.#place();
    this.#insert(this.#bytes.slice(at, Math.min(at + 1 + this.#random(32), this.#length)));
  }

  #splice() {
    const from = this.#random(this.#other.length + 1);
    const piece = this.#other.subarray(from, from + 1 + this.#random(64));
    if (this.#random(2) === 0) this.#insert(piece);
    else this.#write(piece);
  }

  /** The same word or byte `times` over. */
  #repeat(times) {
    const word = this.#random(3) === 0 ? Uint8Array.of(this.#byte()) : this.#word();
    const count = Math.min(word.length * times, this.#bytesMax - this.#length);
    if (count <= 0) return;
    const run = new Uint8Array(count);
    for (let at = 0; at < count; at += word.length) run.set(word.subarray(0, count - at), at);
    this.#insert(run);
  }
}
