// Durable messages from end to end: sent by the library, kept by the real daemon, delivered after its sudden end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, connect, message, param, to } from 'snapcommunicator';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';

let directory: string;
let daemon: RunningDaemon;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'snapcom-durable-'));
  daemon = await startDaemon({ directory });
});
afterEach(async () => {
  await daemon.kill();
  rmSync(directory, { recursive: true });
});

const address = (): string => `sc://${daemon.unixPath}`;
const note = (number: number) => [message('NOTE'), to('archive'), param('n', number), cache({ durable: true })];

it('goes to the disk first, then to its service, and the sender is told', async () => {
  const archive = await LineClient.register({ port: daemon.port }, 'archive');
  await using bus = await connect({ service: 'web', address: address() });
  expect(await bus.send(...note(1))).toEqual({ status: 'cached' });
  await archive.expect(/^<alpha:web archive\/NOTE .*n=1/);
  await archive.close();
});

it('survives kill -9 of the daemon once its sender was told, and comes in order, marked as redelivered', async () => {
  const bus = await connect({ service: 'web', address: address(), reconnect: false });
  for (const number of [1, 2, 3]) expect(await bus.send(...note(number))).toEqual({ status: 'cached' });
  await daemon.kill();
  await bus.close();
  daemon = await startDaemon({ directory });
  const archive = await LineClient.register({ port: daemon.port }, 'archive');
  for (const number of [1, 2, 3])
    await archive.expect(new RegExp(`^<alpha:web archive/NOTE .*n=${number};redelivered=1`));
  expect(await archive.fence()).toEqual([]);
  await archive.close();
  await daemon.stop();
  // What was delivered is not there any more.
  daemon = await startDaemon({ directory });
  const again = await LineClient.register({ port: daemon.port }, 'archive');
  expect(await again.fence()).toEqual([]);
  await again.close();
});
