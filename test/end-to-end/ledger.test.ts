// The ledgers of three machines in a line, n1 – n2 – n3, balance at every moment: under floods, with receivers that do not
// read, with daemons that stand still, die and come again.

import type { Ledger } from '@snapcommunicator/network/story';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { balancedLedger } from '../support/ledger.ts';

const ARGS = ['--compat-control', '--max-queue-size', '256KiB', '--stall-time', '50ms', '--pause-time', '100ms'];
const cluster = new Cluster([
  { name: 'n1', args: ARGS },
  { name: 'n2', dials: ['n1'], args: ARGS },
  { name: 'n3', dials: ['n2'], args: ARGS },
]);
const PAD = 'x'.repeat(3000);

beforeAll(async () => {
  await cluster.start();
  await cluster.join('a1', 'n1', 'CAST');
  await cluster.join('a2', 'n2', 'CAST');
  await cluster.join('a3', 'n3', 'CAST');
  await cluster.join('slow1', 'n1', 'CAST');
  await cluster.join('slow3', 'n3', 'CAST');
}, 60_000);
afterAll(() => cluster.stop());

const balanced = (name: string): Promise<Ledger> => balancedLedger(cluster.daemon(name).port);

/** Waits for a condition of all ledgers; each that is looked at meanwhile balances. */
async function untilBalanced(what: string, isTrue: (n1: Ledger, n2: Ledger, n3: Ledger) => boolean): Promise<void> {
  await until(what, async () => isTrue(await balanced('n1'), await balanced('n2'), await balanced('n3')));
}

const refused = ({ ended }: Ledger, reason: string): number => ended.refused[reason] ?? 0;
const isSettled = (...ledgers: readonly Ledger[]): boolean =>
  ledgers.every(({ streams }) => streams.every(({ isOver, underWay }) => isOver || underWay === 0));

it('under a flood for receivers that do not read, with every kind of message among it', async () => {
  const a1 = cluster.client('a1');
  cluster.client('slow1').socket.pause();
  cluster.client('slow3').socket.pause();
  const kinds = [
    `slow3/FLOOD p=${PAD}`,
    `slow1/FLOOD p=${PAD}`,
    'a3/OK n=1',
    'a2/OK n=1;transmission_report=always',
    'ghost/KEPT cache=ttl=10s',
    'n3:ghost/GONE cache=no',
    '*/CAST n=1',
    './CAST n=1',
    'a3/SURE cache=durable',
    'n2:communicatord/ALIVE serial=1',
  ];
  const block = kinds
    .map((line) => `${line}\n`)
    .join('')
    .repeat(100);
  await untilBalanced('both are refused messages', (n1, _n2, n3) => {
    void a1.write(block);
    return refused(n1, 'queue-full') > 0 && refused(n3, 'queue-full') > 0 && n1.ended.expired > 0;
  });
  cluster.client('slow1').socket.resume();
  cluster.client('slow3').socket.resume();
  await untilBalanced('all is settled', isSettled);
}, 60_000);

it('when a service is gone with its queue full', async () => {
  const a1 = cluster.client('a1');
  const slow = cluster.client('slow3');
  slow.socket.pause();
  for (let n = 0; n < 500; n++) a1.send(`slow3/FLOOD p=${PAD}`);
  const { came } = await balanced('n1');
  slow.socket.destroy();
  for (let n = 0; n < 500; n++) a1.send(`slow3/FLOOD p=${PAD}`);
  await cluster.untilKnown('n3:slow3', false);
  await untilBalanced(
    'all is settled',
    (n1, ...others) => n1.came.services > came.services && isSettled(n1, ...others),
  );
}, 60_000);

it('when a daemon in the middle stands still, and when it dies', async () => {
  const a1 = cluster.client('a1');
  const { pid } = cluster.daemon('n2');
  process.kill(pid, 'SIGSTOP');
  for (let n = 0; n < 2000; n++) a1.send(`a3/MORE n=${n}`);
  await until('they are under way', async () =>
    (await balanced('n1')).streams.some(({ underWay }) => underWay >= 2000),
  );
  process.kill(pid, 'SIGCONT');
  await untilBalanced('all is settled', isSettled);
  for (let n = 0; n < 2000; n++) a1.send(`a3/MORE n=${n}`);
  await cluster.daemon('n2').kill();
  for (let n = 0; n < 2000; n++) a1.send(`a3/MORE n=${n}`);
  await balanced('n1');
  await cluster.startDaemon('n2');
  await cluster.untilLinked();
  await untilBalanced('all is settled', isSettled);
}, 60_000);

it('when the last daemon dies with messages, and the first one', async () => {
  const a1 = cluster.client('a1');
  const { pid } = cluster.daemon('n3');
  const life = (await balanced('n3')).instance;
  process.kill(pid, 'SIGSTOP');
  for (let n = 0; n < 2000; n++) a1.send(`a3/MORE n=${n}`);
  a1.send('a3/SURE cache=durable;n=9');
  await until('they are under way', async () =>
    (await balanced('n1')).streams.some(({ underWay }) => underWay >= 2000),
  );
  await cluster.daemon('n3').kill();
  await cluster.startDaemon('n3');
  await cluster.untilLinked();
  await untilBalanced('they are unknown', ({ streams }) =>
    streams.some(({ instance, isOver, unknown }) => instance === life && isOver && unknown >= 2000),
  );
  expect((await balanced('n1')).waiting).toBeGreaterThan(0);
  await cluster.restart('n1');
  const { came, instance } = await balanced('n1');
  expect(came.restored).toBe(1);
  await untilBalanced('n3 knows the new life', (_n1, _n2, { arrivals }) =>
    arrivals.every(({ server, isOver, instance: each }) => server !== 'n1' || isOver === (each !== instance)),
  );
}, 60_000);
