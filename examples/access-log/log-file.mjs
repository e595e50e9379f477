// One log file that somebody else writes: read from the beginning, line by line, as far as it has got.

import { open } from 'node:fs/promises';

const LINE_FEED = 10;
const chunkBytes = 64 * 1024;
/** What is longer is cut: no line may fill the memory. */
const lineBytesMax = 64 * 1024;

export class LogFile {
  /** Which file it is, whatever it is called by now. */
  id;
  #handle;
  #position = 0;
  /** The beginning of a line whose end is not written yet. */
  #parts = [];
  #partsBytes = 0;

  constructor(handle, id) {
    this.#handle = handle;
    this.id = id;
  }

  /** @returns undefined if there is no such file */
  static async open(path) {
    try {
      const handle = await open(path, 'r');
      const { dev, ino } = await handle.stat({ bigint: true });
      return new LogFile(handle, `${dev}:${ino}`);
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Gives `onLine` each line that has been written since the last time; it waits for what `onLine` returns. */
  async read(onLine) {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, chunkBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      let start = 0;
      for (let end = buffer.indexOf(LINE_FEED); end >= 0 && end < bytesRead; end = buffer.indexOf(LINE_FEED, start)) {
        this.#add(buffer.subarray(start, end));
        start = end + 1;
        await onLine(this.#take());
      }
      this.#add(buffer.subarray(start, bytesRead));
    }
  }

  close() {
    return this.#handle.close();
  }

  #add(bytes) {
    const part = bytes.subarray(0, lineBytesMax - this.#partsBytes);
    if (part.length === 0) return;
    this.#parts.push(Buffer.from(part));
    this.#partsBytes += part.length;
  }

  #take() {
    const line = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#partsBytes = 0;
    return line;
  }
}
