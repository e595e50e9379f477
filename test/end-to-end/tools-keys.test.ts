// What `snapcom keys` makes, in use: daemons that link over TLS, with certificates and with a password.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { until } from '../support/cluster.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { snapcom } from '../support/snapcom.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-keys-'));
const started: RunningDaemon[] = [];
const file = (name: string): string => join(directory, name);
const keys = async (stdin: string | undefined, ...words: string[]): Promise<void> => {
  const given = { env: {}, ...(stdin !== undefined && { stdin }) };
  expect(await snapcom(['keys', ...words, '--directory', directory], given)).toMatchObject({ code: 0 });
};

afterAll(async () => {
  for (const daemon of started) await daemon.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(name: string, ...args: string[]): Promise<RunningDaemon> {
  const daemon = await startDaemon({
    args: ['--server-name', name, '--certificate-authority', file('ca.crt'), ...args],
  });
  started.push(daemon);
  return daemon;
}

const pairOf = (name: string): string[] => ['--certificate', file(`${name}.crt`), '--private-key', file(`${name}.key`)];

it('links daemons by their certificates, and by a password', async () => {
  await keys(undefined, 'init');
  await keys(undefined, 'add', 'alpha', '--address', '127.0.0.1');
  await keys(undefined, 'add', 'beta');
  await keys('a pass word\n', 'password', 'gamma');
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  writeFileSync(file('credentials'), `scs://gamma@${address} a pass word\n`, { mode: 0o600 });
  const alpha = await start(
    'alpha',
    ...pairOf('alpha'),
    '--secure-listen',
    address,
    '--passwords-file',
    file('passwords'),
  );
  await start('beta', ...pairOf('beta'), '--neighbors', `scs://${address}`);
  await start('gamma', '--neighbors', `scs://gamma@${address}`, '--credentials-file', file('credentials'));
  const ask = (...words: string[]) => snapcom(words, { to: `sc://${alpha.unixPath}` });
  const links = async (): Promise<unknown[]> => {
    const lines = (await ask('links', '--json')).stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const { from, to, state, isSecure } = JSON.parse(line) as Record<string, unknown>;
      return [from, to, state, isSecure];
    });
  };
  await until(
    'both are linked',
    async () => (await links()).filter((link) => String(link).includes(',up,')).length === 2,
  );
  expect(await links()).toEqual([
    ['alpha', 'beta', 'up', true],
    ['alpha', 'gamma', 'up', true],
  ]);
  expect((await ask('map')).stdout).toMatch(/beta \d+ \(.*TLS.*\)/);
});
