// What the daemon stands: nonsense, random bytes, connections that say nothing, services that do not read. Behaviour, not speed.

import { createSocket } from 'node:dgram';
import { decodeLine } from 'snapcommunicator/wire';
import { describe, expect, test } from 'vitest';
import { conversations, WAYS } from '../support/conversation.ts';
import type { RunningDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest as start } from '../support/one-test.ts';
import { randomNumbers } from '../support/random.ts';

/** The numbers of DAEMON_STATUS. */
async function statusOf(
  client: LineClient,
): Promise<{ connections: number; memory: number; refused: number; dropped: number }> {
  client.send('DAEMON_STATUS');
  const bytes = Buffer.from(await client.expect(/DAEMON_REPORT/));
  const line = decodeLine(bytes, 0, bytes.length);
  if (line.kind !== 'message') throw new Error('DAEMON_REPORT is no message');
  const { connections, memory_bytes: memory, refused, dropped } = line.message.parameters;
  return {
    connections: Number(connections),
    memory: Number(memory),
    refused: Number(refused),
    dropped: Number(dropped),
  };
}

/** One exchange between two services shows that the daemon works. */
async function expectWorking(daemon: RunningDaemon, name = 'well'): Promise<void> {
  const one = await LineClient.register({ port: daemon.port }, `${name}_one`);
  const two = await LineClient.register({ path: daemon.unixPath }, `${name}_two`);
  one.send(`${name}_two/PING`);
  await two.expect(`<alpha:${name}_one ${name}_two/PING`);
  two.send(`${name}_one/PONG`);
  await one.expect(`<alpha:${name}_two ${name}_one/PONG`);
  await one.close();
  await two.close();
}

const MB = 1 << 20;

conversations(
  'what kills the C++ daemon',
  {},
  {
    'gets an answer': `
    foo: tcp as foo NEWS
    bar: tcp as bar NEWS
    new: tcp
    new> REGISTER service=new;version=abc
    new< <alpha:communicatord INVALID command=REGISTER;message=…
    new> REGISTER service=client tcp connection;version=1
    new< <alpha:communicatord INVALID command=REGISTER;message=…
    foo> UNKNOWN
    foo> INVALID
    foo> CONNECT version=1;my_address=junk;server_name=beta
    foo< <alpha:communicatord …
    foo> GOSSIP my_address=junk
    foo< <alpha:communicatord …
    foo> FORGET ip=junk
    foo< <alpha:communicatord INVALID command=FORGET;message=…
    foo> LISTEN_LOADAVG ips=,,junk,300.1.2.3:99999
    foo< <alpha:communicatord INVALID command=LISTEN_LOADAVG;message=…
    foo> LOADAVG avg=junk;my_address=junk;timestamp=junk
    foo< <alpha:communicatord INVALID command=LOADAVG;message=…
    foo> UNREGISTER_FROM_LOADAVG
    foo> ./NEWS broadcast_timeout=junk;broadcast_hops=junk;broadcast_msgid=;broadcast_informed_neighbors=,,
    bar< <alpha:foo ./NEWS broadcast_timeout=junk;broadcast_hops=junk;broadcast_msgid=;broadcast_informed_neighbors=,,
    foo> bar/PING broadcast_timeout=junk
    bar< <alpha:foo bar/PING broadcast_timeout=junk
    udp> ALIVE serial=1
    udp> HELP
    foo> bar/PING last=1
    bar< <alpha:foo bar/PING last=1
  `,
  },
);

describe.each(WAYS)('$way', ({ args }) => {
  test('random bytes, over every socket', async () => {
    const daemon = await start({ args });
    const random = randomNumbers(20_261_122);
    const alphabet = Buffer.from('\n\n\n\r\0 ;=":/<>{}@\\.?*ABCZ_az019\u00ff\u0080foo/PING a=b;cache=no', 'latin1');
    const nonsense = (bytes: number): Buffer =>
      Buffer.from(Array.from({ length: bytes }, () => alphabet[Math.floor(random() * alphabet.length)] as number));
    const clients = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        LineClient.connect(n % 2 === 0 ? { port: daemon.port } : { path: daemon.unixPath }),
      ),
    );
    const udp = createSocket('udp4');
    for (let round = 0; round < 8; round++) {
      for (const client of clients) if (!client.isClosed) client.write(nonsense(2000));
      udp.send(nonsense(500), daemon.signalPort, '127.0.0.1');
      await expectWorking(daemon);
    }
    udp.close();
    await Promise.all(clients.map((client) => client.close()));
    const observer = await LineClient.connect({ path: daemon.unixPath });
    expect((await statusOf(observer)).connections).toBe(1);
    expect(await daemon.stop()).toBe(0);
  });

  test('a receiver that does not read: the sender hears which messages are refused, the rest arrives in order', async () => {
    const daemon = await start({
      args: [...args, '--max-queue-size', '1MiB', '--pause-time', '50ms', '--stall-time', '20ms'],
    });
    const stuck = await LineClient.register({ path: daemon.unixPath }, 'stuck');
    const sender = await LineClient.register({ port: daemon.port }, 'sender');
    const observer = await LineClient.connect({ path: daemon.unixPath });
    const before = (await statusOf(observer)).memory;
    stuck.socket.pause();
    const count = 20_000;
    const padding = 'x'.repeat(1000);
    for (let n = 0; n < count; n++) {
      await sender.pour(`stuck/PING n=${n};transmission_report=failure;message_id=${n};a=${padding}\n`);
      if (n % 5000 === 0) await expectWorking(daemon);
    }
    await sender.until(() => sender.lines.length > 0, 'a first refusal');
    await expectWorking(daemon);
    expect((await statusOf(observer)).memory - before).toBeLessThan(100 * MB);
    stuck.socket.resume();
    await sender.fence();
    const refused = sender.lines.splice(0).map((line) => {
      expect(line).toMatch(/TRANSMISSION_REPORT command=PING;message_id=\d+;reason=queue-full;status=failed$/);
      return Number(/message_id=(\d+)/.exec(line)?.[1]);
    });
    await stuck.fence();
    const arrived = stuck.lines.splice(0).map((line) => Number(/ n=(\d+);/.exec(line)?.[1]));
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
    expect(refused.length).toBeGreaterThan(count / 2);
    expect([...arrived, ...refused].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    // Its queue is empty again: it is served as before.
    sender.send('stuck/PING again=1');
    await stuck.expect('<alpha:sender stuck/PING again=1');
  });

  test('a receiver that reads slowly pauses its sender, and nothing is refused', async () => {
    const daemon = await start({
      args: [...args, '--max-queue-size', '1MiB', '--pause-time', '60s', '--stall-time', '60s'],
    });
    const slow = await LineClient.register({ path: daemon.unixPath }, 'slow');
    const sender = await LineClient.register({ path: daemon.unixPath }, 'sender');
    slow.socket.pause();
    const count = 10_000;
    for (let n = 0; n < count; n++) sender.send(`slow/PING n=${n};a=${'x'.repeat(1000)}`);
    // The daemon has stopped reading from the sender; others are not concerned.
    await expectWorking(daemon);
    const observer = await LineClient.connect({ path: daemon.unixPath });
    await statusOf(observer);
    expect(sender.socket.writableLength).toBeGreaterThan(count * 500);
    slow.socket.resume();
    for (let n = 0; n < count; n++) await slow.expect(`<alpha:sender slow/PING n=${n};a=${'x'.repeat(1000)}`);
    expect(await statusOf(observer)).toMatchObject({ refused: 0, dropped: 0 });
  });

  test('two services that flood each other without reading: no deadlock, and every message is accounted for', async () => {
    const daemon = await start({ args: [...args, '--max-queue-size', '1MiB'] });
    const one = await LineClient.register({ port: daemon.port }, 'one');
    const two = await LineClient.register({ port: daemon.port }, 'two');
    one.socket.pause();
    two.socket.pause();
    const count = 20_000;
    for (let n = 0; n < count; n++) {
      one.send(`two/PING n=${n};a=${'x'.repeat(1000)}`);
      two.send(`one/PING n=${n};a=${'x'.repeat(1000)}`);
    }
    // Neither reads, and yet the daemon takes all that they write, for it cannot know who waits for whom.
    for (const client of [one, two])
      await client.until(() => client.socket.writableLength === 0, 'the daemon to take all');
    await expectWorking(daemon);
    one.socket.resume();
    two.socket.resume();
    await one.fence();
    await two.fence();
    const observer = await LineClient.connect({ path: daemon.unixPath });
    const { refused, dropped } = await statusOf(observer);
    expect(one.lines.length + two.lines.length + refused + dropped).toBe(2 * count);
    expect(refused).toBeGreaterThan(0);
    for (const { lines } of [one, two]) {
      const numbers = lines.map((line) => Number(/ n=(\d+);/.exec(line)?.[1]));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  });

  test('a listener of broadcasts that does not read costs only itself', async () => {
    const daemon = await start({ args: [...args, '--max-queue-size', '1MiB'] });
    const stuck = await LineClient.register({ path: daemon.unixPath }, 'stuck', 'NEWS');
    const well = await LineClient.register({ port: daemon.port }, 'well', 'NEWS');
    const sender = await LineClient.register({ port: daemon.port }, 'sender');
    await stuck.fence();
    await well.fence();
    stuck.socket.pause();
    const count = 5000;
    for (let n = 0; n < count; n++) {
      await sender.pour(`./NEWS n=${n};a=${'x'.repeat(1000)}\n`);
    }
    for (let n = 0; n < count; n++) await well.expect(`<alpha:sender ./NEWS n=${n};a=${'x'.repeat(1000)}`);
    stuck.socket.resume();
    await stuck.fence();
    const observer = await LineClient.connect({ path: daemon.unixPath });
    const { dropped, refused } = await statusOf(observer);
    expect(stuck.lines.length + dropped + refused).toBe(count);
    expect(dropped + refused).toBeGreaterThan(0);
  });
});

test('2,000 connections that begin a line and say no more', async () => {
  const daemon = await start();
  const observer = await LineClient.connect({ path: daemon.unixPath });
  const before = await statusOf(observer);
  const silent = await Promise.all(Array.from({ length: 2000 }, () => LineClient.connect({ port: daemon.port })));
  for (const [n, client] of silent.entries()) client.write(n % 2 === 0 ? 'bar/PI' : 'REGISTER service=x');
  await expectWorking(daemon);
  await expect.poll(async () => (await statusOf(observer)).connections).toBe(before.connections + 2000);
  expect((await statusOf(observer)).memory - before.memory).toBeLessThan(100 * MB);
  for (const client of silent) client.socket.resetAndDestroy();
  await expect.poll(async () => (await statusOf(observer)).connections).toBe(before.connections);
  await expectWorking(daemon);
});

test('one connection too many is closed at once, and the others stay', async () => {
  const daemon = await start({ args: ['--max-connections', '3'] });
  const foo = await LineClient.register({ port: daemon.port }, 'foo');
  const bar = await LineClient.register({ path: daemon.unixPath }, 'bar');
  const third = await LineClient.connect({ port: daemon.port });
  await third.fence();
  const fourth = await LineClient.connect({ path: daemon.unixPath });
  await fourth.expectClosed();
  foo.send('bar/PING');
  await bar.expect('<alpha:foo bar/PING');
  await third.close();
  await expect
    .poll(async () => {
      const fifth = await LineClient.connect({ port: daemon.port });
      const answers = await fifth.fence().catch(() => undefined);
      return !fifth.isClosed && answers !== undefined;
    })
    .toBe(true);
});

test('64 MiB without an end of line: closed, in bounded memory', async () => {
  const daemon = await start();
  const observer = await LineClient.connect({ path: daemon.unixPath });
  const before = (await statusOf(observer)).memory;
  const foo = await LineClient.register({ port: daemon.port }, 'foo');
  const piece = Buffer.alloc(MB, 'x');
  let sent = 0;
  while (!foo.isClosed && sent < 80) {
    sent++;
    await foo.pour(piece);
    if (sent === 40) await expectWorking(daemon);
  }
  await foo.expectClosed();
  expect(sent).toBeGreaterThanOrEqual(64);
  expect((await statusOf(observer)).memory - before).toBeLessThan(60 * MB);
  await expectWorking(daemon);
});
