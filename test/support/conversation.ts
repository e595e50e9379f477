// Runs conversations with a daemon that are written as scripts: who writes what, who must receive what, and nothing else.
//
//     foo: tcp as foo PING     opens a connection over TCP (or `unix`), registers it, lists PING; without `as` it only connects
//     foo> bar/PING a=1        writes this line
//     foo>> "bar/PI"           writes these bytes, a JSON string, and no end of line
//     bar< <alpha:foo bar/…    the next line that bar receives; `…` stands for any text, TIME for seconds since 1970
//     foo ends                 sends no more, but still reads
//     foo leaves               closes
//     foo closed               the daemon has closed it
//     udp> bar/PING            sends a datagram; `dgram>` does so over the Unix datagram socket
//
// A line waits for what it expects, so nothing depends on time. At the end every connection must have received exactly
// what the script says.

import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningDaemon, startDaemon } from './daemon.ts';
import { LineClient } from './line-client.ts';

const STEP = /^(\w+)(: |>> |> |>|< | )(.*)$/;
const OPENING = /^(tcp|unix)(?: as (\w+)(?: (\S+))?)?$/;

/** The same conversations must hold on each way through the daemon. */
export const WAYS: readonly { readonly way: string; readonly args: readonly string[] }[] = [
  { way: 'as shipped', args: [] },
  { way: 'sockets as documented', args: ['--portable-sockets'] },
  { way: 'inner loop in TypeScript', args: ['--inner-loop', 'typescript'] },
];

/** One conversation with a running daemon. */
class Conversation {
  readonly #daemon: RunningDaemon;
  readonly #clients = new Map<string, LineClient>();
  readonly #jsonWriters = new Set<LineClient>();
  #datagrams: Socket | undefined;
  /** Who wrote last, as long as nobody has received anything since. */
  #unanswered: LineClient | undefined;

  constructor(daemon: RunningDaemon) {
    this.#daemon = daemon;
  }

  async step(line: string): Promise<void> {
    const [, name = '', operator = '', text = ''] = STEP.exec(line) ?? [];
    if (operator === ': ') return this.#open(name, text);
    if (name === 'udp') return this.#sendDatagram(text);
    if (name === 'dgram') return this.#sendUnixDatagram(text);
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`no connection is called "${name}" in: ${line}`);
    if (operator === '< ') await client.expect(asExpected(text));
    else if (operator === '>> ') await this.#write(client, JSON.parse(text) as string);
    else if (operator.startsWith('>')) await this.#write(client, `${text}\n`);
    else await this.#end(name, client, text);
    if (operator === '< ') this.#unanswered = undefined;
  }

  /** Nobody has received anything that was not in the script. */
  async expectSilence(): Promise<void> {
    // Twice: what the first round makes the daemon do for one connection has arrived at all others after the second.
    for (let round = 0; round < 2; round++) for (const client of this.#clients.values()) await this.#fence(client);
    const left = [...this.#clients].flatMap(([name, { lines }]) => lines.map((line) => `${name}< ${line}`));
    if (left.length > 0) throw new Error(`received, and not in the script:\n  ${left.join('\n  ')}`);
  }

  async close(): Promise<void> {
    this.#datagrams?.close();
    for (const client of this.#clients.values()) client.socket.destroy();
  }

  async leave(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
  }

  async #open(name: string, text: string): Promise<void> {
    const [, kind, service, commands] = OPENING.exec(text) ?? [];
    if (kind === undefined) throw new Error(`"${text}" is not a way to open ${name}`);
    await this.#settle();
    const target = kind === 'unix' ? { path: this.#daemon.unixPath } : { port: this.#daemon.port };
    const client = await LineClient.connect(target, name);
    this.#clients.set(name, client);
    if (service === undefined) return;
    client.send(`REGISTER service=${service};version=1`);
    if (commands !== undefined) client.send(`COMMANDS list=${commands}`);
    await client.expect('<alpha:communicatord HELP');
    await client.expect(/^<alpha:communicatord READY my_address=127.0.0.1:4042$/);
    await client.fence();
  }

  async #write(client: LineClient, bytes: string): Promise<void> {
    if (this.#unanswered !== client) await this.#settle();
    client.write(bytes);
    if (bytes.startsWith('{')) this.#jsonWriters.add(client);
    else this.#jsonWriters.delete(client);
    this.#unanswered = bytes.endsWith('\n') ? client : undefined;
  }

  async #end(name: string, client: LineClient, what: string): Promise<void> {
    await this.#settle();
    if (what === 'ends') client.end();
    else if (what === 'closed') await client.expectClosed();
    else if (what === 'leaves') await client.close();
    else throw new Error(`nobody can "${what}"`);
    if (what !== 'ends') this.#clients.delete(name);
    else this.#unanswered = undefined;
  }

  async #sendDatagram(text: string): Promise<void> {
    await this.#settle();
    this.#datagrams ??= createSocket('udp4');
    await new Promise((resolve) =>
      this.#datagrams?.send(unescape(text), this.#daemon.signalPort, '127.0.0.1', resolve),
    );
  }

  async #sendUnixDatagram(text: string): Promise<void> {
    await this.#settle();
    const { DgramSocket } = await import('node-unix-socket');
    const socket = new DgramSocket();
    await new Promise<void>((resolve, reject) => {
      socket.sendTo(
        Buffer.from(unescape(text)),
        0,
        Buffer.byteLength(unescape(text)),
        datagramPath(this.#daemon.directory),
        (error) => (error ? reject(error) : resolve()),
      );
    });
    socket.close();
  }

  /** Before somebody else acts, the daemon has handled what was written last. */
  async #settle(): Promise<void> {
    const client = this.#unanswered;
    this.#unanswered = undefined;
    if (client !== undefined) await this.#fence(client);
  }

  async #fence(client: LineClient): Promise<void> {
    if (!client.isClosed && client.socket.writable) await client.fence(this.#jsonWriters.has(client) ? 'json' : 'text');
  }
}

/** In scripts `\n` and `\r` in a datagram are LF and CR. */
const unescape = (text: string): string => text.replaceAll('\\n', '\n').replaceAll('\\r', '\r');

/** Where a daemon that is started by `conversations` has its Unix datagram socket, if it is told to have one. */
export const datagramPath = (directory: string): string => join(directory, 'd.sock');

function asExpected(text: string): string | RegExp {
  if (!/…|TIME/.test(text)) return text;
  const parts = text.split(/(…|TIME)/).map((part) => {
    if (part === '…') return '.*';
    return part === 'TIME' ? '1\\d{9}(\\.\\d{1,9})?' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** Runs one script. @throws Error at the first line that does not hold */
export async function converse(daemon: RunningDaemon, script: string): Promise<void> {
  const conversation = new Conversation(daemon);
  const steps = script
    .split('\n')
    .map((line) => line.replace(/^ +/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  try {
    for (const step of steps) {
      await conversation.step(step).catch((error: unknown) => {
        throw new Error(`at: ${step}\n${error instanceof Error ? error.message : String(error)}`);
      });
    }
    await conversation.expectSilence();
    await conversation.leave();
  } finally {
    await conversation.close();
  }
}

export interface ConversationOptions {
  /** Flags of the daemon. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With a Unix datagram socket. */
  readonly hasUnixDatagram?: boolean;
}

/** A table of conversations, name to script, one after the other with one daemon. */
export function conversations(
  title: string,
  { args = [], env = {}, hasUnixDatagram = false }: ConversationOptions,
  table: Readonly<Record<string, string>>,
): void {
  describe(title, () => {
    let daemon: RunningDaemon;
    const directory = mkdtempSync(join(tmpdir(), 'snapcom-test-'));
    const flags = hasUnixDatagram ? [...args, '--signal-unix', datagramPath(directory)] : args;
    beforeAll(async () => {
      daemon = await startDaemon({ args: flags, env, directory });
    });
    afterAll(async () => {
      const code = await daemon.stop();
      rmSync(directory, { recursive: true });
      expect(code).toBe(0);
    });
    test.each(Object.entries(table))('%s', async (_title, script) => {
      await converse(daemon, script);
    });
  });
}
