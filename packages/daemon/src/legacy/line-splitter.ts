// Cuts what a C++ daemon sends into lines, bytes as they came, within a limit.

const LINE_FEED = 10;

export class LineSplitter {
  readonly #lineBytesMax: number;
  readonly #take: (line: Uint8Array) => void;
  readonly #tooLong: () => void;
  #carry: Uint8Array[] = [];
  #carryBytes = 0;
  #isPassingOver = false;

  /**
   * @param take gets each line without its LF; the bytes are its own to keep
   * @param tooLong is told of each line that is longer than that, and passed over
   */
  constructor(lineBytesMax: number, take: (line: Uint8Array) => void, tooLong: () => void) {
    this.#lineBytesMax = lineBytesMax;
    this.#take = take;
    this.#tooLong = tooLong;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#end(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #end(piece: Uint8Array): void {
    const isTooLong = this.#isPassingOver || this.#carryBytes + piece.length > this.#lineBytesMax;
    const line = isTooLong ? undefined : Buffer.concat([...this.#carry, piece]);
    this.#carry = [];
    this.#carryBytes = 0;
    this.#isPassingOver = false;
    if (line === undefined) this.#tooLong();
    else this.#take(line);
  }

  #keep(piece: Uint8Array): void {
    if (this.#isPassingOver) return;
    this.#carryBytes += piece.length;
    this.#carry.push(piece);
    if (this.#carryBytes <= this.#lineBytesMax) return;
    this.#isPassingOver = true;
    this.#carry = [];
  }
}
