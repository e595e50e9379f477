// What the recorders of three machines in a line, n1 – n2 – n3, say of messages: the same ids, each step, whatever the way.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import type { History, Ledger, MessageRecord, Traffic } from '@snapcommunicator/network/story';
import { decodeText, encodeMessage } from 'snapcommunicator/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { startDaemon } from '../support/daemon.ts';
import { balancedLedger } from '../support/ledger.ts';
import { LineClient } from '../support/line-client.ts';

const NAMES = ['n1', 'n2', 'n3'] as const;
type Name = (typeof NAMES)[number];

const ARGS = ['--compat-control'];
const cluster = new Cluster([
  { name: 'n1', args: ARGS },
  { name: 'n2', dials: ['n1'], args: ARGS },
  { name: 'n3', dials: ['n2'], args: ARGS },
]);

beforeAll(async () => {
  await cluster.start();
  await cluster.join('w1', 'n1', 'PING');
  await cluster.join('w2', 'n2', 'PING');
  await cluster.join('w3', 'n3', 'PING');
}, 60_000);
afterAll(() => cluster.stop());

/** Daemons that stand still. */
const stopped = new Set<Name>();

/** Asks the daemon of a machine, over a connection of its own. */
const ask = (name: Name, command: string, parameters: Readonly<Record<string, string>> = {}) =>
  askAt(cluster.daemon(name).port, command, parameters);

async function askAt(port: number, command: string, parameters: Readonly<Record<string, string>>) {
  const client = await LineClient.connect({ port });
  client.send(encodeMessage({ command, parameters }));
  const line = decodeText((await client.next(command)) ?? '');
  await client.close();
  if (line.kind !== 'message' || line.message.command !== command) throw new Error(JSON.stringify(line));
  return line.message.parameters;
}

async function records(name: Name, parameters: Readonly<Record<string, string>>): Promise<MessageRecord[]> {
  return JSON.parse((await ask(name, 'RECORDS', parameters))['records'] ?? '');
}

/** What became of it, step by step; a frame that is sent again passes again. */
const outcomes = (list: readonly MessageRecord[]): string[] =>
  list
    .map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome} ${reason}`))
    .filter((outcome, at, all) => outcome !== 'passed' || all[at - 1] !== 'passed');

/** Everything that the three machines know of a message of this command, by machine. */
async function story(command: string): Promise<Record<Name, MessageRecord[]>> {
  const known = await records('n1', { filter: `command==${command}` });
  const ids = new Set(known.map(({ id }) => id));
  expect(ids.size).toBe(1);
  const [id = ''] = ids as Set<string>;
  expect(id).toMatch(/^[0-9a-f]{16}\.\d+\.(\d+|\*|\?)\.\d+$/);
  const all = await Promise.all(NAMES.map((name) => (stopped.has(name) ? [] : records(name, { id }))));
  return { n1: all[0] ?? [], n2: all[1] ?? [], n3: all[2] ?? [] };
}

/** Waits until what n1 knows of a message ends so, and gives what is known of it. */
async function storyUntil(command: string, ...last: readonly string[]): Promise<Record<Name, string[]>> {
  let told: Record<Name, MessageRecord[]> = { n1: [], n2: [], n3: [] };
  await until(`${command} is ${last.join(', ')}`, async () => {
    if ((await records('n1', { filter: `command==${command}` })).length === 0) return false;
    told = await story(command);
    return last.every((outcome) => outcomes(told.n1).includes(outcome));
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${outcomes(told.n1).join(', ')}`);
  });
  return { n1: outcomes(told.n1), n2: outcomes(told.n2), n3: outcomes(told.n3) };
}

describe('records of a message have one id', () => {
  it('on the quick way', async () => {
    const w1 = cluster.client('w1');
    const w3 = cluster.client('w3');
    for (let n = 0; n < 3; n++) w1.send(`w3/QUICK n=${n}`);
    w1.send('w2/BETWEEN');
    for (let n = 3; n < 6; n++) w1.send(`w3/QUICK n=${n}`);
    for (let n = 0; n < 6; n++) await w3.expect(`<n1:w1 w3/QUICK n=${n}`);
    await cluster.client('w2').expect('<n1:w1 w2/BETWEEN');
    const first = await records('n1', { filter: 'command==QUICK' });
    const last = await records('n3', { filter: 'command==QUICK' });
    expect(first.map(({ id }) => id)).toEqual(last.map(({ id }) => id));
    expect(new Set(first.map(({ id }) => id)).size).toBe(6);
    expect(first[2]).toMatchObject({ from: 'n1:w1', to: 'n3:w3', outcome: 'sent', wentBy: 'n2', size: 20 });
    expect(last[2]).toMatchObject({ from: 'n1:w1', to: 'n3:w3', outcome: 'delivered', cameBy: 'n2', size: 20 });
    for (const { id = '' } of first) {
      const passages = await records('n2', { id });
      expect(outcomes(passages)).toEqual(['passed']);
      for (const passage of passages) expect(passage).toMatchObject({ cameBy: 'n1', wentBy: 'n3' });
      await until('it is acknowledged', async () => (await records('n1', { id })).length === 2);
      expect(outcomes(await records('n1', { id }))).toEqual(['sent', 'taken']);
      expect(outcomes(await records('n3', { id }))).toEqual(['delivered']);
    }
    const [between] = await records('n1', { filter: 'command==BETWEEN' });
    expect(await records('n2', { id: between?.id ?? '' })).toMatchObject([{ outcome: 'delivered', cameBy: 'n1' }]);
    expect(await records('n3', { id: between?.id ?? '' })).toEqual([]);
  });

  it('on the slow way, and among lines of the quick one', async () => {
    const w1 = cluster.client('w1');
    const w3 = cluster.client('w3');
    const lines = [
      'w3/MIXED n=0',
      'w3/MIXED n=1;cache=no',
      'w3/MIXED n=2',
      'w3/MIXED n=3;cache="ttl=30s"',
      'w3/MIXED n=4',
    ];
    w1.write(lines.map((line) => `${line}\n`).join(''));
    for (const line of lines) await w3.expect(`<n1:w1 ${line}`);
    const first = await records('n1', { filter: 'command==MIXED' });
    const last = await records('n3', { filter: 'command==MIXED' });
    expect(first.map(({ id }) => id)).toEqual(last.map(({ id }) => id));
    expect(new Set(first.map(({ id }) => id)).size).toBe(lines.length);
  });

  it('on one machine', async () => {
    const other = await LineClient.register({ port: cluster.daemon('n1').port }, 'near');
    cluster.client('w1').send('near/NEAR');
    await other.expect('<n1:w1 near/NEAR');
    expect(await storyUntil('NEAR', 'delivered')).toEqual({ n1: ['delivered'], n2: [], n3: [] });
    await other.close();
  });

  it('that is too long for a buffer', async () => {
    const text = 'x'.repeat(200_000);
    cluster.client('w1').send(`w3/LONG text=${text}`);
    await cluster.client('w3').expect(`<n1:w1 w3/LONG text=${text}`);
    expect(await storyUntil('LONG', 'taken')).toEqual({ n1: ['sent', 'taken'], n2: ['passed'], n3: ['delivered'] });
  });

  it('a broadcast', async () => {
    cluster.client('w1').send('*/PING');
    await cluster.client('w2').expect('<n1:w1 */PING');
    await cluster.client('w3').expect('<n1:w1 */PING');
    expect(await storyUntil('PING', 'delivered')).toEqual({ n1: ['delivered'], n2: ['delivered'], n3: ['delivered'] });
  });

  it('a command for another daemon', async () => {
    cluster.client('w1').send('n3:communicatord/ALIVE serial=1');
    await cluster.client('w1').expect(/ABSOLUTELY/);
    const { n3, n1 } = await storyUntil('ALIVE', 'taken');
    expect([n1, n3]).toEqual([['sent', 'taken'], ['delivered']]);
  });

  it('kept, and delivered when its service comes', async () => {
    await cluster.converse(`
      w3 leaves
      w1> w3/LATE n=1
      w3 comes
      w3< <n1:w1 w3/LATE n=1`);
    const { n1, n3 } = await storyUntil('LATE', 'taken');
    expect([n1, n3]).toEqual([['kept', 'sent', 'taken'], ['delivered']]);
  });

  it('durable', async () => {
    await cluster.converse('w1> w3/SURE cache=durable\nw3< <n1:w1 w3/SURE cache=durable');
    const { n1, n3 } = await storyUntil('SURE', 'taken confirmed');
    expect([n1, n3]).toEqual([['kept', 'sent', 'taken', 'taken confirmed'], ['delivered']]);
  });

  it('expired, returned', async () => {
    cluster.client('w1').send('ghost/GONE cache=ttl=10s');
    cluster.client('w1').send('n2:phantom/WRONG cache=no');
    expect(await storyUntil('WRONG', 'dropped absent')).toEqual({
      n1: ['sent', 'dropped absent'],
      n2: ['returned'],
      n3: [],
    });
    expect(await storyUntil('GONE', 'expired')).toEqual({ n1: ['kept', 'expired'], n2: [], n3: [] });
  }, 60_000);
});

it('a filter, a page, the newest', async () => {
  for (let n = 0; n < 25; n++) cluster.client('w1').send(`w3/PAGED n=${n}`);
  for (let n = 0; n < 25; n++) await cluster.client('w3').expect(`<n1:w1 w3/PAGED n=${n}`);
  const filter = 'command==PAGED && outcome==sent';
  const numbers: number[] = [];
  let after: string | undefined;
  do {
    const answer = await ask('n1', 'RECORDS', { filter, count: '10', ...(after !== undefined && { after }) });
    const page: MessageRecord[] = JSON.parse(answer['records'] ?? '');
    expect(page.length).toBeLessThanOrEqual(10);
    numbers.push(...page.map(({ number }) => number));
    after = answer['next'];
  } while (after !== undefined);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(numbers.length).toBe(25);
  const newest = await records('n1', { filter, count: '3', newest: 'true' });
  expect(newest.map(({ number }) => number)).toEqual(numbers.slice(-3));
  const [{ time = 0 } = {}] = newest;
  expect((await records('n1', { filter, since: String(time + 60) })).length).toBe(0);
  expect((await records('n1', { filter, until: String(time + 60) })).length).toBe(25);
  expect(await records('n1', { filter: 'command==NEVER' })).toEqual([]);
  await expect(ask('n1', 'RECORDS', { filter: 'comand==X' })).rejects.toThrow(/command/);
});

it('how much passes, and what came and went', async () => {
  const w1 = cluster.client('w1');
  const traffic = async (): Promise<Traffic> => JSON.parse((await ask('n1', 'TRAFFIC'))['traffic'] ?? '');
  for (let n = 0; n < 50; n++) w1.send(`w3/BUSY n=${n}`);
  for (let n = 0; n < 50; n++) await cluster.client('w3').expect(`<n1:w1 w3/BUSY n=${n}`);
  const { flows, services, commands, isSampled, seconds, links } = await traffic();
  expect({ isSampled, seconds }).toEqual({ isSampled: false, seconds: 1 });
  expect(flows).toContainEqual({ from: 'n1:w1', to: 'n3:w3', command: 'BUSY', messages: 50, bytes: 50 * 20 - 10 });
  expect(commands).toContainEqual({ command: 'BUSY', messages: 50, bytes: 990 });
  expect(services.find(({ service }) => service === 'n3:w3')?.received).toBeGreaterThanOrEqual(50);
  expect(links).toMatchObject([{ server: 'n2' }]);

  const history = async (name: Name): Promise<History> => JSON.parse((await ask(name, 'HISTORY'))['history'] ?? '');
  await cluster.client('w2').close();
  await until('n1 has noticed', async () =>
    (await history('n1')).events.some(
      ({ kind, server, service }) => kind === 'service-down' && server === 'n2' && service === 'w2',
    ),
  );
  const { events, messages, step, start } = await history('n1');
  const named = events.map(({ kind, server, peer, service }) => [kind, server, peer ?? service].join(' ').trim());
  expect(named).toEqual(
    expect.arrayContaining(['server-up n2', 'server-up n3', 'service-up n1 w1', 'service-up n3 w3']),
  );
  expect(named.filter((name) => name.startsWith('link-up')).map((name) => name.split(' ').sort())).toEqual(
    expect.arrayContaining([
      ['link-up', 'n1', 'n2'],
      ['link-up', 'n2', 'n3'],
    ]),
  );
  expect(messages.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(75);
  await cluster.join('w2', 'n2', 'PING');
  expect(start + messages.length * step).toBeCloseTo(Date.now() / 1000, -1);
});

const ledger = (name: Name): Promise<Ledger> => balancedLedger(cluster.daemon(name).port);

it('the ledgers balance, each by itself and with one another', async () => {
  const w1 = cluster.client('w1');
  for (let n = 0; n < 200; n++) w1.send(`w3/COUNTED n=${n}`);
  w1.send('nobody/COUNTED cache=no');
  w1.send('n3:nobody/COUNTED cache=no');
  w1.send('later/COUNTED');
  w1.send('n3:w3/COUNTED cache=durable');
  w1.send('*/PING counted=1');
  w1.send('./PING counted=1');
  w1.send('TELL_ALL service=w3;message="COUNTED n=all"');
  const got3 = cluster.client('w3');
  await until('all has arrived', () => got3.lines.length === 203);
  expect(got3.lines.splice(0).filter((line) => line.includes('COUNTED')).length).toBe(202);
  await until('nothing is under way', async () =>
    (await Promise.all(NAMES.map(ledger))).every(({ streams }) => streams.every(({ underWay }) => underWay === 0)),
  );
  const [n1, n2, n3] = (await Promise.all(NAMES.map(ledger))) as [Ledger, Ledger, Ledger];
  expect(n1.waiting).toBeGreaterThan(0);
  expect(n1.services.find(({ service }) => service === 'later')?.waiting).toBe(1);
  const given = n1.streams.find(({ server }) => server === 'n3');
  const got = n3.arrivals.find(({ server }) => server === 'n1');
  expect(got?.instance).toBe(n1.instance);
  expect((got?.lines ?? 0) - (got?.returned ?? 0)).toBe(given?.taken);
  expect(n3.broadcasts.arrived.find(({ server }) => server === 'n1')?.lines).toBe(n1.broadcasts.sent);
  const ends = [...n1.links, ...n2.links, ...n3.links];
  for (const { id, linesIn } of n1.links) {
    const other = ends.find((end) => end.id === id && end.server === 'n1');
    expect(other?.linesOut).toBe(linesIn);
  }
});

it('a machine that is lost stays in the graph as lost, until it is forgotten', async () => {
  const n3 = async () => {
    const graph: GraphDocument = JSON.parse((await ask('n1', 'GRAPH'))['graph'] ?? '');
    return graph.servers.find(({ name }) => name === 'n3');
  };
  expect(await n3()).toMatchObject({ isReachable: true });
  const killedAt = Date.now() / 1000;
  await cluster.daemon('n3').kill();
  await until('n3 is lost', async () => (await n3())?.isReachable === false);
  const { lostSince = 0, services } = (await n3()) ?? {};
  expect(lostSince - killedAt).toBeGreaterThan(-0.1);
  expect(lostSince - killedAt).toBeLessThan(20);
  expect(services).toMatchObject([{ name: 'w3' }]);
  const client = await LineClient.connect({ port: cluster.daemon('n1').port });
  client.send('FORGET server_name=n3');
  await until('n3 is forgotten', async () => (await n3()) === undefined);
  await client.close();
  await cluster.startDaemon('n3');
  await cluster.untilLinked();
  await until('n3 is back', async () => (await n3())?.isReachable === true);
  await cluster.join('w3', 'n3', 'PING');
});

it('a daemon that dies is one named entry', async () => {
  const before = (await ledger('n3')).instance;
  const { pid } = cluster.daemon('n3');
  process.kill(pid, 'SIGSTOP');
  stopped.add('n3');
  cluster.client('w1').send('w3/LOST n=1');
  expect(await storyUntil('LOST', 'sent')).toMatchObject({ n1: ['sent'], n2: ['passed'] });
  await cluster.daemon('n3').kill();
  await cluster.startDaemon('n3');
  await cluster.untilLinked();
  stopped.clear();
  expect(await storyUntil('LOST', 'unknown')).toEqual({ n1: ['sent', 'unknown'], n2: ['passed'], n3: [] });
  const n1 = await ledger('n1');
  expect(n1.streams.find(({ instance }) => instance === before)?.unknown).toBeGreaterThanOrEqual(1);
  expect(n1.streams.find(({ instance }) => instance === before)).toMatchObject({ isOver: true });
  expect((await ledger('n3')).instance).not.toBe(before);
  for (const name of NAMES) await ledger(name);
});

it('parameters are kept only where that was asked for, and never what is secret', async () => {
  const daemon = await startDaemon({ args: [...ARGS, '--recorder-payloads', '1MiB', '--redact', 'pin'] });
  try {
    const { port } = daemon;
    const from = await LineClient.register({ port }, 'from');
    const to = await LineClient.register({ port }, 'to');
    from.send('to/LOGIN user=a;password=b;pin=12');
    await to.expect('<alpha:from to/LOGIN user=a;password=b;pin=12');
    const answer = await askAt(port, 'RECORDS', { filter: 'p.user==a' });
    expect(JSON.parse(answer['records'] ?? '')).toMatchObject([
      { outcome: 'delivered', parameters: { user: 'a', password: '***', pin: '***' } },
    ]);
    expect(JSON.parse((await askAt(port, 'RECORDS', { filter: 'p.pin==12' }))['records'] ?? '')).toEqual([]);
  } finally {
    await daemon.stop();
  }
  const [record] = await records('n1', { filter: 'command==NEAR' });
  expect(record).not.toHaveProperty('parameters');
});
