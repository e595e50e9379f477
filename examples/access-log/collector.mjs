// The service `collector`: counts the visits that it is told of.
// Usage: node collector.mjs

import { Communicator } from 'snapcommunicator';
import { collector } from './collector-contract.mjs';

/** What visitors ask for is theirs to choose: beyond so many different ones, the others are not told apart. */
const urisMax = 100_000;
/** So many may wait for a report. */
const waitingMax = 100;

class Collector extends Communicator {
  #visits = 0;
  #bytes = 0;
  #uris = new Set();
  #waiting = [];

  constructor() {
    super(collector.service);
    this.on(collector, 'VISIT', ({ parameters }) => this.#count(parameters));
    this.on(collector, 'REPORT', ({ parameters }, { reply }) => this.#report(parameters.at_least, reply));
    this.on('stop', () => this.close());
  }

  #count({ uri, bytes }) {
    this.#visits++;
    this.#bytes += bytes;
    if (this.#uris.size < urisMax) this.#uris.add(uri);
    for (const { atLeast, resolve } of this.#waiting) if (atLeast === this.#visits) resolve();
    this.#waiting = this.#waiting.filter(({ atLeast }) => atLeast > this.#visits);
  }

  async #report(atLeast, reply) {
    if (atLeast > this.#visits) {
      await new Promise((resolve, reject) => {
        this.#waiting.push({ atLeast, resolve, reject });
        if (this.#waiting.length > waitingMax) this.#waiting.shift().reject(new Error('too many wait for a report'));
      });
    }
    await reply('REPORTED', { visits: this.#visits, uris: this.#uris.size, bytes: this.#bytes });
  }
}

await new Collector().connect();
