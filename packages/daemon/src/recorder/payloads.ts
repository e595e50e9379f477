// Parameters of recorded messages, where somebody asked for them: whole lines, up to so many bytes, the newest.

import { decodeLine, type Parameters } from 'snapcommunicator/wire';
import type { Redaction } from './redaction.ts';

/** What one entry takes besides its bytes, about. */
const ENTRY_BYTES = 160;

export class Payloads {
  readonly #bytesMax: number;
  readonly #redaction: Redaction;
  /** By the number of the record, oldest first. */
  readonly #lines = new Map<number, Uint8Array>();
  #bytes = 0;

  /** @param bytesMax 0: nothing is kept */
  constructor(bytesMax: number, redaction: Redaction) {
    this.#bytesMax = bytesMax;
    this.#redaction = redaction;
  }

  get isOn(): boolean {
    return this.#bytesMax > 0;
  }

  /** @param line with its LF */
  keep(number: number, line: Uint8Array): void {
    const size = line.length + ENTRY_BYTES;
    if (size > this.#bytesMax) return;
    this.#lines.set(number, new Uint8Array(line));
    this.#bytes += size;
    for (const [oldest, { length }] of this.#lines) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#lines.delete(oldest);
      this.#bytes -= length + ENTRY_BYTES;
    }
  }

  /** Undefined if they are not kept, or not any more. */
  parametersOf(number: number): Parameters | undefined {
    const line = this.#lines.get(number);
    const read = line && decodeLine(line, 0, line.length - 1);
    return read?.kind === 'message' ? this.#redaction.parameters(read.message.parameters) : undefined;
  }
}
