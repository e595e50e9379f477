// Leaves out what nobody may see: values of parameters by these names, wherever messages are shown.

import { decodeLine, encodeMessage, type Parameters } from 'snapcommunicator/wire';

const ALWAYS = ['password', 'secret_code'];
const HIDDEN = '***';

export class Redaction {
  readonly #names: readonly string[];

  /** @param names of parameters, beside `password` and `secret_code` */
  constructor(names: readonly string[]) {
    this.#names = [...new Set([...ALWAYS, ...names])];
  }

  parameters(given: Parameters): Parameters {
    const found = this.#names.filter((name) => Object.hasOwn(given, name));
    return found.length === 0 ? given : { ...given, ...Object.fromEntries(found.map((name) => [name, HIDDEN])) };
  }

  /** A line without its LF, as text. */
  line(bytes: Uint8Array): string {
    const text = Buffer.from(bytes).toString('utf8');
    if (!this.#names.some((name) => text.includes(`${name}=`))) return text;
    const read = decodeLine(bytes, 0, bytes.length);
    // What cannot be read is shown without its parameters.
    if (read.kind !== 'message') return text.split(' ').slice(0, 2).join(' ');
    return encodeMessage({ ...read.message, parameters: this.parameters(read.message.parameters) });
  }
}
