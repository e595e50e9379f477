// What a browser and a page do, by hand: requests with any headers, and a WebSocket with lines of the wire.

import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { WebSocket } from 'ws';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AskOptions {
  readonly headers?: OutgoingHttpHeaders;
  readonly method?: string;
  /** For a server whose certificate nobody has signed that this machine trusts. */
  readonly authority?: string | Buffer;
}

export interface PageOptions extends AskOptions {
  /** As every browser does; default true. */
  readonly answersPings?: boolean;
}

/** One request on a connection of its own. @throws Error when there is no answer */
export function ask(url: string, { headers = {}, method = 'GET', authority }: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? secureRequest : request;
    const outgoing = send(url, { method, headers, agent: false, ca: authority }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const { statusCode = 0, headers: given } = response;
        resolve({ status: statusCode, headers: given, text: Buffer.concat(pieces).toString() });
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** What HTTP Basic says. */
export const basic = (user: string, password: string): OutgoingHttpHeaders => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

const waitMsMax = 10_000;

/** The WebSocket of a page. */
export class PageSocket {
  readonly socket: WebSocket;
  readonly #lines: string[] = [];
  #rest = '';
  #wake: () => void = () => undefined;
  /** The code that the connection ended with. */
  closedWith: number | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const lines = (this.#rest + data.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#wake();
    });
    socket.on('close', (code) => {
      this.closedWith = code;
      this.#wake();
    });
    socket.on('error', () => undefined);
  }

  /** @param url of the console @throws Error with the status when the request is turned away */
  static async open(
    url: string,
    { headers = {}, authority, answersPings = true }: PageOptions = {},
  ): Promise<PageSocket> {
    const address = `${url.replace(/^http/, 'ws')}/bus`;
    const socket = new WebSocket(address, {
      headers: headers as Record<string, string>,
      autoPong: answersPings,
      ...(authority !== undefined && { ca: authority }),
    });
    const page = new PageSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (_request, { statusCode }) => {
        reject(new Error(`refused with ${statusCode}`));
        socket.terminate();
      });
      socket.once('error', reject);
    });
    return page;
  }

  /** Opens it and registers as the page does. */
  static async register(url: string, options: PageOptions = {}): Promise<PageSocket> {
    const page = await PageSocket.open(url, options);
    page.send('REGISTER service=console;version=1;transient=true');
    await page.expect(/ HELP$/);
    await page.expect(/ READY /);
    return page;
  }

  /** Sends lines, each message with so many. */
  send(...lines: string[]): void {
    this.socket.send(lines.map((line) => `${line}\n`).join(''));
  }

  /** The next line. @throws Error when it is another, or none comes */
  async expect(wanted: RegExp): Promise<string> {
    const line = await this.next();
    if (line === undefined) throw new Error(`closed with ${this.closedWith} while waiting for ${wanted}`);
    if (!wanted.test(line)) throw new Error(`${wanted} was expected, but there came: ${line}`);
    return line;
  }

  /** The next line; undefined when the connection is closed. @throws Error when none comes */
  async next(): Promise<string | undefined> {
    const deadline = Date.now() + waitMsMax;
    while (this.#lines.length === 0 && this.closedWith === undefined) {
      if (Date.now() > deadline) throw new Error('no line came');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#lines.shift();
  }

  close(): void {
    this.socket.close();
  }
}
