// Follows a log by its name, through rotations that rename it: FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on.

import { LogFile } from './log-file.mjs';

/** So many rotated files stay open, for what their writer still has in hand when it is told to open the new one. */
const rotatedOpenMax = 3;
/** So far back a file is looked for that was rotated more than once between two looks. */
const numberMax = 100;

export class LogFollower {
  #path;
  #onLine;
  /** The files that may still grow: the oldest first, the present one last. */
  #files = [];
  #reading = Promise.resolve();
  #isDue = false;
  /** How many files have been followed so far. */
  files = 0;

  /** @param onLine gets each line without its end; if it returns a promise, the next line waits for it */
  constructor(path, onLine) {
    this.#path = path;
    this.#onLine = onLine;
  }

  /** Reads all that has been written by now: each rotated file to its end, then the one that replaced it. */
  read() {
    // A reading that has not begun yet will see all that this one would.
    if (!this.#isDue) {
      this.#isDue = true;
      this.#reading = this.#reading.catch(() => {}).then(() => this.#readAll());
    }
    return this.#reading;
  }

  /** Reads what is left, and ends. */
  async close() {
    await this.read();
    for (const file of this.#files.splice(0)) await file.close();
  }

  async #readAll() {
    this.#isDue = false;
    await this.#findFiles();
    for (const file of this.#files) await file.read(this.#onLine);
    while (this.#files.length > rotatedOpenMax + 1) await this.#files.shift().close();
  }

  async #findFiles() {
    // There is none for a moment, between its renaming and the writer's opening a new one.
    const present = await LogFile.open(this.#path);
    if (present === undefined) return;
    const known = this.#files.at(-1);
    if (present.id === known?.id) return present.close();
    const missed = known === undefined ? [] : await this.#findBetween(known, present);
    this.#files.push(...missed, present);
    this.files += missed.length + 1;
  }

  /** The files that came after one and were renamed before we looked, the oldest first. */
  async #findBetween(known, present) {
    const between = [];
    // Numbers only grow: if a rotation happens meanwhile, a file may be met twice, and none is passed over.
    const met = new Set([present.id]);
    for (let number = 1; number <= numberMax; number++) {
      const file = await LogFile.open(`${this.#path}.${number}`);
      if (file === undefined) continue;
      if (file.id === known.id) {
        await file.close();
        return between;
      }
      if (met.has(file.id)) await file.close();
      else between.unshift(file);
      met.add(file.id);
    }
    // It is gone, or was compressed: nothing tells which of the numbered files are new.
    for (const file of between) await file.close();
    return [];
  }
}
