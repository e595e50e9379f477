// Strangers at the plain listener: they get a refusal or nothing, are counted, and cost little.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Station, until } from './testing/station.ts';
import { portOf, say } from './testing/strangers.ts';

let beta: Station;
const sockets: Socket[] = [];

async function start(options: Record<string, string> = {}): Promise<void> {
  await beta?.close();
  beta = await new Station({ name: 'beta', options: { remote_listen: '127.0.0.1:0', ...options } }).start();
}

beforeEach(() => start());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await beta.close();
});

const REFUSE = /^<beta:communicatord REFUSE reason=[a-z]+;shutdown=true\n$/;

test.each<[string, string | Buffer, RegExp, object]>([
  ['a browser', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^$/, { http: 1 }],
  ['garbage', Buffer.from([0xff, 0, 0x80, 10, 1, 2, 3]), REFUSE, { malformed: 1 }],
  ['TLS', Buffer.from('16030100c8010000c40303\n', 'latin1'), REFUSE, { malformed: 1 }],
  ['a message', 'images/RESIZE uri=x\n', REFUSE, { malformed: 1 }],
  ['STOP', 'STOP\n', REFUSE, { malformed: 1 }],
  ['frames', '@H 1 2 3 4 0\n', REFUSE, { malformed: 1 }],
  [
    'a service',
    'REGISTER service=foo;version=1\n',
    /^<beta:communicatord INVALID command=REGISTER;message=services of .*\n$/,
    { register: 1 },
  ],
  ['ACCEPT out of turn', 'ACCEPT graph=1;server_name=x\n', REFUSE, { malformed: 1 }],
  [
    'a name that is none',
    `CONNECT graph=1;node=${'a'.repeat(16)};incarnation=1;server_name=a/b\n`,
    REFUSE,
    { malformed: 1 },
  ],
  ['GOSSIP without an address', 'GOSSIP\n', REFUSE, { malformed: 1 }],
  ['a line without an end', 'x'.repeat(200_000), /^$/, { long: 1 }],
  ['nothing at all', '', /^$/, { silent: 1 }],
  ['half a line', 'CONN', /^$/, { silent: 1 }],
])('%s', async (_what, text, answer, refused) => {
  if ('silent' in refused) await start({ handshake_timeout: '200ms' });
  expect(await say(beta.links.address, text)).toMatch(answer);
  expect(beta.links.refused).toEqual(refused);
  expect(beta.events).toEqual([]);
  const [reason] = Object.keys(refused);
  expect(beta.logged.filter((line) => line['reason'] === reason)).toHaveLength(1);
});

test('one that agrees and never says so gets no link', async () => {
  await start({ handshake_timeout: '1s' });
  const connect = `CONNECT graph=1;incarnation=1;node=${'a'.repeat(16)};nonce=x;server_name=alpha;version=1\n`;
  expect(await say(beta.links.address, connect)).toMatch(/ ACCEPT /);
  expect(beta.events).toEqual([]);
  expect(beta.links.refused).toEqual({ silent: 1 });
});

test('no more than max_pending_links wait at a time', async () => {
  await start({ max_pending_links: '2', handshake_timeout: '1m' });
  const port = portOf(beta.links.address);
  for (let count = 0; count < 4; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  await until(() => beta.links.refused.pending === 2);
  sockets[0]?.destroy();
  sockets[1]?.destroy();
  await until(() => sockets.every((socket, place) => place < 2 || socket.destroyed));
  expect(await say(beta.links.address, 'STOP\n')).toMatch(REFUSE);
});

test.each([
  ['that is no address', 'localhost:4042'],
  ['of everybody', '0.0.0.0:4042'],
  ['of many', '224.0.0.1:4042'],
  ['on the Internet', '8.8.8.8:4042'],
])('who wants to be called at an address %s is not', async (_what, address) => {
  await say(beta.links.address, `GOSSIP my_address=${address}\n`);
  expect(beta.links.known()).toEqual([]);
});

test('so many that want to be called fill no memory', async () => {
  await start({ max_known_neighbors: '3' });
  for (let port = 1; port <= 10; port++) await say(beta.links.address, `GOSSIP my_address=127.0.0.77:${port}\n`);
  expect(beta.links.known()).toHaveLength(3);
});

test('a C++ daemon is handed over, with what it said', async () => {
  const text = 'CONNECT version=1;server_name=old;my_address=127.0.0.1:9;services=a,b\nCOMMANDS list=X\n';
  const heard = say(beta.links.address, text);
  await until(() => beta.legacy.length === 1);
  const [peer] = beta.legacy;
  expect(peer).toMatchObject({
    message: { command: 'CONNECT', parameters: { services: 'a,b' } },
    wasDialedHere: false,
  });
  expect(Buffer.from(peer?.rest ?? []).toString()).toBe('COMMANDS list=X\n');
  peer?.socket.end('<beta:communicatord ACCEPT server_name=beta\n');
  expect(await heard).toContain('ACCEPT');
});

test('a C++ daemon is refused where it is not wanted, for five minutes and not a day', async () => {
  await start({ cpp_daemons: 'false' });
  const text = 'CONNECT version=1;server_name=old;my_address=127.0.0.1:9\n';
  expect(await say(beta.links.address, text)).toBe('<beta:communicatord REFUSE reason=legacy;shutdown=true\n');
});

test('a C++ daemon that is dialed, and speaks before its ACCEPT, is handed over and dialed again when it is gone', async () => {
  const heard: string[] = [];
  const old = createServer((socket) => {
    socket.on('data', (chunk) => heard.push(chunk.toString()));
    socket.write(
      '<old:communicatord REGISTER_FOR_LOADAVG\n<old:communicatord ACCEPT server_name=old\n<old:communicatord HELP\n',
    );
  });
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
  const neighbors = `127.0.0.1:${(old.address() as AddressInfo).port};cost=9`;
  await start({ neighbors, remote_listen: 'none' });
  await until(() => beta.legacy.length === 1);
  expect(beta.legacy[0]).toMatchObject({
    message: { command: 'ACCEPT', parameters: { server_name: 'old' } },
    early: [{ command: 'REGISTER_FOR_LOADAVG' }],
    wasDialedHere: true,
    cost: 9,
  });
  expect(Buffer.from(beta.legacy[0]?.rest ?? []).toString()).toBe('<old:communicatord HELP\n');
  expect(heard[0]).toMatch(/^<beta:communicatord CONNECT .*;services=svc1;version=1\n$/);
  beta.legacy[0]?.socket.destroy();
  await until(() => beta.legacy.length === 2);
  old.close();
});
