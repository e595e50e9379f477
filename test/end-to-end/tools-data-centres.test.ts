// The tools for the cluster over two data centres, of which daemons tell each other only summaries.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { type RunningSnapcom, snapcom, startSnapcom } from '../support/snapcom.ts';

const east = ['--data-center', 'east'];
const west = ['--data-center', 'west'];
const running: RunningSnapcom[] = [];
const cluster = new Cluster([
  { name: 'e1', args: east },
  { name: 'e2', args: east, dials: ['e1'] },
  { name: 'w1', args: west, dials: ['e2'] },
  { name: 'w2', args: west, dials: ['w1'] },
]);
const askE1 = (...words: string[]) => snapcom(words, { to: `sc://${cluster.daemon('e1').unixPath}` });

beforeAll(async () => {
  for (const name of ['e1', 'e2', 'w1', 'w2']) await cluster.startDaemon(name);
  const one = startSnapcom(['listen', 'mail', 'PING'], { to: `sc://${cluster.daemon('w2').unixPath}` });
  running.push(one);
  await one.said('listening as w2:mail');
  await until('e1 knows w2:mail', async () => (await askE1('trace', 'mail')).code === 0);
}, 60_000);

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop('SIGKILL')));
  await cluster.stop();
});

it('are on one map, with what their own machines know', async () => {
  // Round trips are known when hellos have been answered.
  let stdout = '';
  await until('w1 and w2 have measured their link', async () => {
    ({ stdout } = await askE1('map'));
    return /to {3}w1 \d+ \(.*ms.*\)$/m.test(stdout);
  });
  expect(stdout).toMatch(/^4 machines, 1 service, 2 data centres: all well\n/);
  expect(stdout).toMatch(/^.* east: 2 machines$/m);
  expect(stdout).toMatch(/^.* west: 2 machines, cost \d+$/m);
  expect(stdout).toMatch(/║/);
});

it('are crossed by route, trace and what-if', async () => {
  const hops = (await askE1('trace', 'mail', '--json')).stdout.trimEnd().split('\n');
  const places = ['e1', 'e2', 'w1', 'w2'];
  expect(hops.map((line) => (JSON.parse(line) as { at: string }).at)).toEqual([...places, 'w2:mail']);
  expect((await askE1('route', 'mail')).stdout).toMatch(/^path +e1 → e2 → w1 → w2$/m);
  expect(await askE1('what-if', '--without', 'e2-w1')).toMatchObject({ code: 1 });
  expect((await askE1('services', '--json')).stdout).toMatch(/"server":"w2","service":"mail","status":"up","up_since"/);
});
