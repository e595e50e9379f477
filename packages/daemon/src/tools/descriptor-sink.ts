// Writes to standard output and error at once and whole, waiting where the reader is slow, so that it slows us down too.

import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Sink } from './output.ts';

/** Between two attempts at a pipe that is full and does not block. */
const retryMs = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * A file descriptor. Node's own streams put what a pipe does not take into memory, and lose it when the process exits;
 * and merely touching them makes the pipe one that does not block.
 */
export class DescriptorSink implements Sink {
  readonly #descriptor: number;
  readonly isTTY: boolean;
  readonly #onClosed: () => void;

  /** @param onClosed nobody reads any more */
  constructor(descriptor: number, onClosed: () => void) {
    this.#descriptor = descriptor;
    this.isTTY = isatty(descriptor);
    this.#onClosed = onClosed;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.#descriptor, bytes, at);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') return this.#onClosed();
        if (code !== 'EAGAIN') throw error;
        // Another process that shares the pipe has made it one that does not block.
        Atomics.wait(sleeper, 0, 0, retryMs);
      }
    }
  }
}
