// What can keep a daemon from starting: each error says which address or file it is, and what to do; nothing is left behind.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { converse } from '../support/conversation.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest as start, temporaryDirectory } from '../support/one-test.ts';

/** What a daemon says that does not start. */
async function complaint(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return start({ args, env }).then(
    () => 'it started',
    (error: unknown) => (error as Error).message,
  );
}

const CANNOT_START = 'ended with 1 ';
const BAD_CONFIGURATION = 'ended with 78 ';

describe('addresses', () => {
  test('two daemons ask for one Unix socket: the second is told, the first lives', async () => {
    const first = await start();
    const said = await complaint(['--unix-listen', first.unixPath]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(`${first.unixPath} is in use by another daemon`);
    expect(said).toContain('--unix-listen');
    const foo = await LineClient.register({ path: first.unixPath }, 'foo');
    expect(await foo.fence()).toEqual([]);
  });

  test('a socket file that a dead daemon left is no hindrance', async () => {
    const directory = temporaryDirectory();
    const first = await start({ directory });
    await first.kill();
    expect(existsSync(first.unixPath)).toBe(true);
    const second = await start({ directory });
    const foo = await LineClient.register({ path: second.unixPath }, 'foo');
    expect(await foo.fence()).toEqual([]);
  });

  test('the same for a Unix datagram socket; and only its owner may use either', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'd.sock');
    const first = await start({ directory, args: ['--signal-unix', path] });
    expect([first.unixPath, path].map((socket) => statSync(socket).mode & 0o777)).toEqual([0o600, 0o600]);
    const said = await complaint(['--signal-unix', path]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(`${path} is in use by another daemon`);
    await first.kill();
    const second = await start({ directory, args: ['--signal-unix', path] });
    await converse(second, 'foo: tcp as foo\n dgram> foo/PING\n foo< foo/PING');
  });

  test('--unix-group: the group may use them', async () => {
    const path = join(temporaryDirectory(), 'd.sock');
    const daemon = await start({ args: ['--signal-unix', path, '--unix-group', String(process.getgid?.())] });
    expect([daemon.unixPath, path].map((socket) => statSync(socket).mode & 0o777)).toEqual([0o660, 0o660]);
  });

  test('a file where the socket should be is left alone', async () => {
    const path = join(temporaryDirectory(), 'precious');
    writeFileSync(path, 'text');
    const said = await complaint(['--unix-listen', path]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(`${path} is there and is no socket`);
    expect(existsSync(path)).toBe(true);
  });

  test('a TCP port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const said = await complaint(['--local-listen', `127.0.0.1:${port}`]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(`127.0.0.1:${port} is in use by another program`);
    expect(said).toContain('another address');
  });

  test('a UDP port in use; what was opened before it is gone', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    const path = join(temporaryDirectory(), 'c.sock');
    const said = await complaint(['--unix-listen', path, '--signal', `127.0.0.1:${socket.address().port}`]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(`127.0.0.1:${socket.address().port} (UDP) is in use by another program`);
    expect(existsSync(path)).toBe(false);
  });

  test('one data path belongs to one daemon', async () => {
    const directory = temporaryDirectory();
    await start({ directory });
    const said = await complaint(['--data-path', join(directory, 'data')]);
    expect(said).toContain(CANNOT_START);
    expect(said).toContain(join(directory, 'data'));
    expect(said).toContain('--data-path');
  });
});

describe('files and directories that cannot be had', () => {
  // Below a file nobody can write, not even root.
  test.each(['--unix-listen', '--data-path', '--log-file', '--signal-unix'])('%s', async (option) => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const path = join(file, 'below');
    const said = await complaint([option, path]);
    expect(said).toMatch(/ended with (1|78) /);
    expect(said).toContain(file);
    expect(said).toContain(option);
  });
});

describe('a bad configuration ends with 78', () => {
  test.each([
    ['an unknown flag', ['--no-such-option', '1'], '--no-such-option'],
    ['a value out of range', ['--max-connections', '0'], 'max-connections'],
    ['not a duration', ['--hold-time', 'soon'], 'hold-time'],
    ['an address that is not of this machine alone', ['--local-listen', '0.0.0.0:4040'], 'local-listen'],
    ['a secret on the command line', ['--signal-secret', 's3cret'], 'signal-secret'],
    ['a file that is not there', ['--config', '/no/such/file.conf'], '/no/such/file.conf'],
  ])('%s', async (_title, args, named) => {
    const said = await complaint(args);
    expect(said).toContain(BAD_CONFIGURATION);
    expect(said).toContain(named);
  });

  test('an environment variable that nobody reads', async () => {
    const said = await complaint([], { SNAPCOMMUNICATORD_HOLD_TIME: 'soon' });
    expect(said).toContain(BAD_CONFIGURATION);
    expect(said).toContain('SNAPCOMMUNICATORD_HOLD_TIME');
  });

  test('a line of a file, with file and line', async () => {
    const file = join(temporaryDirectory(), 'communicatord.conf');
    writeFileSync(file, '# mine\nserver_name=alpha\nno_such_option=1\n');
    const said = await complaint(['--config', file]);
    expect(said).toContain(BAD_CONFIGURATION);
    expect(said).toMatch(/communicatord\.conf.*3.*no_such_option/s);
  });
});
