// The console's server as a browser meets it: what there is to get, who is turned away, what a page may do on the bus.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { hashPassword } from '../../packages/daemon/src/links/passwords.ts';
import { makeAuthority, makeKeys } from '../../packages/daemon/src/links/testing/keys.ts';
import { until } from '../support/cluster.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest, temporaryDirectory } from '../support/one-test.ts';
import { snapcom } from '../support/snapcom.ts';
import { ask, basic, CONSOLE, PageSocket, urlOf, withConsole } from '../support/web.ts';

describe('a daemon with a console', () => {
  let daemon: RunningDaemon;
  let url: string;
  beforeAll(async () => {
    daemon = await startDaemon({ args: CONSOLE });
    url = urlOf(daemon);
  });
  afterAll(() => daemon.stop());

  test('gives the graph as `snapcom map --format json` prints it', async () => {
    const { status, headers, text } = await ask(`${url}/graph.json`);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
      status: 200,
      type: 'application/json',
      cache: 'no-store',
    });
    const printed = await snapcom(['map', '--format', 'json'], { to: `sc://${daemon.unixPath}` });
    const withoutTime = (json: string) => ({ ...(JSON.parse(json) as object), time: 0 });
    expect(withoutTime(text)).toEqual(withoutTime(printed.stdout));
  });

  test('is well and ready', async () => {
    const health = await ask(`${url}/health`);
    expect([health.status, JSON.parse(health.text)]).toMatchObject([200, { status: 'ok' }]);
    const ready = await ask(`${url}/ready`);
    expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { ready: true, reasons: [] }]);
  });

  test('lets pages load nothing from elsewhere, and nobody frame them', async () => {
    const { headers } = await ask(`${url}/health`);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  test.each(['/nothing', '/assets/../../package.json', '/..%2f..%2fpackage.json', '/%2e%2e/package.json'])(
    'has nothing at %s',
    async (path) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      const [first] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      expect(first.toString()).toMatch(/^HTTP\/1.1 (404|503)/);
    },
  );

  test('takes no writing methods', async () => {
    expect(await ask(`${url}/graph.json`, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  test('says what a WebSocket is for', async () => {
    expect(await ask(`${url}/bus`)).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
  });

  test.each(['localhost', 'LOCALHOST:80', 'alpha', '127.0.0.1', '[::1]:9', '127.9.9.9'])(
    'is reached as %s',
    async (host) => {
      expect(await ask(`${url}/graph.json`, { headers: { host } })).toMatchObject({ status: 200 });
    },
  );

  test.each([
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['10.0.0.1', 403],
    ['user@localhost', 400],
  ])('is not reached as %j', async (host, status) => {
    expect(await ask(`${url}/graph.json`, { headers: { host } })).toMatchObject({ status });
    expect(await ask(`${url}/health`, { headers: { host } })).toMatchObject({ status });
  });

  test('turns away pages from elsewhere, WebSockets too', async () => {
    const own = new URL(url).host;
    for (const origin of ['http://evil.example', 'null', 'http://localhost:1', 'file://', `ftp://${own}`]) {
      expect(await ask(`${url}/graph.json`, { headers: { origin } })).toMatchObject({ status: 403 });
      await expect(PageSocket.open(url, { headers: { origin } })).rejects.toThrow('refused with 403');
    }
    await expect(PageSocket.open(url, { headers: { host: 'evil.example' } })).rejects.toThrow('refused with 403');
    const page = await PageSocket.open(url, { headers: { origin: url } });
    page.close();
  });

  test('has the bus at one path only', async () => {
    await expect(PageSocket.open(`${url}/else`)).rejects.toThrow('refused with 404');
  });

  test('serves a page as a client like any other', async () => {
    const page = await PageSocket.register(url);
    page.send('LIST_SERVICES', 'CLUSTER_STATUS');
    await page.expect(/SERVICES list=/);
    await page.expect(/CLUSTER_UP/);
    await page.expect(/CLUSTER_COMPLETE/);
    page.socket.send(Buffer.from('ALIVE seri'));
    page.socket.send('al=x\nROUTE server_name=alpha\n');
    await page.expect(/ABSOLUTELY .*serial=x/);
    await page.expect(/ROUTED outcome=here;server_name=alpha/);
    page.send('UNREGISTER');
    expect(await page.next()).toBeUndefined();
    // A normal end, and not one that the other side did not announce.
    expect(page.closedWith).toBe(1005);
  });

  test('lets a page see the traffic, with values that are no UTF-8', async () => {
    const page = await PageSocket.register(url);
    page.send('SNIFF filter="command==WINK"');
    await page.expect(/SNIFFING/);
    const one = await LineClient.register({ port: daemon.port }, 'winker');
    one.send('winker/WINK a=1');
    await page.expect(/SNIFFED command=WINK;from=alpha:winker/);
    one.write(Buffer.concat([Buffer.from('winker/WINK a='), Buffer.from([0xff, 0xfe, 0x0a])]));
    await page.expect(/SNIFFED command=WINK;from=alpha:winker/);
    await one.close();
    page.close();
  });

  test.each([
    ['REGISTER service=console;version=1', 'REGISTER'],
    ['STOP', 'STOP'],
    ['SHUTDOWN', 'SHUTDOWN'],
    ['DRAIN', 'DRAIN'],
    ['RELOAD', 'RELOAD'],
    ['LOG_ROTATE', 'LOG_ROTATE'],
    ['FORGET ip=10.0.0.1', 'FORGET'],
    ['TELL_ALL service=hello;message=PING', 'TELL_ALL'],
    ['alpha:communicatord/STOP', 'STOP'],
    ['beta:communicatord/DRAIN', 'DRAIN'],
    ['*:communicatord/SHUTDOWN', 'SHUTDOWN'],
    ['hello/PING', 'PING'],
    ['beta:hello/PING', 'PING'],
    ['*/PING', 'PING'],
    ['./PING', 'PING'],
    ['{"service":"hello","command":"PING"}', 'PING'],
  ])('does not let a page say %s, and says what would', async (line, command) => {
    const page = await PageSocket.register(url);
    page.send(line);
    await page.expect(new RegExp(`INVALID\\b.*\\b${command}\\b.*console_write=true`));
    page.close();
    expect(await ask(`${url}/ready`)).toMatchObject({ status: 200 });
  });

  test('tells a page that it may only look', async () => {
    const page = await PageSocket.open(url);
    page.send('REGISTER service=console;version=1;transient=true');
    await page.expect(/ HELP$/);
    await page.expect(/ READY .*read_only=true/);
    page.close();
  });

  test('does not let a page without a name send anything either', async () => {
    const hello = await LineClient.register({ port: daemon.port }, 'quiet_one');
    const page = await PageSocket.open(url);
    page.send('quiet_one/PING');
    // It is held until it is clear that no REGISTER comes.
    await page.expect(/INVALID command=PING;.*console_write=true/);
    hello.send('ALIVE');
    await hello.expect(/ABSOLUTELY/);
    await hello.close();
    page.close();
  });

  test('ends a WebSocket whose message is too long, and no other', async () => {
    const other = await PageSocket.register(url);
    const page = await PageSocket.register(url);
    page.socket.send('x'.repeat((1 << 20) + 1));
    expect(await page.next()).toBeUndefined();
    expect(page.closedWith).toBe(1009);
    other.send('ALIVE');
    await other.expect(/ABSOLUTELY/);
    other.close();
  });

  test('does not wait for a page that does not read: what it missed is counted', async () => {
    const page = await PageSocket.register(url);
    page.send('SNIFF filter="command==FLOOD"');
    await page.expect(/SNIFFING/);
    page.socket.pause();
    const one = await LineClient.register({ port: daemon.port }, 'flooder');
    const text = 'x'.repeat(10_000);
    for (let round = 0; round < 20; round++) {
      for (let number = 0; number < 100; number++) one.send(`flooder/FLOOD text=${text}`);
      for (let number = 0; number < 100; number++) await one.expect(/FLOOD/);
    }
    page.socket.resume();
    page.send('ALIVE');
    let shown = 0;
    let skipped = 0;
    const count = (line: string): void => {
      shown++;
      skipped += Number(/;skipped=(\d+)/.exec(line)?.[1] ?? 0);
    };
    // The answer stands behind all that waited for the page.
    for (let line = await page.next(); !line?.includes('ABSOLUTELY'); line = await page.next()) count(line ?? '');
    one.send('flooder/FLOOD last=1');
    count(await page.expect(/SNIFFED/));
    expect(shown + skipped).toBe(2001);
    expect(skipped).toBeGreaterThan(0);
    expect(shown).toBeGreaterThan(10);
    await one.close();
    page.close();
  });

  test('forgets a page that goes without a word', async () => {
    const page = await PageSocket.register(url);
    page.socket.terminate();
    await until('no page is there', async () => /console_pages 0$/m.test((await ask(`${url}/metrics`)).text));
    expect((await ask(`${url}/metrics`)).text).toMatch(/connections\{listener="console"\} 0/);
  });
});

describe('with console_write', () => {
  test('a page is a service, and still no administrator', async () => {
    const { daemon, url } = await withConsole('--console-write');
    const hello = await LineClient.register({ port: daemon.port }, 'hello');
    const page = await PageSocket.open(url);
    page.send('REGISTER service=board;version=1');
    await page.expect(/HELP/);
    expect(await page.expect(/READY/)).not.toContain('read_only');
    page.send('hello/PING a=1');
    await hello.expect('<alpha:board hello/PING a=1');
    hello.send('board/PONG');
    await page.expect(/^<alpha:hello board\/PONG$/);
    page.send('STOP', 'beta:communicatord/STOP', 'DRAIN');
    for (const command of ['STOP', 'STOP', 'DRAIN'])
      await page.expect(new RegExp(`INVALID command=${command};message=.*needs a privilege`));
    page.close();
    await hello.close();
  });
});

describe('with a password', () => {
  async function withPassword(...args: string[]) {
    const file = join(temporaryDirectory(), 'passwords');
    writeFileSync(file, `anna:${await hashPassword('right: ü')}\n`, { mode: 0o600 });
    return { ...(await withConsole('--console-passwords-file', file, ...args)), file };
  }

  test('who has it comes in, for everything', async () => {
    const { url } = await withPassword();
    const headers = basic('anna', 'right: ü');
    for (const path of ['/graph.json', '/metrics', '/nothing']) {
      const { status, headers: given } = await ask(url + path);
      expect([status, given['www-authenticate']]).toEqual([401, expect.stringContaining('Basic realm=')]);
      expect((await ask(url + path, { headers })).status).not.toBe(401);
    }
    await expect(PageSocket.open(url)).rejects.toThrow('refused with 401');
    const page = await PageSocket.register(url, { headers });
    page.close();
    // What watches machines need not know passwords, and learns nothing but this.
    for (const path of ['/health', '/ready']) expect(await ask(url + path)).toMatchObject({ status: 200 });
  });

  test('who guesses is blocked', async () => {
    const { url } = await withPassword('--max-failed-logins', '2');
    for (const password of ['wrong', 'right'])
      expect(await ask(`${url}/metrics`, { headers: basic('anna', password) })).toMatchObject({ status: 401 });
    const late = await ask(`${url}/metrics`, { headers: basic('anna', 'right: ü') });
    expect([late.status, Number(late.headers['retry-after'])]).toEqual([429, 900]);
    await expect(PageSocket.open(url, { headers: basic('anna', 'right: ü') })).rejects.toThrow('refused with 429');
  });

  test('RELOAD reads it again', async () => {
    const { url, file, daemon } = await withPassword();
    const headers = basic('anna', 'right: ü');
    expect(await ask(`${url}/metrics`, { headers })).toMatchObject({ status: 200 });
    writeFileSync(file, `anna:${await hashPassword('another')}\n`, { mode: 0o600 });
    expect((await snapcom(['reload'], { to: `sc://${daemon.unixPath}` })).code).toBe(0);
    expect(await ask(`${url}/metrics`, { headers })).toMatchObject({ status: 401 });
    expect(await ask(`${url}/metrics`, { headers: basic('anna', 'another') })).toMatchObject({ status: 200 });
  });
});

test('with https:// it speaks TLS, and nothing else', async () => {
  const authority = await makeAuthority('ours');
  const keys = await makeKeys('alpha', authority);
  const daemon = await startForTest({
    args: ['--console', 'https://127.0.0.1:0', '--certificate', keys.certificate, '--private-key', keys.private_key],
  });
  const url = urlOf(daemon);
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const trusting = { authority: readFileSync(keys.certificate_authority) };
  expect(await ask(`${url}/ready`, trusting)).toMatchObject({ status: 200 });
  const page = await PageSocket.register(url, { ...trusting, headers: { origin: url } });
  page.close();
  await expect(ask(`${url}/ready`)).rejects.toThrow('unable to verify the first certificate');
  await expect(ask(url.replace('https', 'http'))).rejects.toThrow('socket hang up');
  expect(await ask(`${url}/ready`, trusting)).toMatchObject({ status: 200 });
});

describe('limits', () => {
  test('connections that say nothing are ended, after a request as well', async () => {
    const { url } = await withConsole('--console-timeout', '300ms');
    const port = Number(new URL(url).port);
    for (const said of ['', 'GET / HTTP/1.1\r\nHost: loc', 'GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n']) {
      const socket = connect(port, '127.0.0.1').resume();
      socket.write(said);
      await once(socket, 'close');
    }
  });

  test('a connection that asks too much at once is refused', async () => {
    const { url } = await withConsole();
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    let said = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text;
    });
    socket.write('GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(150));
    await until('it is refused', async () => said.includes('HTTP/1.1 503 '));
    expect(said.match(/HTTP\/1.1 200 /g)?.length).toBe(100);
    socket.destroy();
  });

  test('a page that does not answer pings is dropped, one that does stays', async () => {
    const { url } = await withConsole('--console-ping-interval', '200ms');
    const deaf = await PageSocket.register(url, { answersPings: false });
    const page = await PageSocket.register(url);
    expect(await deaf.next()).toBeUndefined();
    page.send('ALIVE');
    await page.expect(/ABSOLUTELY/);
    page.close();
  });

  test('connections that are too many are closed, and counted', async () => {
    const { url } = await withConsole('--max-console-connections', '2');
    const pages = [await PageSocket.register(url), await PageSocket.register(url)];
    await expect(ask(`${url}/ready`)).rejects.toThrow(/socket hang up|ECONNRESET/);
    pages[0]?.close();
    await until('there is room again', () =>
      ask(`${url}/ready`).then(
        () => true,
        () => false,
      ),
    );
    // The connection before may still be closing.
    await until('it is counted', () =>
      ask(`${url}/metrics`).then(
        ({ text }) => /console_connections_refused_total [1-9]/.test(text),
        () => false,
      ),
    );
    pages[1]?.close();
  });

  test('a head that is too long is refused', async () => {
    const { url } = await withConsole('--max-console-header', '1KiB');
    const headers = { 'x-long': 'x'.repeat(2000) };
    expect(await ask(`${url}/ready`, { headers })).toMatchObject({ status: 431 });
  });
});

test('on all addresses it asks for a password, and is reached by those that it has', async () => {
  const file = join(temporaryDirectory(), 'passwords');
  writeFileSync(file, `anna:${await hashPassword('right')}\n`, { mode: 0o600 });
  const daemon = await startForTest({
    args: [
      '--console',
      '0.0.0.0:0',
      '--console-passwords-file',
      file,
      '--console-plain',
      '--console-hosts',
      'Map.Example',
    ],
  });
  const port = new URL(urlOf(daemon)).port;
  const headers = basic('anna', 'right');
  expect(await ask(`http://127.0.0.1:${port}/graph.json`, { headers })).toMatchObject({ status: 200 });
  const given = { ...headers, host: 'map.example', origin: 'https://map.example' };
  expect(await ask(`http://127.0.0.1:${port}/graph.json`, { headers: given })).toMatchObject({ status: 200 });
  // What some systems take for this machine, and pages from elsewhere have used.
  expect(await ask(`http://127.0.0.1:${port}/graph.json`, { headers: { ...headers, host: '0.0.0.0' } })).toMatchObject({
    status: 403,
  });
});

describe('an address that is taken', () => {
  async function takenAddress(): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('stops the start when somebody asked for it', async () => {
    const address = await takenAddress();
    await expect(startForTest({ args: ['--console', address] })).rejects.toThrow(
      `${address} is in use by another program`,
    );
  });
});

test('a daemon that stops tells its pages', async () => {
  const { daemon, url } = await withConsole();
  const page = await PageSocket.register(url);
  page.send('COMMANDS list=DISCONNECTING', 'ALIVE');
  await page.expect(/ABSOLUTELY/);
  const stopped = daemon.stop();
  await page.expect(/DISCONNECTING/);
  expect(await page.next()).toBeUndefined();
  expect(await stopped).toBe(0);
});
