// Tests of the console's door: addresses that are taken, what is loaded when, what cannot be loaded.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Log, RateLimit } from '../log.ts';
import { type Configuration, loadConfiguration } from '../options/index.ts';
import { Door } from './door.ts';
import type { Site } from './site.ts';

interface Setting {
  readonly change?: Partial<Configuration>;
  readonly load?: () => Promise<Site>;
}

function doorWith({ change = {}, load = () => Promise.reject(new Error('nothing is behind it')) }: Setting) {
  const loaded = loadConfiguration({ argv: ['--config', 'none', '--console', '127.0.0.1:0'] });
  if ('problems' in loaded) throw new Error(loaded.problems.join());
  const log = new Log({ level: 'silent', file: undefined, format: 'json' }, 'alpha');
  const warnings: string[] = [];
  log.lines.warn = ((...words: unknown[]) => void warnings.push(String(words.at(-1)))) as never;
  log.lines.error = log.lines.warn;
  const configuration = { ...loaded.configuration, ...change };
  const door = new Door({ configuration, log, brake: new RateLimit(0, () => performance.now()), load });
  onTestFinished(() => {
    door.close();
    door.destroy();
  });
  return { door, warnings };
}

async function takenEndpoint() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, isSecure: false };
}

test('an address that nobody asked for is done without when it is taken', async () => {
  const taken = await takenEndpoint();
  const { door, warnings } = doorWith({ change: { console: [taken], isConsoleDefault: true } });
  expect(await door.open()).toEqual([]);
  expect(warnings).toEqual([
    `there is no console: 127.0.0.1:${taken.port} is in use by another program; --console gives it another address, or none`,
  ]);
});

test('one that somebody asked for is not', async () => {
  const { door } = doorWith({ change: { console: [await takenEndpoint()], isConsoleDefault: false } });
  await expect(door.open()).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
});

test('what is behind it is loaded once, when somebody comes', async () => {
  let loads = 0;
  const taken: boolean[] = [];
  const site = { take: (socket: { destroy(): void }, isSecure: boolean) => (taken.push(isSecure), socket.destroy()) };
  const load = async () => {
    loads++;
    return site as unknown as Site;
  };
  const { door } = doorWith({ load });
  const [url = ''] = await door.open();
  expect(loads).toBe(0);
  const sockets = [1, 2, 3].map(() => connect(Number(new URL(url).port), '127.0.0.1').resume());
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  expect([loads, taken]).toEqual([1, [false, false, false]]);
});

test('what cannot be loaded is tried again with the next who comes', async () => {
  let loads = 0;
  const { door, warnings } = doorWith({ load: () => Promise.reject(new Error(`missing ${++loads}`)) });
  const [url = ''] = await door.open();
  for (const _ of [1, 2]) await once(connect(Number(new URL(url).port), '127.0.0.1').resume(), 'close');
  expect(loads).toBe(2);
  expect(warnings).toHaveLength(2);
  expect(door.connectionCount).toBe(0);
});
