// The end of a daemon: STOP and signals, what is told and sent before; a log that is rotated; a death that loses nothing durable.

import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineClient } from '../support/line-client.ts';
import { startForTest as start, temporaryDirectory } from '../support/one-test.ts';

test.each(['SIGTERM', 'SIGINT'] as const)('%s: services are told, and the exit code is 0', async (signal) => {
  const daemon = await start();
  const foo = await LineClient.register({ port: daemon.port }, 'foo', 'DISCONNECTING');
  const bar = await LineClient.register({ path: daemon.unixPath }, 'bar');
  await foo.fence();
  process.kill(daemon.pid, signal);
  await foo.expect('<alpha:communicatord ./DISCONNECTING');
  await foo.expectClosed();
  await bar.expectClosed();
  expect(await daemon.ended()).toBe(0);
  expect(existsSync(daemon.unixPath)).toBe(false);
  expect(daemon.log()).toContain('"stopped"');
});

test('STOP: what is queued goes out first; who speaks meanwhile is told that it is over', async () => {
  const daemon = await start();
  const slow = await LineClient.register({ path: daemon.unixPath }, 'slow', 'DISCONNECTING');
  const foo = await LineClient.register({ port: daemon.port }, 'foo');
  const admin = await LineClient.register({ path: daemon.unixPath }, 'admin');
  await slow.fence();
  slow.socket.pause();
  const lines = Array.from({ length: 800 }, (_, n) => `slow/PING n=${n};a=${'x'.repeat(1000)}`);
  for (const line of lines) foo.send(line);
  await foo.fence();
  admin.send('STOP');
  await expect.poll(() => daemon.log()).toContain('"stopping"');
  foo.send('slow/PING late=1');
  await foo.expect('<alpha:communicatord QUITTING');
  slow.socket.resume();
  for (const line of lines) await slow.expect(`<alpha:foo ${line}`);
  await slow.expect('<alpha:communicatord ./DISCONNECTING');
  await slow.expectClosed();
  await foo.expectClosed();
  await admin.expectClosed();
  expect(await daemon.ended()).toBe(0);
});

test('a service that never reads does not keep the daemon from stopping', async () => {
  const daemon = await start({ args: ['--stop-timeout', '300ms'] });
  const slow = await LineClient.register({ path: daemon.unixPath }, 'slow');
  const foo = await LineClient.register({ path: daemon.unixPath }, 'foo');
  slow.socket.pause();
  for (let n = 0; n < 800; n++) foo.send(`slow/PING n=${n};a=${'x'.repeat(1000)}`);
  await foo.fence();
  foo.send('STOP');
  expect(await daemon.ended()).toBe(0);
});

test('LOG_ROTATE: the log goes on in a new file', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'daemon.log');
  const daemon = await start({ logFile: file });
  const foo = await LineClient.register({ port: daemon.port }, 'foo');
  renameSync(file, `${file}.1`);
  foo.send('LOG_ROTATE');
  await foo.fence();
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('"ready"');
  expect(readFileSync(file, 'utf8')).toContain('log reopened');
  foo.send('bad line');
  await foo.expect(/INVALID/);
  expect(readFileSync(file, 'utf8')).toContain('line refused');
  expect(readFileSync(`${file}.1`, 'utf8')).not.toContain('line refused');
});

test('kill -9 between cached and delivered: durable messages come after the restart, in order, marked', async () => {
  const directory = temporaryDirectory();
  const first = await start({ directory });
  const foo = await LineClient.register({ port: first.port }, 'foo');
  for (let n = 1; n <= 3; n++) foo.send(`late/PAY amount=${n};cache="durable;ttl=1h";message_id=m${n}`);
  foo.send('late/PAY amount=4');
  for (let n = 1; n <= 3; n++)
    await foo.expect(`<alpha:communicatord TRANSMISSION_REPORT command=PAY;message_id=m${n};status=cached`);
  await first.kill();
  const second = await start({ directory });
  const late = await LineClient.register({ port: second.port }, 'late');
  for (let n = 1; n <= 3; n++)
    await late.expect(`<alpha:foo late/PAY amount=${n};cache="durable;ttl=1h";message_id=m${n};redelivered=1`);
  expect(await late.fence()).toEqual([]);
  expect(await second.stop()).toBe(0);
  // What was delivered does not come again.
  const third = await start({ directory });
  const again = await LineClient.register({ port: third.port }, 'late');
  expect(await again.fence()).toEqual([]);
});

test('an orderly stop keeps durable messages as well, and drops the others', async () => {
  const directory = temporaryDirectory();
  const first = await start({ directory });
  const foo = await LineClient.register({ port: first.port }, 'foo');
  foo.send('late/PAY amount=1;cache=durable;message_id=m1');
  foo.send('late/PAY amount=2');
  await foo.expect(/status=cached$/);
  expect(await first.stop()).toBe(0);
  const second = await start({ directory });
  const late = await LineClient.register({ port: second.port }, 'late');
  await late.expect(/^<alpha:foo late\/PAY amount=1;cache=durable;message_id=m1/);
  expect(await late.fence()).toEqual([]);
});
