// The tools for the cluster against three daemons in a line: what they print, and how they end.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GraphDocument, readGraph } from '@snapcommunicator/network/atlas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { LineClient } from '../support/line-client.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-tools-'));
const secret = join(directory, 'secret');
writeFileSync(secret, 'a secret that all three know\n', { mode: 0o600 });
const args = ['--cluster-secret-file', secret];

const cluster = new Cluster([
  { name: 'alpha', args },
  { name: 'beta', args, dials: ['alpha'] },
  { name: 'gamma', args, dials: ['beta'] },
]);
const running: RunningSnapcom[] = [];

const socketOf = (name: string): string => `sc://${cluster.daemon(name).unixPath}`;
const ask = (...words: string[]) => snapcom(words, { to: socketOf('alpha') });

async function askJson<T = Record<string, unknown>>(...words: string[]): Promise<T[]> {
  const { stdout } = await ask(...words, '--json');
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as T);
}

async function graph(): Promise<GraphDocument> {
  const { stdout } = await ask('map', '--format', 'json');
  const reading = readGraph(stdout);
  if ('problem' in reading) throw new Error(reading.problem);
  return reading.graph;
}

/** A service that answers for itself, known to alpha. */
async function service(name: string, server: string): Promise<void> {
  const one = startSnapcom(['listen', name, 'PING'], { to: socketOf(server) });
  running.push(one);
  await one.said(`listening as ${server}:${name}`);
  await until(`alpha knows ${server}:${name}`, async () => {
    const rows = await askJson('services', name);
    return rows.some((row) => row['server'] === server && row['status'] === 'up');
  });
}

beforeAll(async () => {
  await cluster.start();
  await service('web', 'alpha');
  await service('db', 'beta');
  await service('db', 'gamma');
  await service('mail', 'gamma');
}, 60_000);

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop('SIGKILL')));
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('map', () => {
  it('draws machines with services and links', async () => {
    const { code, stdout, stderr } = await ask('map');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^3 machines, 3 services: all well\n/);
    expect(stdout).toMatch(/^ {2}┌─● alpha {2}here, /m);
    expect(stdout).toMatch(/^└───● gamma {2}cost \d+ by beta, /m);
    expect(stdout).toMatch(/runs db mail$/m);
    expect(stdout).toMatch(/to {3}alpha \d+ \(.*ms.*\), gamma \d+ \(.*ms.*\)$/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('tells round trips of links that are not its own', async () => {
    const { links, seenFrom } = await graph();
    expect(seenFrom).toBe('alpha');
    expect(links.map(({ from, to, state }) => [from, to, state])).toEqual([
      ['alpha', 'beta', 'up'],
      ['beta', 'gamma', 'up'],
    ]);
    for (const { roundTripMs } of links) expect(roundTripMs).toBeGreaterThan(0);
  });

  it.each([
    ['dot', /^graph communicators \{/],
    ['mermaid', /^flowchart LR\n/],
    ['svg', /^<svg xmlns=.*<\/svg>\n$/s],
  ])('draws as %s', async (format, shape) => {
    const { code, stdout } = await ask('map', '--format', format);
    expect(code).toBe(0);
    expect(stdout).toMatch(shape);
    expect(stdout).toContain('gamma');
  });

  it('refuses a format that it does not have', async () => {
    expect(await ask('map', '--format', 'png')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('tables', () => {
  it('servers', async () => {
    const { code, stdout } = await ask('servers');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SERVER +STATUS +SINCE +COST +BY +LOAD +SERVICES +VERSION +ADDRESS\n/);
    expect(stdout).toMatch(/^alpha +up .* 0 +here .* 1 .* 127\.\d+\.\d+\.2:4042$/m);
    expect(stdout).toMatch(/^beta +up .* direct /m);
    expect(await askJson('servers', 'GAMMA')).toEqual([
      expect.objectContaining({ name: 'gamma', status: 'up', nextHops: ['beta'] }),
    ]);
    expect(await ask('servers', 'delta')).toMatchObject({ code: 1, stdout: '' });
  });

  it('links', async () => {
    const { code, stdout } = await ask('links');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alpha +beta +up +[\d/]+ +[\d.]+ ms/m);
    expect(stdout).toMatch(/^beta +gamma +up +[\d/]+ +[\d.]+ ms/m);
    expect(await askJson('links', 'alpha')).toHaveLength(1);
    expect(await ask('links', 'delta')).toMatchObject({ code: 2 });
  });

  it('services, with what only their own daemons know', async () => {
    const rows = await askJson('services');
    expect(rows.map(({ server, service: name }) => [server, name].join(':'))).toEqual([
      'beta:db',
      'gamma:db',
      'gamma:mail',
      'alpha:web',
    ]);
    for (const row of rows) {
      expect(row['up_since']).toBeGreaterThan(0);
      expect(row['commands']).toContain('PING');
    }
    expect(await ask('services', 'nobody')).toMatchObject({ code: 1 });
  });
});

describe('route', () => {
  it('tells path, reason and the next best', async () => {
    const { code, stdout } = await ask('route', 'db');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^path +alpha → beta$/m);
    expect(stdout).toMatch(/^why +the nearest of 2 instances: gamma costs \d+$/m);
    expect(stdout).toMatch(/^next +alpha → beta → gamma {2}cost \d+, if beta is lost$/m);
  });

  it.each([
    [['mail'], ['alpha', 'beta', 'gamma']],
    [['gamma:db'], ['alpha', 'beta', 'gamma']],
    [
      ['web', '--from', 'gamma'],
      ['gamma', 'beta', 'alpha'],
    ],
    [['db', '--from', 'gamma'], ['gamma']],
    [['beta:communicatord'], ['alpha', 'beta']],
  ])('%j', async (words, path) => {
    expect(await askJson('route', ...words)).toEqual([expect.objectContaining({ paths: [path] })]);
  });

  it.each([
    [['nobody'], 4, 'no machine has nobody'],
    [['db', '--without', 'beta'], 4, 'no way from alpha to gamma'],
    [['db', '--from', 'delta'], 2, 'no machine is called delta'],
  ])('%j ends with %i', async (words, code, message) => {
    expect(await ask('route', ...words)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
  });
});

describe('trace', () => {
  it('goes hop by hop to the service', async () => {
    const { code, stdout } = await ask('trace', 'mail');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ 1 {2}alpha +[\d.]+ .s {2}→ beta, cost \d+ from here$/),
      expect.stringMatching(/^ 2 {2}beta +[\d.]+ .s {2}→ gamma, cost \d+ from here$/),
      expect.stringMatching(/^ 3 {2}gamma +[\d.]+ .s$/),
      expect.stringMatching(/^ 4 {2}gamma:mail +[\d.]+ .s {2}answers$/),
    ]);
  });

  it('stops where the nearest instance is', async () => {
    expect((await askJson('trace', 'db')).map(({ at }) => at)).toEqual(['alpha', 'beta', 'beta:db']);
    expect((await askJson('trace', 'gamma:')).map(({ at }) => at)).toEqual(['alpha', 'beta', 'gamma']);
    expect((await askJson('trace', 'web')).map(({ at }) => at)).toEqual(['alpha', 'alpha:web']);
  });

  it.each(['nobody', 'beta:mail', 'delta:db'])('finds no way to %s', async (address) => {
    expect(await ask('trace', address)).toMatchObject({ code: 4, stderr: expect.stringContaining('no way') });
  });
});

describe('what-if', () => {
  it.each([
    ['beta', 1, /alpha {2}loses {2}gamma\n.*services db mail\n.*gamma {2}loses {2}alpha/s],
    ['alpha-beta', 1, /beta gamma {2}lose {2}alpha/],
    ['gamma', 0, /nobody loses anybody\n.*: mail\n/],
    ['alpha', 0, /nobody loses anybody/],
  ])('without %s: %i', async (what, code, told) => {
    const result = await ask('what-if', '--without', what);
    expect(result.code).toBe(code);
    expect(result.stdout).toMatch(told);
  });

  it('reads a graph that was saved', async () => {
    const file = join(directory, 'graph.json');
    writeFileSync(file, (await ask('map', '--format', 'json')).stdout);
    const nowhere = { to: 'sc://127.0.0.1:1' };
    expect(await snapcom(['what-if', '--topology', file, '--without', 'beta'], nowhere)).toMatchObject({ code: 1 });
    expect(await snapcom(['map', '--topology', file], nowhere)).toMatchObject({ code: 0 });
    const wrong = await snapcom(['map', '--topology', secret], nowhere);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('is no graph') });
  });

  it.each([[[]], [['--without', 'delta']], [['--without', 'alpha-gamma']]])('%j is wrong usage', async (words) => {
    expect(await ask('what-if', ...words)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('status', () => {
  it('is well', async () => {
    const { code, stdout } = await ask('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cluster +well +up, complete: 3 machines/m);
    expect(stdout).toMatch(/^graph +well +3 machines, 3 services: all well$/m);
    expect(await askJson('status')).toEqual([
      expect.objectContaining({ well: true, graph: expect.objectContaining({ well: true, problems: [] }) }),
    ]);
  });
});

describe('sniff', () => {
  /** Sniffs until one message has been shown; meanwhile another sends. */
  async function sniffed(words: readonly string[], send: readonly string[]): Promise<Record<string, unknown>[]> {
    const one = startSnapcom(['sniff', 'command==NOTE', '--json', ...words], { to: socketOf('alpha') });
    running.push(one);
    await one.said('sniffing');
    expect(await ask('send', ...send)).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await one.ended();
    expect(code).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('shows the traffic of another machine', async () => {
    const [seen] = await sniffed(['--server', 'gamma', '--count', '1'], ['mail/NOTE', 'n=1']);
    expect(seen).toMatchObject({ to: 'gamma:mail', command: 'NOTE', outcome: 'delivered', parameters: { n: '1' } });
    expect(seen?.['from']).toMatch(/^alpha:snapcom_/);
  });

  it('shows a message where it is sent and where it arrives, under one id', async () => {
    const seen = await sniffed(['--all', '--count', '2'], ['mail/NOTE', 'n=2']);
    const byPlace = new Map(seen.map((each) => [each['at'], each]));
    expect([...byPlace.keys()].sort()).toEqual(['alpha', 'gamma']);
    expect(byPlace.get('alpha')).toMatchObject({ outcome: 'sent', parameters: { n: '2' } });
    expect(byPlace.get('gamma')).toMatchObject({ outcome: 'delivered', id: byPlace.get('alpha')?.['id'] });
  });

  it('keeps what nobody looks at any more for a short time only', async () => {
    const wire = await LineClient.connect({ path: cluster.daemon('alpha').unixPath }, 'viewer');
    wire.send('REGISTER service=viewer;version=1;transient=true');
    await wire.expect(/ HELP$/);
    await wire.expect(/ READY /);
    wire.send('gamma:communicatord/SNIFF filter="command==NOTE"');
    await wire.expect(/viewer_\d+\/SNIFFING/);
    wire.send('gamma:mail/NOTE n=3');
    await wire.expect(/viewer_\d+\/SNIFFED cache="?ttl=10s"?;/);
    await wire.close();
  });

  it.each([
    [['--server', 'delta'], 4],
    [['--server', 'beta', '--all'], 2],
    [['--all', '--read', '-'], 2],
  ])('%j ends with %i', async (words, code) => {
    expect(await ask('sniff', ...words)).toMatchObject({ code, stdout: '' });
  });
});

describe('drain', () => {
  it('moves traffic to other instances, and back', async () => {
    const drained = await ask('drain', 'beta');
    expect(drained).toMatchObject({ code: 0, stdout: 'beta is drained: nothing is under way\n' });
    expect(drained.stderr).toContain('some reach others only through beta');
    expect(await askJson('servers', 'beta')).toEqual([expect.objectContaining({ status: 'draining' })]);
    expect((await askJson('trace', 'db')).map(({ at }) => at)).toEqual(['alpha', 'beta', 'gamma', 'gamma:db']);
    expect((await ask('route', 'db')).stdout).toContain('beta is nearer, but draining');
    expect(await ask('drain', 'beta', '--undo')).toMatchObject({ code: 0, stdout: 'beta takes traffic again\n' });
    await until('db is asked for at beta again', async () => {
      const hops = await askJson('trace', 'db');
      return hops.at(-1)?.['at'] === 'beta:db';
    });
  });

  it('needs a privilege', async () => {
    const port = `sc://127.0.0.1:${cluster.daemon('alpha').port}`;
    expect(await snapcom(['drain'], { to: port })).toMatchObject({ code: 6, stdout: '' });
    expect(await askJson('servers', 'alpha')).toEqual([expect.objectContaining({ status: 'up' })]);
  });
});

describe('a machine that is lost', () => {
  it('is seen by all tools', async () => {
    await cluster.daemon('gamma').kill();
    await until('gamma is lost', async () => (await ask('servers', 'gamma')).code === 1);
    const { stdout } = await ask('map');
    expect(stdout).toMatch(
      /^3 machines, 2 services: 1 problem\n {2}✕ gamma cannot be reached \(lost \d+ s ago\), and mail/,
    );
    expect(stdout).toMatch(/✕ gamma {2}lost \d+ s ago/);
    expect(await ask('status')).toMatchObject({ code: 1 });
    expect(await askJson('services', 'mail')).toEqual([expect.objectContaining({ server: 'gamma', status: 'lost' })]);
    expect(await ask('services', 'mail')).toMatchObject({ code: 1 });
    expect(await ask('trace', 'mail')).toMatchObject({ code: 4 });
    expect(await ask('route', 'mail')).toMatchObject({ code: 4 });
  });
});
