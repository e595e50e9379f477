// A bare socket that writes and reads lines: what the items of the proof speak to the daemon with.
import { connect } from 'node:net';

const WAIT_MS = 10_000;

/** Connects; rejects when nobody listens. `target` is what `net.connect` takes. */
export function lineClient(target) {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    socket.setNoDelay?.(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new LineClient(socket));
    });
  });
}

class LineClient {
  lines = [];
  closed = false;
  #rest = '';
  #room;
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#hear(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** Resolves when the kernel or Node has room for more. */
  write(data) {
    if (this.closed || this.socket.write(data)) return Promise.resolve();
    this.#room ??= new Promise((resolve) => {
      const finish = () => {
        this.socket.off('drain', finish).off('close', finish);
        this.#room = undefined;
        resolve();
      };
      this.socket.on('drain', finish).on('close', finish);
    });
    return this.#room;
  }

  /** The first line, old or new, that matches; undefined when the connection closes first or the time is over. */
  async line(pattern, timeoutMs = WAIT_MS) {
    let found;
    await this.until(() => {
      found = this.lines.find((line) => pattern.test(line));
      return found !== undefined;
    }, timeoutMs);
    return found;
  }

  /** Resolves when the condition holds, the connection is closed, or the time is over. */
  until(condition, timeoutMs = WAIT_MS) {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (condition() || this.closed) finish();
      };
      const late = setTimeout(finish, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Registers and waits for READY. */
  async register(service) {
    await this.write(`REGISTER service=${service};version=1\n`);
    if ((await this.line(/ READY /)) === undefined)
      throw new Error(`${service} was not registered: ${this.lines.join(' | ')}`);
    return this;
  }

  /** True when the daemon answers on this connection. */
  async alive(timeoutMs = WAIT_MS) {
    const serial = Math.floor(Math.random() * 1e9);
    await this.write(`ALIVE serial=${serial};timestamp=1\n`);
    return (await this.line(new RegExp(`ABSOLUTELY .*serial=${serial}`), timeoutMs)) !== undefined;
  }

  close() {
    this.socket.destroy();
  }

  #hear(chunk) {
    const parts = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = parts.pop();
    this.lines.push(...parts);
    this.#wake();
  }

  #wake() {
    for (const look of this.#waiting) look();
  }
}
