// `snapcom send`, `request` and `log-rotate` against the real daemon: what arrives, what is printed, how it ends.

import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

let daemon: RunningDaemon;
let tcp: string;
let listeners = 0;
const started: RunningSnapcom[] = [];

beforeAll(async () => {
  daemon = await startDaemon();
  tcp = `sc://127.0.0.1:${daemon.port}`;
});

afterAll(async () => {
  await Promise.all(started.map((one) => one.stop('SIGKILL')));
  const code = await daemon.stop();
  if (code !== 0) throw new Error(`the daemon ended with ${code}: ${daemon.log()}`);
});

/** A service of its own for a test, which prints what it receives. */
async function listener(...args: string[]): Promise<{ name: string; running: RunningSnapcom }> {
  const name = `listener_${++listeners}`;
  const running = startSnapcom(['listen', name, ...args], { to: tcp });
  started.push(running);
  await running.said(`listening as alpha:${name}`);
  return { name, running };
}

describe('send', () => {
  it.each([
    ['TCP', () => tcp],
    ['a Unix socket', () => `sc://${daemon.unixPath}`],
  ])('sends over %s, quietly', async (_what, address) => {
    const { name, running } = await listener('PING');
    const result = await snapcom(['send', `${name}/PING`, 'text=hi'], { to: address() });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await running.lines(1)).toEqual([
      expect.stringMatching(new RegExp(`^<alpha:snapcom_\\d+ ${name}/PING text=hi$`)),
    ]);
  });

  it('takes --to before and behind the subcommand, over the environment', async () => {
    const { name, running } = await listener('PING');
    expect(await snapcom(['--to', tcp, 'send', `${name}/PING n=1`], { to: 'sc://127.0.0.1:1' })).toMatchObject({
      code: 0,
    });
    expect(await snapcom(['send', `${name}/PING n=2`, '--to', tcp], { to: 'sc://127.0.0.1:1' })).toMatchObject({
      code: 0,
    });
    expect(await running.lines(2)).toHaveLength(2);
  });

  it('encodes values that are given apart', async () => {
    const { name, running } = await listener('PING', '--json');
    const value = 'a;b "c" \\ \n last ';
    expect(await snapcom(['send', 'PING', '-s', name, '-p', `v=${value}`, '-p', 'w='], { to: tcp })).toMatchObject({
      code: 0,
    });
    const [line = ''] = await running.lines(1);
    expect(JSON.parse(line)).toMatchObject({ service: name, command: 'PING', parameters: { v: value, w: '' } });
  });

  it.each(['.', '*', '*:*'])('broadcasts to %s', async (mark) => {
    const { running } = await listener('NOTE');
    expect(await snapcom(['send', `${mark}/NOTE`], { to: tcp })).toMatchObject({ code: 0 });
    expect((await running.lines(1))[0]).toContain(`${mark}/NOTE`);
  });

  it('reports the outcome, for people and for programs', async () => {
    const { name } = await listener('PING');
    expect(await snapcom(['send', `${name}/PING`, '--report'], { to: tcp })).toEqual({
      code: 0,
      stdout: `${name}/PING delivered\n`,
      stderr: '',
    });
    const asked = await snapcom(['send', 'nobody/PING', '--cache', 'no', '--report', '--json'], { to: tcp });
    expect(asked.code).toBe(4);
    expect(JSON.parse(asked.stdout)).toEqual({ status: 'failed', reason: 'absent' });
  });

  it('ends with 4 for an absent service that was asked about, 5 for a report that does not come', async () => {
    const asked = await snapcom(['send', 'nobody/PING', '--cache', 'no;reply'], { to: tcp });
    expect(asked).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('there is no service nobody') });
    const kept = await snapcom(['send', 'later/PING', '--report', '--timeout', '200ms'], { to: tcp });
    expect(kept).toMatchObject({ code: 5, stdout: '' });
  });

  it('ends when a durable message is on disk', async () => {
    const result = await snapcom(['send', 'safe/PING n=1', '--cache', 'durable'], { to: tcp });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    const [line] = await startSnapcom(['listen', 'safe', '--count', '1'], { to: tcp }).lines(1);
    expect(line).toContain('safe/PING cache=durable;message_id=');
  });

  it('ends with 6 for what the daemon refuses', async () => {
    const stop = await snapcom(['send', 'STOP'], { to: tcp });
    expect(stop).toMatchObject({ code: 6, stderr: expect.stringContaining('Unix socket') });
    expect(await snapcom(['send', 'BLAH'], { to: tcp })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('BLAH'),
    });
  });

  it('ends with 3 where nobody listens, or who listens is no communicator', async () => {
    expect(await snapcom(['send', 'a/B'], { to: 'sc://127.0.0.1:1' })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('Does the daemon run?'),
    });
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    expect(await snapcom(['send', 'a/B'], { to: `sc://127.0.0.1:${port}` })).toMatchObject({ code: 3 });
    server.close();
  });
});

describe('send from standard input', () => {
  it('sends every line in order, however many', async () => {
    const { name, running } = await listener('N', '--count', '20000');
    const lines = Array.from({ length: 20_000 }, (_, n) => `${name}/N n=${n}`);
    const result = await snapcom(['send', '-'], { to: tcp, stdin: lines.join('\n') });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stdout } = await running.ended();
    expect(code).toBe(0);
    const numbers = stdout
      .trim()
      .split('\n')
      .map((line) => Number(line.split('n=')[1]));
    expect(numbers).toEqual(lines.map((_, n) => n));
  });

  it('stops at a line that is no message, and names it; what stands before it has been sent', async () => {
    const { name, running } = await listener();
    const result = await snapcom(['send', '-'], { to: tcp, stdin: `${name}/A\n\n${name}/bad\n${name}/C\n` });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('line 3: not a message (BAD_COMMAND)') });
    expect(await running.lines(1)).toHaveLength(1);
  });

  it('goes on with --keep-going, and reports line by line', async () => {
    const { name } = await listener();
    const stdin = `A\nbad\nC n=${'x'.repeat(2 << 20)}\nD`;
    const result = await snapcom(['send', '-', '-s', name, '--keep-going', '--report', '--json'], { to: tcp, stdin });
    expect(result.code).toBe(2);
    expect(
      result.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { line: 1, status: 'delivered' },
      { line: 4, status: 'delivered' },
    ]);
    expect(result.stderr).toContain('line 2:');
    expect(result.stderr).toContain('line 3: not a message (TOO_LONG)');
  });
});

describe('send over datagrams', () => {
  it('sends one a message, without a sender', async () => {
    const { name, running } = await listener();
    const result = await snapcom(['send', `${name}/PING n=1`], { to: `scu://127.0.0.1:${daemon.signalPort}` });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await running.lines(1)).toEqual([`${name}/PING n=1`]);
  });

  it('sends no more than 1,024 bytes unless it is told to', async () => {
    const { name, running } = await listener();
    const to = `scu://127.0.0.1:${daemon.signalPort}`;
    const long = ['send', `${name}/PING`, '-p', `v=${'x'.repeat(2000)}`];
    expect(await snapcom(long, { to })).toMatchObject({ code: 2, stderr: expect.stringContaining('--max-size') });
    expect(await snapcom([...long, '--max-size', '4KiB'], { to })).toMatchObject({ code: 0 });
    expect(await running.lines(1)).toHaveLength(1);
  });

  it('proves the secret of the daemon', async () => {
    const file = join(daemon.directory, 'secret');
    writeFileSync(file, 'not so secret\n', { mode: 0o600 });
    const other = await startDaemon({ args: ['--signal-secret-file', file] });
    const running = startSnapcom(['listen', 'guarded', '--count', '1'], { to: `sc://127.0.0.1:${other.port}` });
    try {
      await running.said('listening');
      const to = `scu://127.0.0.1:${other.signalPort}`;
      expect(await snapcom(['send', 'guarded/PING n=1'], { to })).toMatchObject({ code: 0 });
      expect(await snapcom(['send', 'guarded/PING n=2', '--signal-secret-file', file], { to })).toMatchObject({
        code: 0,
      });
      expect(await running.ended()).toMatchObject({ code: 0, stdout: 'guarded/PING n=2\n' });
      expect(await snapcom(['send', 'a/B', '--signal-secret-file', '/nowhere'], { to })).toMatchObject({ code: 2 });
    } finally {
      await running.stop('SIGKILL');
      await other.stop();
    }
  });
});

describe('request', () => {
  it('prints the answer as a line or as JSON', async () => {
    const { name } = await listener('--exec', 'sh', '--', '-c', 'echo "ANSWER n=$SNAPCOM_PARAM_n"');
    const result = await snapcom(['request', `${name}/ASK n=7`], { to: tcp });
    expect(result).toEqual({ code: 0, stdout: `<alpha:${name} ANSWER n=7\n`, stderr: '' });
    const json = await snapcom(['request', 'ASK', '-s', `alpha:${name}`, '-p', 'n=8', '--json'], { to: tcp });
    expect(JSON.parse(json.stdout)).toEqual({
      'sent-from-server': 'alpha',
      'sent-from-service': name,
      command: 'ANSWER',
      parameters: { n: '8' },
    });
  });

  it('asks the daemon itself', async () => {
    const result = await snapcom(['request', 'CLUSTER_STATUS'], { to: tcp });
    expect(result).toEqual({ code: 0, stdout: '<alpha:communicatord CLUSTER_UP neighbors_count=1\n', stderr: '' });
  });

  it('ends with 4, 5 and 6 where there is no answer', async () => {
    const { name } = await listener('PING');
    expect(await snapcom(['request', 'nobody/ASK'], { to: tcp })).toMatchObject({ code: 4, stdout: '' });
    expect(await snapcom(['request', `${name}/PING`, '-t', '200ms'], { to: tcp })).toMatchObject({
      code: 5,
      stdout: '',
    });
    expect(await snapcom(['request', `${name}/WHAT`], { to: tcp })).toMatchObject({ code: 6, stdout: '' });
  });
});

describe('log-rotate', () => {
  it.each([
    ['TCP', (one: RunningDaemon) => `sc://127.0.0.1:${one.port}`],
    ['a datagram', (one: RunningDaemon) => `scu://127.0.0.1:${one.signalPort}`],
  ])('has the daemon reopen its log, over %s', async (_what, address) => {
    const file = join(tmpdir(), `snapcom-test-${process.pid}-${++listeners}.log`);
    const one = await startDaemon({ logFile: file });
    try {
      renameSync(file, `${file}.1`);
      expect(await snapcom(['log-rotate'], { to: address(one) })).toEqual({ code: 0, stdout: '', stderr: '' });
      await expect.poll(() => existsSync(file)).toBe(true);
    } finally {
      await one.stop();
      for (const path of [file, `${file}.1`]) rmSync(path, { force: true });
    }
  });
});
