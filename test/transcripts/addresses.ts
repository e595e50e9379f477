// The addresses of the record, and those that stand for them here: this machine's own, others for each test.

import { randomInt } from 'node:crypto';

export class Addresses {
  readonly #pairs: readonly (readonly [recorded: string, actual: string])[];

  /**
   * `10.77.0.x` becomes `127.a.b.x`.
   * @param exceptions other ones for some of them, with ports
   */
  constructor(exceptions: Readonly<Record<string, string>> = {}) {
    const network = `127.${randomInt(64, 255)}.${randomInt(0, 255)}.`;
    const hosts = Object.entries(exceptions).map(([recorded, actual]) => [hostOf(recorded), hostOf(actual)] as const);
    this.#pairs = [...Object.entries(exceptions), ...hosts, ['10.77.0.', network]];
  }

  actual(text: string): string {
    return this.#pairs.reduce((replaced, [recorded, actual]) => replaced.replaceAll(recorded, actual), text);
  }

  recorded(text: string): string {
    return this.#pairs.reduce((replaced, [recorded, actual]) => replaced.replaceAll(actual, recorded), text);
  }
}

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
