// A bare socket that speaks lines: what a test writes goes out byte for byte, what arrives is taken line by line.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP port, of this machine unless a host is named, or the path of a Unix socket. */
export type LineTarget =
  | { readonly port: number; readonly host?: string; readonly localAddress?: string }
  | { readonly path: string };

/** The exact line, or what it must match. */
export type Expected = string | RegExp;

const LINE_FEED = 10;
const waitMsMax = 15_000;
let fenceCount = 0;

export class LineClient {
  readonly name: string;
  readonly socket: Socket;
  /** Lines that have arrived and were not taken yet. */
  readonly lines: string[] = [];
  /** The other side has closed, or the connection is lost. */
  isClosed = false;
  #rest: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  private constructor(socket: Socket, name: string) {
    this.socket = socket;
    this.name = name;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.on('drain', () => this.#wake());
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.isClosed = true;
        this.#wake();
      });
    }
  }

  /** @param name for messages of failed tests */
  static async connect(target: LineTarget, name = 'client'): Promise<LineClient> {
    // Without a delay: what is written lies before the daemon when the call returns.
    const options = { noDelay: true };
    const socket = connect('port' in target ? { ...options, host: '127.0.0.1', ...target } : { ...options, ...target });
    await once(socket, 'connect');
    return new LineClient(socket, name);
  }

  /** Speaks over a connection that somebody else has opened. */
  static adopt(socket: Socket, name: string): LineClient {
    return new LineClient(socket, name);
  }

  /** Connects and registers; HELP and READY are taken. @param commands what it lists, comma-separated */
  static async register(target: LineTarget, service: string, commands = ''): Promise<LineClient> {
    const client = await LineClient.connect(target, service);
    client.send(`REGISTER service=${service};version=1`);
    if (commands !== '') client.send(`COMMANDS list=${commands}`);
    await client.expect(/^<\w+:communicatord HELP$/);
    await client.expect(/^<\w+:communicatord READY /);
    return client;
  }

  /** Connects and registers as one that passes, of which nobody is told. */
  static async registerPassing(target: LineTarget, service: string): Promise<LineClient> {
    const client = await LineClient.connect(target, service);
    client.send(`REGISTER service=${service};transient=true;version=1`);
    await client.skipTo(/^<\w+:communicatord READY /);
    return client;
  }

  /** Writes one line and its LF. */
  send(line: string): void {
    this.write(`${line}\n`);
  }

  /** Writes these bytes, no more. @returns whether the socket took them all at once */
  write(bytes: string | Uint8Array): boolean {
    return this.socket.write(bytes);
  }

  /** Writes, and waits until there is room for more, or the connection is gone. */
  async pour(bytes: string | Uint8Array): Promise<void> {
    if (!this.write(bytes)) await this.until(() => !this.socket.writableNeedDrain || this.isClosed, 'room for more');
  }

  /** The next line, waiting for it. @returns undefined when the connection ends first */
  async next(what = 'a line'): Promise<string | undefined> {
    await this.until(() => this.lines.length > 0 || this.isClosed, what);
    return this.lines.shift();
  }

  /** Takes the next line, which must be this one. */
  async expect(expected: Expected): Promise<string> {
    const line = await this.next(String(expected));
    if (line === undefined) throw new Error(`${this.name} waited for ${expected}, and the connection was closed`);
    if (!matches(line, expected)) throw new Error(`${this.name} waited for\n  ${expected}\nand received\n  ${line}`);
    return line;
  }

  /** Takes lines up to and including the first that matches. @returns those before it */
  async skipTo(expected: Expected): Promise<string[]> {
    const skipped: string[] = [];
    for (;;) {
      const line = await this.next(String(expected));
      if (line === undefined) throw new Error(`${this.name} waited for ${expected}, and the connection was closed`);
      if (matches(line, expected)) return skipped;
      skipped.push(line);
    }
  }

  /** Waits for the other side's end. Lines that were not taken are an error. */
  async expectClosed(): Promise<void> {
    await this.until(() => this.isClosed || this.lines.length > 0, 'the end of the connection');
    if (this.lines.length > 0)
      throw new Error(`${this.name} waited for its end and received\n  ${this.lines.join('\n  ')}`);
    this.socket.end();
  }

  /**
   * Asks ALIVE and waits for the answer: the daemon has handled all that this client wrote before, and what it had for
   * this client then has arrived.
   * @param form in which it asks: the daemon answers in the form that the client writes
   * @returns the lines that arrived before the answer, which are not taken
   */
  async fence(form: 'text' | 'json' = 'text'): Promise<readonly string[]> {
    const serial = `fence_${++fenceCount}`;
    const isAnswer = (line: string): boolean => /\bABSOLUTELY\b/.test(line) && line.includes(`${serial}_`);
    this.send(form === 'text' ? `ALIVE serial=${serial}_` : `{"command":"ALIVE","parameters":{"serial":"${serial}_"}}`);
    await this.until(() => this.isClosed || this.lines.some(isAnswer), 'the answer to ALIVE');
    const at = this.lines.findIndex(isAnswer);
    if (at >= 0) this.lines.splice(at, 1);
    return this.lines.slice(0, at < 0 ? undefined : at);
  }

  /** Waits until the condition holds; it is looked at whenever something has arrived. */
  async until(condition: () => boolean, what: string, msMax = waitMsMax): Promise<void> {
    const deadline = Date.now() + msMax;
    while (!condition()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`${this.name} waited ${msMax} ms for ${what}; it has ${this.#summary()}`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
  }

  /** Ends this side; what the other side still sends can be read. */
  end(): void {
    this.socket.end();
  }

  /** Closes, and waits until both sides have. */
  async close(): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.resume();
    this.socket.end();
    await closed;
  }

  /** What has arrived, short enough for a message. */
  #summary(): string {
    const last = this.lines.slice(-3).map((line) => `\n  ${line.slice(0, 200)}`);
    return `${this.lines.length} lines${last.length > 0 ? ', at the end' : ''}${last.join('')}`;
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = this.#rest.indexOf(LINE_FEED); end >= 0; end = this.#rest.indexOf(LINE_FEED)) {
      this.lines.push(this.#rest.toString('utf8', 0, end));
      this.#rest = this.#rest.subarray(end + 1);
    }
    this.#wake();
  }
}

const matches = (line: string, expected: Expected): boolean =>
  typeof expected === 'string' ? line === expected : expected.test(line);
