// The service `journal`: writes each NOTE as a line of its own log, and opens that log anew on LOG_ROTATE.
// Usage: node journal.mjs FILE

import { closeSync, openSync, writeSync } from 'node:fs';
import { Communicator } from 'snapcommunicator';

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('Usage: node journal.mjs FILE');
  process.exit(2);
}

class Journal extends Communicator {
  #file = openSync(path, 'a');
  #notes = 0;

  constructor() {
    super('journal');
    this.on('NOTE', ({ parameters: { text = '' } }) => this.#write(text));
    this.on('LOG_ROTATE', () => this.#reopen());
    this.on('REPORT', (_message, { reply }) => reply('REPORTED', { notes: this.#notes }));
    this.on('stop', () => this.close());
  }

  #write(text) {
    // A note is one line, whatever stands in it.
    writeSync(this.#file, `${new Date().toISOString()} ${text.replaceAll('\n', ' ')}\n`);
    this.#notes++;
  }

  /** Until now the notes went on into the file that has been renamed; what comes from now on begins the new one. */
  #reopen() {
    const file = openSync(path, 'a');
    closeSync(this.#file);
    this.#file = file;
  }
}

await new Journal().connect();
