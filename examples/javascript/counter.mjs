// The service `counter` in plain JavaScript: COUNT adds to a named counter, CHANGED tells everybody who listens.
// Usage: node counter.mjs

import { Communicator } from 'snapcommunicator';

/** How many counters there may be: their names come from others. */
const countersMax = 1000;

class Counter extends Communicator {
  #counts = new Map();

  constructor() {
    super('counter');
    this.on('COUNT', (message, { reply }) => this.#count(message.parameters, reply));
    this.on('stop', () => this.close());
  }

  async #count({ name = 'default', by = '1' }, reply) {
    const step = Number(by);
    if (!Number.isSafeInteger(step)) {
      await reply('INVALID', { command: 'COUNT', message: `by is ${by}, expected a whole number` });
      return;
    }
    if (!this.#counts.has(name) && this.#counts.size >= countersMax) {
      await reply('INVALID', { command: 'COUNT', message: `there are ${countersMax} counters already` });
      return;
    }
    const count = (this.#counts.get(name) ?? 0) + step;
    this.#counts.set(name, count);
    await reply('COUNTED', { name, count });
    await this.broadcast('CHANGED', { name, count });
  }
}

await new Counter().connect();
