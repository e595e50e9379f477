// The switch with one sender and a few destinations, around either inner loop, used again for every input.

import { Arena } from '../../../packages/daemon/dist/switch/arena.js';
import { CELL_NUMBER, POOL, RECORD_BYTES } from '../../../packages/daemon/dist/switch/arena-layout.js';
import { loadInnerLoop } from '../../../packages/daemon/dist/switch/inner.js';
import { Output } from '../../../packages/daemon/dist/switch/output.js';
import { Switch } from '../../../packages/daemon/dist/switch/switch.js';
import { headOf, latin1 } from './head.mjs';

/** Services that are there. The last one's head is longer than the flow cache takes. */
export const SERVICES = ['rx', 'images', 'a', 'svc0003', 'n'.repeat(64)];
/** Who lists PING. */
export const LISTENERS = SERVICES.slice(0, 3);
export const LINE_BYTES_MAX = 100_000;
/** Parameters that the daemon must read: such lines may not go by themselves. */
export const SPECIAL = /(?:^|;)(?:cache=|transmis|broadcas)/;

const RECORD_COUNT = 256;
/** So many writes are under way before the oldest is done: buffers are not free at once. */
const PENDING_MAX = 6;
const NO_LIMIT = 1 << 30;

/** What waits for the next turn of the event loop. The loop of the fuzzer never comes to one, so turns are made here. */
const nextTurn = [];
globalThis.setImmediate = (call, ...values) => {
  nextTurn.push(() => call(...values));
};

function takeTurn() {
  for (const call of nextTurn.splice(0)) call();
}

export class SwitchRig {
  #arena = new Arena({ bufferBytes: 600_000, recordCount: RECORD_COUNT, lineBytesMax: LINE_BYTES_MAX });
  #output;
  #switch;
  #destinations = new Map();
  #group;
  #pieces = new Map();
  #events = [];
  #pending = [];
  #isSlow = false;
  #now = 0;
  #serial = 0;

  /** @param {boolean} isPlain whether the inner loop is the one in TypeScript */
  constructor(isPlain) {
    const { route, kind } = loadInnerLoop(this.#arena.memory, isPlain);
    if (kind !== (isPlain ? 'TypeScript' : 'WebAssembly'))
      throw new Error('the inner loop is not built: npm run setup');
    const now = () => this.#now;
    const limits = { queueBytesMax: NO_LIMIT, pauseBytes: NO_LIMIT, pauseMs: 1000, stallMs: 100 };
    this.#output = new Output(this.#arena, limits, now);
    for (const name of SERVICES) {
      const write = (bytes, _lines, done) => this.#write(name, bytes, done);
      this.#destinations.set(name, this.#output.openDestination({ holdsBytes: false, write, pendingBytes: () => 0 }));
    }
    this.#group = this.#output.openGroup(LISTENERS.map((name) => this.#destinations.get(name)));
    const handler = {
      resolve: (_source, line) => this.#resolve(line),
      handle: (source, line) => this.#handle(source, line),
      refuse: (_source, _line, _target, reason) => this.#events.push(`refuse ${reason}`),
      reject: (_source, error) => this.#events.push(`reject ${rejection(error)}`),
      overflow: () => this.#events.push('overflow'),
    };
    const options = { lineBytesMax: LINE_BYTES_MAX, discardBytesMax: NO_LIMIT };
    this.#switch = new Switch(this.#arena, route, this.#output, handler, options, now);
  }

  /**
   * Feeds the pieces as one new connection.
   * @param {Iterable<Uint8Array>} pieces
   * @param {{ prefix: Uint8Array, isSlow: boolean, endsTurn: (piece: number) => boolean }} manner endsTurn: after which
   *   pieces; what comes while the source is paused was under way already
   * @returns {{ received: Map<string, string>, events: string[], records: string }}
   */
  feed(pieces, { prefix, isSlow, endsTurn }) {
    this.#begin(isSlow);
    let isPaused = false;
    const source = {
      ...{ serial: this.#serial, prefix, carry: undefined, longLine: undefined, backlog: undefined },
      ...{ blockedBy: undefined, destination: undefined, isStamped: false },
      pause: () => {
        isPaused = true;
      },
      resume: () => {
        isPaused = false;
      },
    };
    let count = 0;
    for (const piece of pieces) {
      this.#switch.feed(source, piece);
      if (endsTurn(count++)) takeTurn();
    }
    while (nextTurn.length > 0) takeTurn();
    if (isPaused) this.#events.push('still paused');
    for (const done of this.#pending.splice(0)) done(true);
    const received = new Map(SERVICES.map((name) => [name, Buffer.concat(this.#pieces.get(name)).latin1Slice()]));
    return { received, events: this.#events, records: this.#records() };
  }

  /** A new serial voids what the flow cache holds; now and then it is emptied, so that little depends on what came before. */
  #begin(isSlow) {
    this.#serial = (this.#serial % 1024) + 1;
    if (this.#serial === 1) this.#switch.flows.clear();
    this.#isSlow = isSlow;
    this.#events = [];
    this.#now++;
    for (const name of SERVICES) this.#pieces.set(name, []);
    this.#arena.setWord(CELL_NUMBER, 0);
  }

  /** What the recorder would see of the lines that went by themselves: how many, and each one's flow and size. */
  #records() {
    const count = this.#arena.word(CELL_NUMBER);
    const words = [];
    for (let at = 0; at < Math.min(count, RECORD_COUNT); at++) {
      const record = POOL + at * RECORD_BYTES;
      words.push(`${this.#arena.word(record)}:${this.#arena.word(record + 4)}`);
    }
    return `${count} ${words.join(' ')}`;
  }

  #write(name, bytes, done) {
    this.#pieces.get(name).push(Buffer.from(bytes));
    if (!this.#isSlow) return done(true);
    this.#pending.push(done);
    if (this.#pending.length > PENDING_MAX) this.#pending.shift()(true);
  }

  #targetOf({ service, command }) {
    return service === '.' && command === 'PING' ? this.#group : this.#destinations.get(service);
  }

  #resolve(line) {
    const head = headOf(latin1(line.bytes.subarray(line.start, line.end)));
    const target = head && this.#targetOf(head);
    return target && { target, flowId: head.command.length };
  }

  #handle(source, line) {
    const text = latin1(line.bytes.subarray(line.start, line.end));
    const head = headOf(text);
    if (head === undefined) {
      this.#events.push(`json ${text.length}`);
      return;
    }
    if (SPECIAL.test(head.parameters)) this.#events.push(`special ${text.length}`);
    const target = this.#targetOf(head);
    if (target === undefined) this.#events.push(`daemon ${text.length}`);
    else {
      const body = Buffer.from(`${text.slice(head.sender.length)}\n`, 'latin1');
      this.#output.append(target, Buffer.concat([source.prefix, body]), source);
    }
  }
}

const rejection = (error) => (error === 'TOO_LONG' || error === 'NUL_BYTE' ? error : 'HEAD');
