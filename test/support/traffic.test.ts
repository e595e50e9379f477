// The checker of traffic sees what it is there to see: it is tried on a bus that loses, doubles, reorders and refuses.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Traffic } from './traffic.ts';

/** What becomes of a message: the lines that the receiver gets, and those that the sender gets. */
type Fate = (number: number, line: string) => { readonly there?: readonly string[]; readonly back?: string };

describe('traffic', () => {
  let directory: string;
  let path: string;
  let server: Server;
  let fate: Fate;
  let receiver: Socket | undefined;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'snapcom-traffic-'));
    path = join(directory, 'c.sock');
    server = createServer((socket) => {
      let rest = '';
      socket.setEncoding('latin1').on('error', () => undefined);
      socket.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line.startsWith('REGISTER')) {
            if (!line.includes('_sender;')) receiver = socket;
            socket.write('<a:communicatord HELP\n<a:communicatord READY my_address=1\n');
            continue;
          }
          const { there = [line], back } = fate(Number(/number=(\d+)/.exec(line)?.[1]), line);
          receiver?.write(there.map((text) => `${text}\n`).join(''));
          if (back !== undefined) socket.write(`${back}\n`);
        }
      });
    }).listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
  });

  afterEach(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  const flow = async (parameters?: string): Promise<Awaited<ReturnType<Traffic['finish']>>> => {
    const plan = { from: path, to: path, name: 'sink', perSecond: 2000, bursts: { messages: 50, everyMs: 20 } };
    const traffic = await Traffic.start(parameters === undefined ? plan : { ...plan, parameters });
    await traffic.more(200);
    return traffic.finish();
  };

  it('says nothing of a bus that does what it should', async () => {
    fate = () => ({});
    const outcome = await flow();
    expect(outcome.sent).toBeGreaterThan(200);
    expect(outcome).toEqual({
      sent: outcome.sent,
      received: outcome.sent,
      lost: [],
      doubled: [],
      late: [],
      refused: {},
      complaints: [],
    });
  });

  it('sees what comes twice', async () => {
    fate = (number, line) => (number === 7 ? { there: [line, line] } : {});
    expect(await flow()).toMatchObject({ lost: [], doubled: [7], late: [] });
  });

  it('takes what comes again for a repeat only if it does not say so', async () => {
    fate = (number, line) => (number === 7 ? { there: [line, `${line};redelivered=1`] } : {});
    expect(await flow('cache="durable"')).toMatchObject({ lost: [], doubled: [], late: [] });
  });

  it('sees what comes out of order', async () => {
    let held: string[] = [];
    fate = (number, line) => {
      if (number === 7) {
        held = [line];
        return { there: [] };
      }
      const there = [line, ...held];
      held = [];
      return { there };
    };
    expect(await flow()).toMatchObject({ lost: [], doubled: [], late: [7] });
  });

  it('tells a refused message from a lost one', async () => {
    fate = (number) => {
      const report = `<a:communicatord a:sink_sender/TRANSMISSION_REPORT command=NOTE;message_id=sink_${number}`;
      return number === 7 ? { there: [], back: `${report};reason=queue-full;status=failed` } : {};
    };
    expect(await flow('transmission_report=failure')).toMatchObject({ lost: [], refused: { 7: 'failed queue-full' } });
  });

  it('measures the longest gap', async () => {
    fate = () => ({});
    const traffic = await Traffic.start({ from: path, to: path, name: 'sink' });
    await traffic.more(20);
    let held = '';
    fate = (_number, line) => {
      held += `${line}\n`;
      return { there: [] };
    };
    const began = performance.now();
    while (performance.now() - began < 150) await new Promise((resolve) => setTimeout(resolve, 5));
    fate = () => ({});
    receiver?.write(held);
    await traffic.more(20);
    expect(traffic.longestGapMs()).toBeGreaterThan(100);
    await traffic.finish();
  });
});
