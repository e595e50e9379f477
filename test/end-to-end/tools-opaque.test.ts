// The tools for the cluster with a C++ daemon in it: shown as what it is, and nothing guessed of what is behind it.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { snapcom } from '../support/snapcom.ts';

const args = ['--alive-interval', '1h', '--compat-control'];
const cluster = new Cluster([
  { name: 'n1', args },
  { name: 'n2', args, dials: ['n1'] },
]);
const ask = (...words: string[]) => snapcom(words, { to: `sc://${cluster.daemon('n1').unixPath}` });

beforeAll(async () => {
  await cluster.start();
  await cluster.connectPeer('old', 'n2', 'old', ';services=sendmail;heard_of=firewall');
  await until('n1 knows of it', async () => (await ask('servers', 'old')).code === 0);
}, 60_000);

afterAll(() => cluster.stop());

it('map, servers and links', async () => {
  const { code, stdout } = await ask('map');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^3 machines, 1 service: all well\n/);
  expect(stdout).toMatch(/○ old {2}.*of another kind: what is behind it nobody knows/);
  expect(stdout).toMatch(/runs sendmail\n.*heard of firewall\n/);
  expect((await ask('servers')).stdout).toMatch(/^old +opaque /m);
  expect((await ask('links')).stdout).toMatch(/^n2 +old +up .* opaque$/m);
  expect((await ask('map', '--format', 'svg')).stdout).toContain('C++ daemon');
});

it('services, route and trace', async () => {
  expect((await ask('services', 'sendmail')).stdout).toMatch(/^sendmail +old +up/m);
  expect((await ask('route', 'sendmail')).stdout).toMatch(/^path +n1 → n2 → old$/m);
  const { code, stdout } = await ask('trace', 'sendmail');
  expect(code).toBe(0);
  expect(stdout).toMatch(/ 2 {2}n2 .* gives it to C\+\+ daemons: what is behind them nobody knows\n$/);
});

it('what-if', async () => {
  expect(await ask('what-if', '--without', 'n2')).toMatchObject({ code: 1 });
  expect(await ask('what-if', '--without', 'old')).toMatchObject({ code: 0 });
});
