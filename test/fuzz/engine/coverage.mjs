// Which code has run: V8's precise coverage of blocks, through the inspector of this thread, as a map of source positions.

import { Session } from 'node:inspector';

/** Code that counts: the packages, and the targets' own, whose branches are as telling. */
const COUNTED = /^file:.*\/(packages\/[a-z]+\/dist|test\/fuzz\/(targets|fixtures|oracles))\//;

/**
 * @typedef {object} Fresh Code of one script that ran for the first time.
 * @property {{ seen: Uint8Array, length: number }} script
 * @property {number[]} positions characters of its source
 */

/** Begin before the code is loaded: what is compiled earlier is seen by whole functions only. */
export class Coverage {
  #session = new Session();
  /** By script, a byte for each character of its source: 1 if it has run before. */
  #scripts = new Map();
  #scratch = new Uint8Array(1 << 16);

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * What ran since the last look and is not yet kept as known; empty if all of it is.
   * @returns {Fresh[]}
   */
  look() {
    const fresh = [];
    for (const { scriptId, url, functions } of this.#post('Profiler.takePreciseCoverage').result) {
      if (!COUNTED.test(url)) continue;
      const script = this.#paint(scriptId, functions);
      const positions = [];
      for (let at = 0; at < script.length; at++) if (this.#scratch[at] > script.seen[at]) positions.push(at);
      if (positions.length > 0) fresh.push({ script, positions });
    }
    return fresh;
  }

  /** From now on, what a look found is nothing new. */
  keep(fresh) {
    for (const { script, positions } of fresh) for (const at of positions) script.seen[at] = 1;
  }

  /** Characters of code that have run. */
  get reached() {
    let count = 0;
    for (const { seen } of this.#scripts.values()) for (const byte of seen) count += byte;
    return count;
  }

  close() {
    this.#session.disconnect();
  }

  /** Marks in the scratch what ran of one script; gives what is known of that script. */
  #paint(scriptId, functions) {
    const length = Math.max(...functions.map(({ ranges }) => ranges[0].endOffset));
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length * 2);
    this.#scratch.fill(0, 0, length);
    // Outer functions and ranges come before what is inside them.
    for (const { ranges } of functions) {
      for (const { count, startOffset, endOffset } of ranges) {
        this.#scratch.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
    let script = this.#scripts.get(scriptId);
    if (script === undefined) {
      script = { seen: new Uint8Array(length), length };
      this.#scripts.set(scriptId, script);
    } else if (script.seen.length < length) {
      const seen = new Uint8Array(length);
      seen.set(script.seen);
      script.seen = seen;
    }
    script.length = length;
    return script;
  }

  /** In one's own thread the inspector answers before `post` returns. */
  #post(method, parameters) {
    let answer;
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}
