// The tools for the cluster against three daemons in a line: what they print, and how they end.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGraph } from '@snapcommunicator/network/atlas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

const cluster = new Cluster([
  { name: 'alpha' },
  { name: 'beta', dials: ['alpha'] },
  { name: 'gamma', dials: ['beta'], args: ['--data-center', ''] },
]);
const directory = mkdtempSync(join(tmpdir(), 'snapcom-tools-'));
const running: RunningSnapcom[] = [];

const socketOf = (name: string): string => `sc://${cluster.daemon(name).unixPath}`;
const portOf = (name: string): string => `sc://127.0.0.1:${cluster.daemon(name).port}`;
const ask = (...args: string[]) => snapcom(args, { to: socketOf('alpha') });
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A service that answers for itself, known to alpha. */
async function service(name: string, server: string): Promise<void> {
  const one = startSnapcom(['listen', name, 'PING'], { to: socketOf(server) });
  running.push(one);
  await one.said(`listening as ${server}:${name}`);
  await until(`alpha knows ${server}:${name}`, async () => {
    const { stdout } = await ask('services', name, '--json');
    return stdout !== '' && jsonLines(stdout).some((row) => row['server'] === server);
  });
}

beforeAll(async () => {
  await cluster.start();
  await service('web', 'alpha');
  await service('db', 'beta');
  await service('db', 'gamma');
  await service('mail', 'gamma');
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop('SIGKILL')));
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('map', () => {
  it('draws machines with services and links', async () => {
    const { code, stdout, stderr } = await ask('map');
    console.log(stdout);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
  it('x', async () => {
    for (const args of [['servers'], ['links'], ['services'], ['route', 'db'], ['route', 'mail'], ['route','db','--without','beta'], ['trace', 'mail'], ['trace', 'gamma:'], ['trace','nobody'], ['what-if', '--without', 'beta'], ['what-if', '--without', 'gamma'], ['what-if','--without','alpha-beta'], ['status'], ['drain', 'beta'], ['servers'], ['route', 'db'], ['trace','db'], ['drain', 'beta', '--undo'], ['map', '--format', 'json'], ['links','--json']]) {
      const r = await ask(...args);
      console.log(args.join(' '), r.code, '\n' + r.stdout + r.stderr);
    }
  }, 100000);
});
