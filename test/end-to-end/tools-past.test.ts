// Tools that look back: `snapcom sniff --since` and `--follow`, `top`, `history`, against two daemons.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { History, Traffic } from '@snapcommunicator/network/story';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest } from '../support/one-test.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-past-'));
const secret = join(directory, 'secret');
writeFileSync(secret, 'a secret that both know\n', { mode: 0o600 });
const args = ['--cluster-secret-file', secret];
const cluster = new Cluster([
  { name: 'alpha', args },
  { name: 'beta', args, dials: ['alpha'] },
]);
const running: RunningSnapcom[] = [];

const to = (): string => `sc://${cluster.daemon('alpha').unixPath}`;
const ask = (...words: string[]) => snapcom(words, { to: to() });

function start(...words: string[]): RunningSnapcom {
  const one = startSnapcom(words, { to: to() });
  running.push(one);
  return one;
}

interface Row {
  readonly time: number;
  readonly at?: string;
  readonly from: string;
  readonly to: string;
  readonly command: string;
  readonly outcome: string;
  readonly id?: string;
}

const rowsOf = (stdout: string): Row[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

beforeAll(async () => {
  await cluster.start();
  await cluster.join('web', 'alpha');
  await cluster.join('near', 'alpha');
  await cluster.join('far', 'beta');
}, 60_000);

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop('SIGKILL')));
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('sniff --since', () => {
  it.each([
    ['near', 'delivered'],
    ['far', 'sent'],
  ])('goes from past to live without a gap and with nothing twice: to %s', async (service, outcome) => {
    const web = cluster.client('web');
    const command = `TICK_${service.toUpperCase()}`;
    let sent = 0;
    const tick = (): void => web.send(`${service}/${command} n=${++sent}`);
    for (let before = 0; before < 50; before++) tick();
    const timer = setInterval(tick, 2);
    const sniffer = start('sniff', `command==${command}`, '--since', '5m', '--json');
    await sniffer.said('sniffing').finally(() => clearInterval(timer));
    for (let after = 0; after < 20; after++) tick();
    await sniffer.lines(sent);
    // Whatever would come twice has come by the time at which this has.
    tick();
    await sniffer.lines(sent);
    const rows = rowsOf((await sniffer.stop()).stdout);
    expect(rows).toHaveLength(sent);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(sent);
    expect(new Set(rows.map((row) => row.outcome))).toEqual(new Set([outcome]));
  });

  it('ends with --until, shows what several machines recorded in one order, and finds no more than was', async () => {
    const web = cluster.client('web');
    for (let n = 0; n < 5; n++) web.send(`far/PAST n=${n}`);
    await cluster.client('far').skipTo(/PAST n=4$/);
    const { stdout, code } = await ask('sniff', 'command==PAST', '--since', '10m', '--until', '0s', '--all', '--json');
    expect(code).toBe(0);
    const rows = rowsOf(stdout);
    const seen = (at: string, outcome: string): (string | undefined)[] =>
      rows.filter((row) => row.at === at && row.outcome === outcome).map(({ id }) => id);
    expect(seen('alpha', 'sent')).toHaveLength(5);
    expect(seen('beta', 'delivered')).toEqual(seen('alpha', 'sent'));
    expect(rows).toHaveLength(10);
    const times = rows.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const other = await ask('sniff', 'command==PAST', '--since', '10m', '--until', '0s', '--server', 'beta', '--json');
    expect(rowsOf(other.stdout).map(({ outcome }) => outcome)).toEqual(Array(5).fill('delivered'));
    expect(await ask('sniff', 'command==PAST', '--since', '10m', '--until', '9m')).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('is written to a file and read back', async () => {
    const file = join(directory, 'past.jsonl');
    const written = await ask('sniff', 'command==PAST', '--since', '10m', '--until', '0s', '--write', file);
    expect(written).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('5 messages written') });
    const { stdout } = await ask('sniff', '--read', file, 'outcome==sent', '--json');
    expect(rowsOf(stdout)).toHaveLength(5);
    expect(await ask('sniff', '--read', file, '--until', '5m')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('sniff --follow', () => {
  it('shows request and answer by the id of the request, past and live', async () => {
    const [web, far] = [cluster.client('web'), cluster.client('far')];
    web.send('far/ASK correlation_id=c-17');
    await far.skipTo(/ASK correlation_id=c-17$/);
    far.send('alpha:web/FIRST correlation_id=c-17');
    await web.skipTo(/FIRST correlation_id=c-17$/);
    const asked = rowsOf((await ask('sniff', 'command==ASK', '--since', '10m', '--until', '0s', '--json')).stdout);
    const follower = start('sniff', '--follow', String(asked[0]?.id), '--json');
    await follower.said('sniffing');
    far.send('alpha:web/SECOND correlation_id=c-17');
    web.send('near/UNRELATED');
    await follower.lines(3);
    expect(rowsOf((await follower.stop()).stdout).map(({ command }) => command)).toEqual(['ASK', 'FIRST', 'SECOND']);
  });

  it('shows what bears a correlation id, live', async () => {
    const follower = start('sniff', '--follow', 'c-18', '--json', '--count', '2');
    await follower.said('sniffing');
    cluster.client('web').send('far/ASK correlation_id=c-18');
    cluster.client('web').send('far/ASK correlation_id=c-19');
    await cluster.client('far').skipTo(/c-19$/);
    cluster.client('far').send('alpha:web/ANSWER correlation_id=c-18');
    const { stdout, code } = await follower.ended();
    expect(code).toBe(0);
    expect(rowsOf(stdout).map(({ command }) => command)).toEqual(['ASK', 'ANSWER']);
  });
});

describe('where daemons record parameters', () => {
  it('tools find, show and follow by them, but for what is secret', async () => {
    const daemon = await startForTest({ args: ['--recorder-payloads', '1MiB', '--redact', 'pin'] });
    const asking = (...words: string[]) => snapcom(words, { to: `sc://${daemon.unixPath}` });
    const [desk, till] = await Promise.all(
      ['desk', 'till'].map((name) => LineClient.register({ port: daemon.port }, name)),
    );
    desk?.send('till/PAY correlation_id=p-1;pin=1234;amount=5');
    desk?.send('till/PAY correlation_id=p-2;pin=1234;amount=7');
    await till?.skipTo(/p-2;/);
    till?.send('desk/PAID correlation_id=p-2');
    till?.send('desk/PAID correlation_id=p-1');
    await desk?.skipTo(/p-1$/);
    const past = ['--since', '10m', '--until', '0s', '--json'];
    const paid = (await asking('sniff', 'p.amount>6', ...past)).stdout;
    expect(JSON.parse(paid)).toMatchObject({
      command: 'PAY',
      parameters: { correlation_id: 'p-2', pin: '***', amount: '7' },
    });
    const { id } = JSON.parse(paid) as { id: string };
    const followed = rowsOf((await asking('sniff', '--follow', id, ...past.slice(2))).stdout);
    expect(followed.map(({ command, from }) => `${from} ${command}`)).toEqual(['alpha:desk PAY', 'alpha:till PAID']);
    const { stdout, code } = await asking('why', 'p-2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alpha:desk → .*till PAY/m);
    expect(stdout).toContain('amount=7;correlation_id=p-2;pin=***');
    expect(stdout).not.toContain('p-1');
    await Promise.all([desk?.close(), till?.close()]);
  });
});

describe('top', () => {
  it('shows services, commands, flows and links, once', async () => {
    const web = cluster.client('web');
    const timer = setInterval(() => web.send('far/BUSY text=0123456789'), 2);
    try {
      let traffic: Traffic | undefined;
      await until('the rates are there', async () => {
        traffic = JSON.parse((await ask('top', '--once', '--json')).stdout) as Traffic;
        return traffic.commands.some(({ command }) => command === 'BUSY');
      });
      expect(traffic?.services.find(({ service }) => service.endsWith('web'))?.sent).toBeGreaterThan(1);
      expect(traffic?.flows.find(({ command }) => command === 'BUSY')).toMatchObject({ from: 'alpha:web' });
      expect(traffic?.links.map(({ server }) => server)).toEqual(['beta']);
      const { stdout, code } = await ask('top', '--once', '--all');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^2 machines {2}\d\d:\d\d:\d\d {2}[\d.k]+\/s messages, /);
      expect(stdout).toMatch(/^alpha:web → (beta)?:?far BUSY +[\d.k]+\/s/m);
      expect(stdout).toMatch(/^alpha – beta +[\d.k]+\/s/m);
      expect(await ask('top', '--once', '--server', 'beta', '--json')).toMatchObject({ code: 0 });
    } finally {
      clearInterval(timer);
    }
  });

  it('goes on, one line of JSON a picture, until it is told to end', async () => {
    const top = start('top', '--json', '--interval', '50ms');
    // More than the listeners that Node takes for a leak, and warns of.
    const lines = await top.lines(13);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ servers: ['alpha'], links: expect.any(Array) });
    expect(await top.stop()).toMatchObject({ code: 0 });
    expect(top.stderr()).not.toContain('Warning');
  });
});

it('services --check names instances that list less, and what is sent, not listed and refused', async () => {
  const [thumbs] = await Promise.all([
    cluster.join('thumbs', 'alpha', 'MAKE,DROP'),
    cluster.join('other', 'beta', 'MAKE'),
  ]);
  expect(await ask('services', 'thumbs', '--check')).toMatchObject({ code: 0, stdout: '' });
  const second = await LineClient.register({ port: cluster.daemon('beta').port }, 'thumbs', 'MAKE');
  await until('both instances are known', async () => {
    const { code, stdout } = await ask('services', 'thumbs', '--check');
    return code === 1 && stdout === 'thumbs: beta does not list DROP, other instances do\n';
  });
  const timer = setInterval(() => {
    cluster.client('web').send('alpha:thumbs/TURN by=90');
    thumbs.send('alpha:web/UNKNOWN command=TURN');
  }, 20);
  await until('what is not listed is told', async () => {
    const { stdout } = await ask('services', 'thumbs', '--check');
    return stdout.includes('thumbs: web sends TURN, which thumbs does not list\n');
  }).finally(() => clearInterval(timer));
  await second.close();
});

describe('history', () => {
  it('tells rates, and what came and went', async () => {
    const kindsNow = async (): Promise<string[]> => {
      history = JSON.parse((await ask('history', '--json')).stdout) as History & { server: string };
      return history.events.map(({ kind, server, service }) => `${kind} ${server} ${service ?? ''}`.trim());
    };
    let history: (History & { server: string }) | undefined;
    await cluster.join('guest', 'beta');
    // What is on other machines is looked at once a second.
    await until('the guest has come', async () => (await kindsNow()).includes('service-up beta guest'));
    await cluster.client('guest').close();
    await until('the guest has gone', async () => (await kindsNow()).includes('service-down beta guest'));
    expect(history).toMatchObject({ server: 'alpha', messages: expect.any(Array) });
    expect(await kindsNow()).toContain('server-up beta');
    const { stdout, code } = await ask('history');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alpha {2}\d+ (min|s)/);
    expect(stdout).toMatch(/service beta:guest came$/m);
    expect(await ask('history', '--server', 'beta', '--json')).toMatchObject({ code: 0 });
  });
});
