// The flags of this machine on disk: written as a whole, one write at a time, each taking what has gathered meanwhile.

import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Flag, readFlags } from 'snapcommunicator/contract';

const FILE = 'flags.json';

export class FlagFile {
  readonly #path: string;
  readonly #content: () => readonly Flag[];
  readonly #done: (error: Error | undefined) => void;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /**
   * @param dataPath a directory that is there
   * @param content what is to be on disk, asked for at each write
   * @param done told after each write, with the error if it failed
   */
  constructor(dataPath: string, content: () => readonly Flag[], done: (error: Error | undefined) => void) {
    this.#path = join(dataPath, FILE);
    this.#content = content;
    this.#done = done;
  }

  /** What an earlier life has left; a damaged file counts as an empty one. `undefined`: there has never been a flag. */
  static read(dataPath: string): Flag[] | undefined {
    try {
      return readFlags(readFileSync(join(dataPath, FILE), 'utf8')) ?? [];
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : [];
    }
  }

  /** Resolves once what holds now has been written, or could not be. Never rejects. */
  save(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#writing === undefined) return this.#begin();
    // What is being written may be older than what is to be saved now.
    this.#next = this.#writing.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    try {
      const text = `${JSON.stringify(this.#content())}\n`;
      const file = await open(`${this.#path}.new`, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(`${this.#path}.new`, this.#path);
      this.#done(undefined);
    } catch (error) {
      this.#done(error as Error);
    }
  }
}
