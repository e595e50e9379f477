// `snapcom listen`, `sniff`, `services`, `status`, `stop`, `bench` and `completion` against the real daemon.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

let daemon: RunningDaemon;
let unix: string;
let tcp: string;
let files: string;
const started: RunningSnapcom[] = [];

beforeAll(async () => {
  daemon = await startDaemon();
  unix = `sc://${daemon.unixPath}`;
  tcp = `sc://127.0.0.1:${daemon.port}`;
  files = mkdtempSync(join(tmpdir(), 'snapcom-files-'));
});

afterAll(async () => {
  await Promise.all(started.map((one) => one.stop('SIGKILL')));
  rmSync(files, { recursive: true, force: true });
  const code = await daemon.stop();
  if (code !== 0) throw new Error(`the daemon ended with ${code}: ${daemon.log()}`);
});

/** Starts a tool that goes on until it is told to end, and waits until it is at work. */
async function start(args: readonly string[], said: string): Promise<RunningSnapcom> {
  const running = startSnapcom(args, { to: unix });
  started.push(running);
  await running.said(said);
  return running;
}

const listen = (...args: string[]): Promise<RunningSnapcom> => start(['listen', ...args], 'listening as');
const sniff = (...args: string[]): Promise<RunningSnapcom> => start(['sniff', ...args], 'sniffing');
const send = (message: string, ...args: string[]) => snapcom(['send', message, ...args], { to: unix });

describe('listen', () => {
  it('gets what was kept for it, and ends with --count', async () => {
    await send('late/PING n=1');
    await send('late/PING n=2');
    const result = await snapcom(['listen', 'late', '--count', '2'], { to: unix });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^<alpha:snapcom_\d+ late\/PING n=1\n<alpha:snapcom_\d+ late\/PING n=2\n$/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s', async (signal) => {
    const running = await listen(`ends_${signal}`);
    expect(await running.stop(signal)).toEqual({
      code: 0,
      stdout: '',
      stderr: `snapcom: listening as alpha:ends_${signal}\n`,
    });
    expect(await snapcom(['services', `ends_${signal}`], { to: unix })).toMatchObject({ code: 1 });
  });

  it('is refused a name that is in use, and cannot connect where nobody is', async () => {
    await listen('taken');
    expect(await snapcom(['listen', 'taken'], { to: unix })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('in use'),
    });
    expect(await snapcom(['listen', 'x'], { to: 'sc://127.0.0.1:1' })).toMatchObject({ code: 3 });
  });

  it('knows the commands that it was given, and refuses others', async () => {
    const running = await listen('choosy', 'PING', '--json');
    expect(await snapcom(['request', 'choosy/PONG'], { to: unix })).toMatchObject({ code: 6 });
    await send('choosy/PING n=1');
    expect((await running.lines(1)).map((line) => JSON.parse(line))).toMatchObject([
      { command: 'PING', parameters: { n: '1' } },
    ]);
  });

  it('connects again when the daemon comes back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'snapcom-again-'));
    const first = await startDaemon({ directory });
    const to = `sc://${first.unixPath}`;
    const running = startSnapcom(['listen', 'faithful', 'PING'], { to });
    started.push(running);
    await running.said('listening as');
    await first.stop();
    await running.said('lost');
    const second = await startDaemon({ directory });
    try {
      await running.said('connected again');
      expect(await snapcom(['send', './PING n=1'], { to })).toMatchObject({ code: 0 });
      expect((await running.lines(1))[0]).toContain('./PING n=1');
    } finally {
      await running.stop();
      await second.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('listen --exec', () => {
  const script = (text: string): string[] => ['--exec', 'sh', '--', '-c', text];

  it('gives the program the message in its environment and on its standard input', async () => {
    const place = join(files, 'seen');
    const body = `{ read -r line; echo "$line"; env | grep ^SNAPCOM_ | sort; } > '${place}'`;
    const running = await listen('env', '--count', '1', ...script(body));
    await send(`env/LOOK uri=/x;note="a;b"`);
    expect(await running.ended()).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(place, 'utf8').replaceAll(/snapcom_\d+/g, 'ME')).toBe(
      [
        '<alpha:ME env/LOOK uri=/x;note="a;b"',
        'SNAPCOM_COMMAND=LOOK',
        'SNAPCOM_FROM=alpha:ME',
        'SNAPCOM_PARAM_note=a;b',
        'SNAPCOM_PARAM_uri=/x',
        'SNAPCOM_SERVICE=env',
        '',
      ]
        .join('\n')
        .replace('uri=/x;note="a;b"', 'note="a;b";uri=/x'),
    );
  });

  it('sends what the program prints: answers, and messages for others', async () => {
    const other = await listen('onlooker');
    await listen('oracle', ...script('echo "ANSWER n=42"; echo; echo "onlooker/ASKED by=$SNAPCOM_FROM"'));
    const answer = await snapcom(['request', 'oracle/ASK'], { to: unix });
    expect(answer).toMatchObject({ code: 0, stdout: '<alpha:oracle ANSWER n=42\n' });
    expect((await other.lines(1))[0]).toMatch(/^<alpha:oracle onlooker\/ASKED by=alpha:snapcom_\d+$/);
  });

  it.each([
    ['fails', 'exit 3', 'ended with 3'],
    ['prints something else', 'echo hello', 'not a message'],
    ['takes too long', 'sleep 60 & wait', 'took longer than 0.2 s'],
  ])('tells who asked when the program %s', async (_what, body, reason) => {
    const running = await listen('poor', '--timeout', '200ms', ...script(body));
    const asked = await snapcom(['request', 'poor/ASK'], { to: unix });
    expect(asked).toMatchObject({ code: 6, stderr: expect.stringContaining(reason) });
    expect(await running.stop()).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  });

  it('tells who asked when there is no such program', async () => {
    const running = await listen('empty', '--exec', '/no/such/program');
    expect(await snapcom(['request', 'empty/ASK'], { to: unix })).toMatchObject({ code: 6 });
    expect((await running.stop()).stderr).toContain('cannot be run');
  });

  it('runs so many at a time and refuses what is too much', async () => {
    const gate = join(files, 'gate');
    const body = `while [ ! -e '${gate}' ]; do sleep 0.05; done; echo ANSWER`;
    const running = await listen('busy', '--jobs', '1', '--queue', '1', ...script(body));
    const asked = [1, 2, 3].map((n) => startSnapcom(['request', `busy/ASK n=${n}`, '-t', '20s'], { to: unix }));
    // Whoever comes third is refused while the first one runs and the second waits.
    const first = await Promise.race(asked.map((one) => one.ended()));
    expect(first).toMatchObject({ code: 6, stderr: expect.stringContaining('too many') });
    writeFileSync(gate, '');
    const codes = (await Promise.all(asked.map((one) => one.ended()))).map(({ code }) => code);
    expect(codes.sort()).toEqual([0, 0, 6]);
    expect((await running.stop()).stderr).toContain('--queue');
  });

  it('leaves values out of the environment that do not fit, and gives all on the line', async () => {
    const place = join(files, 'large');
    const body = `{ wc -c; echo "\${SNAPCOM_PARAM_large-unset} $SNAPCOM_PARAM_small"; } > '${place}'`;
    const running = await listen('large', '--count', '1', ...script(body));
    await snapcom(['send', '-'], { to: unix, stdin: `large/X large=${'x'.repeat(500_000)};small=y\n` });
    expect((await running.ended()).code).toBe(0);
    const [bytes, values] = readFileSync(place, 'utf8').trim().split('\n');
    expect(Number(bytes)).toBeGreaterThan(500_000);
    expect(values).toBe('unset y');
  });
});

describe('sniff', () => {
  it('shows what passes, and what becomes of it', async () => {
    await listen('seen');
    const running = await sniff('to.service==seen || to.service==absent', '--count', '3');
    await send('seen/PING text=hi');
    await send('absent/PING');
    await send('absent/PING', '--cache', 'no');
    const { code, stdout } = await running.ended();
    expect(code).toBe(0);
    expect(
      stdout
        .replaceAll(/^[\d:.]+/gm, 'T')
        .replaceAll(/snapcom_\d+/g, 'ME')
        .replaceAll(/\d+ B/g, 'N B'),
    ).toBe(
      [
        'T  alpha:ME → alpha:seen  PING  N B  delivered  text=hi',
        'T  alpha:ME → alpha:absent  PING  N B  kept',
        'T  alpha:ME → alpha:absent  PING  N B  refused (absent)  cache=no',
        '',
      ].join('\n'),
    );
  });

  it('filters by parameters, and prints JSON', async () => {
    const running = await sniff("command==PICK && p.n>=2 && !(p.note~'no*')", '--json', '--count', '1');
    for (const line of [
      'seen/PICK n=1',
      'seen/PICK n=3;note=nothing',
      'seen/OTHER n=5',
      'seen/PICK n=10;note=a;password=x',
    ])
      await send(line);
    const { stdout } = await running.ended();
    expect(JSON.parse(stdout)).toMatchObject({
      from: expect.stringMatching(/^alpha:snapcom_\d+$/),
      to: 'alpha:seen',
      command: 'PICK',
      parameters: { n: '10', note: 'a', password: '***' },
      size: expect.any(Number),
      time: expect.any(Number),
      id: expect.any(String),
    });
  });

  it('leaves parameters out with --headers', async () => {
    const running = await sniff('command==HEAD', '--headers', '--json', '--count', '1');
    await send('seen/HEAD secret=1');
    expect(JSON.parse((await running.ended()).stdout)).not.toHaveProperty('parameters');
  });

  it('follows a message and its answer', async () => {
    await listen('asked', '--exec', 'sh', '--', '-c', 'echo ANSWER');
    const running = await sniff('--follow', 'my-id-7', '--json', '--count', '2');
    await send('asked/OTHER');
    await send('asked/ASK correlation_id=my-id-7');
    const commands = (await running.ended()).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).command);
    expect(commands).toEqual(['ASK', 'ANSWER']);
  });

  it('writes to a file and reads from it, filtered again', async () => {
    const path = join(files, 'traffic.jsonl');
    const running = await sniff('command==W', '--write', path);
    await send('seen/W n=1');
    await send('seen/W n=2');
    // The file is written while it grows, not only at the end.
    await expect.poll(() => readFileSync(path, 'utf8').split('\n').length).toBe(3);
    expect(await running.stop()).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('2 messages written'),
    });
    const read = await snapcom(['sniff', 'p.n==2', '--read', path, '--json']);
    expect(read.code).toBe(0);
    expect(
      read.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ command: 'W', parameters: { n: '2' } }]);
    writeFileSync(path, `rubbish\n${readFileSync(path, 'utf8')}`);
    const damaged = await snapcom(['sniff', '--read', path, '--headers']);
    expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining('traffic.jsonl:1:') });
    expect(damaged.stdout.split('\n')).toHaveLength(3);
  });

  it('needs a privilege, and ends with 3 when the daemon goes', async () => {
    const refused = await snapcom(['sniff'], { to: tcp });
    expect(refused).toMatchObject({ code: 6, stdout: '', stderr: expect.stringContaining('Unix socket') });
    const other = await startDaemon({ args: ['--compat-control'] });
    const running = startSnapcom(['sniff'], { to: `sc://127.0.0.1:${other.port}` });
    await running.said('sniffing');
    await other.stop();
    expect(await running.ended()).toMatchObject({ code: 3 });
  });
});

describe('services and status', () => {
  it('lists services with their commands, and asks for one', async () => {
    await listen('listed', 'PING', 'PONG');
    const { code, stdout } = await snapcom(['services'], { to: unix });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SERVICE +SERVER +STATUS +SINCE +LISTENER +DELIVERED +COMMANDS$/m);
    expect(stdout).toMatch(/^listed +alpha +up +\d+ s +unix +\d+ {2}PING PONG$/m);
    expect(stdout).not.toContain('snapcom_');
    const one = await snapcom(['services', 'listed', '--json'], { to: unix });
    expect(JSON.parse(one.stdout)).toMatchObject({
      service: 'listed',
      server: 'alpha',
      status: 'up',
      listener: 'unix',
    });
    expect(await snapcom(['services', 'nobody'], { to: unix })).toMatchObject({ code: 1, stdout: '' });
  });

  it('asks for nothing over plain TCP that would be refused there, and told in the log', async () => {
    const before = daemon.log();
    expect(await snapcom(['services'], { to: tcp })).toMatchObject({ code: 0, stderr: '' });
    expect(daemon.log().slice(before.length)).not.toContain('refused');
  });

  it('tells of a service that went away, and of no tool that did', async () => {
    const service = await listen('went', 'PING');
    await service.stop();
    const one = await snapcom(['services', 'went', '--json'], { to: unix });
    expect(one.code).toBe(1);
    expect(JSON.parse(one.stdout)).toEqual({
      server: 'alpha',
      service: 'went',
      status: 'gone',
      down_since: expect.any(Number),
    });
    const { stdout } = await snapcom(['services'], { to: unix });
    expect(stdout).toMatch(/^went +alpha +gone +\d+ s/m);
    expect(stdout).not.toContain('snapcom_');
    await listen('went', 'PING');
    expect((await snapcom(['services', 'went'], { to: unix })).stdout).toMatch(/^went +alpha +up/m);
  });

  it('tells how the daemon, the cluster and the clock are', async () => {
    const { code, stdout } = await snapcom(['status', '--json'], { to: tcp });
    const status = JSON.parse(stdout);
    // Whether the clock is well is the machine's affair; the exit code must agree with what is said.
    expect(code).toBe(status.well ? 0 : 1);
    expect(status).toMatchObject({
      daemon: { server_name: 'alpha', pid: daemon.pid, reasons: expect.any(Object) },
      cluster: { well: true, up: true, complete: true, machines: 1 },
    });
    const people = await snapcom(['status'], { to: tcp });
    expect(people.stdout).toMatch(new RegExp(`^daemon +well +alpha, version .*process ${daemon.pid}`));
    expect(people.stdout).toMatch(/^cluster +well +up, complete: 1 machine known$/m);
    expect(await snapcom(['status'], { to: 'sc://127.0.0.1:1' })).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('stop', () => {
  it('needs the Unix socket, and ends when the daemon has', async () => {
    const other = await startDaemon();
    const refused = await snapcom(['stop'], { to: `sc://127.0.0.1:${other.port}` });
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('Unix socket') });
    expect(await snapcom(['stop'], { to: `sc://${other.unixPath}` })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await other.ended()).toBe(0);
    await other.stop();
  });

  it('can be said with send too', async () => {
    const other = await startDaemon();
    expect(await snapcom(['send', 'STOP'], { to: `sc://${other.unixPath}` })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await other.ended()).toBe(0);
    await other.stop();
  });
});

it('bench measures and leaves nothing behind', async () => {
  const { code, stdout } = await snapcom(['bench', '--seconds', '1', '--json'], { to: tcp });
  expect(code).toBe(0);
  const figures = JSON.parse(stdout);
  expect(figures.messages).toBeGreaterThan(100);
  expect(figures.round_trips).toBeGreaterThan(10);
  expect(figures.round_trip_p50_ms).toBeLessThanOrEqual(figures.round_trip_p99_ms);
  const status = JSON.parse((await snapcom(['status', '--json'], { to: tcp })).stdout);
  expect(status.daemon.dropped).toBe(0);
});

describe('completion', () => {
  it('prints a script that bash takes', async () => {
    const { code, stdout } = await snapcom(['completion', 'bash']);
    expect(code).toBe(0);
    execFileSync('bash', ['-n'], { input: stdout });
    expect(stdout).toContain('snapcom complete -- ');
  });

  it.each([
    [['s'], ['send', 'sniff', 'servers', 'services', 'status', 'stop', 'simulate']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['sniff', '--re'], ['--read']],
    [['send', 'comple'], ['completed/']],
    [['send', '--service', 'comple'], ['completed']],
    [['services', 'comple'], ['completed']],
    [['drain', 'al'], ['alpha']],
    [['route', 'x', '--from', 'al'], ['alpha']],
  ])('behind snapcom %j may stand %j', async (words, expected) => {
    await completed();
    const { code, stdout } = await snapcom(['complete', '--', ...words], { to: unix });
    expect(code).toBe(0);
    const offered = stdout
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => line.split('\t')[0]);
    expect(offered).toEqual(expected);
  });

  it('offers no services where there is no daemon, and says nothing', async () => {
    expect(await snapcom(['complete', '--', 'send', ''], { to: 'sc://127.0.0.1:1' })).toEqual({
      code: 0,
      stdout: ':4\n',
      stderr: '',
    });
  });

  let service: Promise<RunningSnapcom> | undefined;
  const completed = (): Promise<RunningSnapcom> => (service ??= listen('completed'));
});
