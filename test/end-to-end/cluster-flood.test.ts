// A flood over two ways between two machines, while the daemons on these ways are killed and stand still: whatever memory
// is passed from socket to socket, each line comes once, in order, and byte for byte.

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../support/cluster.ts';
import type { LineClient } from '../support/line-client.ts';

/** Lines under way at most, and so many more after each thing that happens to a daemon. */
const AHEAD_MAX = 40_000;
const STEP = 100_000;
const LINES_A_WRITE = 500;

const times = ['--hello-interval', '200ms', '--dead-interval', '600ms'];
const cluster = new Cluster([
  { name: 'first', args: times },
  { name: 'left', dials: ['first'], args: times },
  { name: 'right', dials: ['first'], args: times },
  { name: 'last', dials: ['left', 'right'], args: times },
]);

beforeAll(() => cluster.start(), 60_000);
afterAll(() => cluster.stop());

/** Different for each number, all over: what is taken from the place of another line shows. */
const lineOf = (number: number): string =>
  `rx/N n=${number};v=${(Math.imul(number, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0').repeat(16)}\n`;

class Flood {
  sent = 0;
  received = 0;
  /** The first line that was not the next one. */
  wrong: string | undefined;
  #isOver = false;
  #rest = '';

  constructor(receiver: LineClient) {
    receiver.socket.removeAllListeners('data');
    receiver.socket.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
  }

  async write({ socket }: LineClient): Promise<void> {
    while (!this.#isOver) {
      if (this.sent - this.received > AHEAD_MAX) {
        await new Promise(setImmediate);
        continue;
      }
      const lines = Array.from({ length: LINES_A_WRITE }, () => lineOf(this.sent++));
      if (socket.write(lines.join(''))) await new Promise(setImmediate);
      else await once(socket, 'drain');
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Waits until so many have come, or one that should not. */
  async until(received: number): Promise<void> {
    while (this.received < received && this.wrong === undefined) await new Promise(setImmediate);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (`${line}\n` === `<first:tx ${lineOf(this.received)}`) this.received++;
      else this.wrong ??= `${line} instead of ${lineOf(this.received)}`;
    }
  }
}

test('each line once, in order, byte for byte, whatever happens to the daemons on the ways', async () => {
  const receiver = await cluster.join('rx', 'last', 'N');
  const sender = await cluster.join('tx', 'first');
  const flood = new Flood(receiver);
  const writing = flood.write(sender);
  const goOn = (): Promise<void> => flood.until(flood.received + STEP);
  await goOn();
  for (const name of ['left', 'right']) {
    await cluster.daemon(name).kill();
    await goOn();
    await cluster.startDaemon(name);
    await cluster.untilLinked();
    await goOn();
  }
  for (const name of ['left', 'right', 'left', 'right']) {
    const { pid } = cluster.daemon(name);
    process.kill(pid, 'SIGSTOP');
    await goOn();
    process.kill(pid, 'SIGCONT');
    await cluster.untilLinked();
    await goOn();
  }
  flood.end();
  await writing;
  await flood.until(flood.sent);
  expect(flood.wrong).toBeUndefined();
  expect(flood.received).toBe(flood.sent);
}, 120_000);
