// Flags through real daemons in a line: by the tool, the library and datagrams; kept on disk, seen across the cluster.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Communicator, CommunicatorError, connect, type Flag, readFlags } from 'snapcommunicator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { startDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';
import { snapcom } from '../support/snapcom.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-flags-'));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, 'a secret for datagrams\n', { mode: 0o600 });
// With a cluster secret daemons believe each other when a machine is to be forgotten.
const clusterSecretFile = join(directory, 'cluster-secret');
writeFileSync(clusterSecretFile, 'a secret that all three know\n', { mode: 0o600 });
const args = [
  '--cluster-secret-file',
  clusterSecretFile,
  '--max-flags',
  '5',
  '--max-flag-message',
  '40',
  '--flag-interval',
  '1s',
];

const cluster = new Cluster([
  { name: 'alpha', args: [...args, '--signal-secret-file', secretFile] },
  { name: 'beta', args, dials: ['alpha'] },
  { name: 'gamma', args, dials: ['beta'] },
]);
const socketOf = (name: string): string => `sc://${cluster.daemon(name).unixPath}`;
const flag = (name: string, ...words: string[]) => snapcom(['flag', ...words], { to: socketOf(name) });
const join3 = (service?: string, at = 'alpha'): Promise<Communicator> =>
  connect({ ...(service !== undefined && { service }), address: socketOf(at) });

/** One connection to each daemon; when that is started again, it comes back by itself. */
const watchers = new Map<string, Communicator>();

async function flagsAt(name: string): Promise<readonly Flag[]> {
  const watcher = watchers.get(name) ?? (await connect({ address: socketOf(name), backoff: { minMs: 20, maxMs: 50 } }));
  watchers.set(name, watcher);
  const { parameters } = await watcher.request('', 'FLAGS');
  return readFlags(parameters['flags'] ?? '') ?? [];
}

const titlesAt = async (name: string): Promise<string[]> =>
  (await flagsAt(name)).map(
    ({ server, unit, section, name: last, isLost }) => `${server} ${unit}/${section}/${last}${isLost ? ' lost' : ''}`,
  );

const untilSeen = (name: string, titles: readonly string[]): Promise<void> =>
  until(`${name} sees ${titles.join(', ') || 'no flag'}`, async () => (await titlesAt(name)).join() === titles.join());

beforeAll(() => cluster.start(), 60_000);
afterAll(async () => {
  await Promise.all([...watchers.values()].map((watcher) => watcher.close()));
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

afterEach(async () => {
  for (const name of ['alpha', 'beta', 'gamma']) {
    for (const { server, unit, section, name: last } of await flagsAt(name)) {
      const words = { unit, section, name: last, by_hand: 'true' };
      if (server === name) await watchers.get(name)?.request('', 'FLAG_DOWN', words);
    }
  }
  for (const name of ['alpha', 'beta', 'gamma']) await untilSeen(name, []);
}, 60_000);

describe('snapcom flag', () => {
  it('ends as raise-flag does', async () => {
    expect(await flag('alpha', 'raised')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await flag('alpha', 'count')).toMatchObject({ code: 0, stdout: '0\n' });
    expect(await flag('alpha', 'list')).toMatchObject({ code: 0, stdout: '' });
    expect(await flag('alpha', 'up', 'mail', 'queue', 'full', 'it is full')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await flag('alpha', 'raised')).toEqual({ code: 1, stdout: '', stderr: '' });
    expect(await flag('alpha', 'count')).toMatchObject({ code: 1, stdout: '1\n' });
    expect(await flag('alpha', 'raised', 'web')).toMatchObject({ code: 0 });
    expect(await flag('alpha', 'raised', 'MAIL', 'queue')).toMatchObject({ code: 1 });
    expect(await flag('alpha', 'down', 'mail', 'queue', 'full')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await flag('alpha', 'down', 'mail', 'queue', 'full')).toMatchObject({ code: 0 });
    expect(await flag('alpha', 'raised')).toMatchObject({ code: 0 });
    expect(await flag('alpha', 'up', 'mail/queue/full', 'it is full')).toMatchObject({ code: 0 });
    expect(await flag('alpha', 'raised', 'mail/queue')).toMatchObject({ code: 1 });
    expect(await flag('alpha', 'down', 'mail/queue/full', '--json')).toMatchObject({
      stdout: '{"unit":"mail","section":"queue","name":"full","state":"down","count":1}\n',
    });
  });

  it('tells all that was said of a flag', async () => {
    const said = ['--priority', '60', '--tag', 'disk,mail', '--tag', 'night', '--manual', '--line', '7'];
    await flag(
      'alpha',
      'up',
      'Mail',
      'queue',
      'full',
      'it is full',
      ...said,
      '--source-file',
      'a.sh',
      '--function',
      'f',
    );
    await flag('alpha', 'up', 'web', 'cache', 'cold', 'it is cold');
    const before = Date.now() / 1000;
    const again = await flag('alpha', 'up', 'web', 'cache', 'cold', 'colder', '--json');
    expect(JSON.parse(again.stdout)).toEqual({ unit: 'web', section: 'cache', name: 'cold', state: 'up', count: 2 });
    const [first, second] = await flagsAt('alpha');
    expect(first).toEqual({
      server: 'alpha',
      unit: 'mail',
      section: 'queue',
      name: 'full',
      message: 'it is full',
      priority: 60,
      tags: ['disk', 'mail', 'night'],
      isManual: true,
      count: 1,
      raisedAt: expect.any(Number),
      modifiedAt: expect.any(Number),
      raisedBy: expect.stringMatching(/^snapcom/),
      sourceFile: 'a.sh',
      function: 'f',
      line: 7,
    });
    expect(second).toMatchObject({ message: 'colder', priority: 5, tags: [], isManual: false, count: 2 });
    expect(second?.modifiedAt).toBeGreaterThan(before - 60);
    const { stdout } = await flag('alpha', 'list');
    expect(stdout).toMatch(/^PRIORITY +FLAG +SERVER +UP +COUNT +LOWERED +TAGS +MESSAGE\n/);
    expect(stdout).toMatch(/^ +60 +mail\/queue\/full +alpha .* 1 +by hand +disk mail night +it is full$/m);
    expect((await flag('alpha', 'count', '--tag', 'disk')).stdout).toBe('1\n');
    expect((await flag('alpha', 'count', '--server', 'beta')).stdout).toBe('0\n');
  });

  it.each([
    [['up', 'mail', 'queue', 'full']],
    [['up', 'mail', 'queue', 'full', 'two', 'words']],
    [['up', 'mail', 'que_ue', 'full', 'm']],
    [['up', '9mail', 'queue', 'full', 'm']],
    [['up', 'mail', 'queue', 'full', 'm', '--priority', '101']],
    [['up', 'mail', 'queue', 'full', 'm', '--manual', '--automatic']],
    [['up', 'mail', 'queue', 'full', 'm', '--tag', 'a--b']],
    [['down', 'mail', 'queue']],
    [['down', 'mail', 'queue', 'full', '--priority', '5']],
    [['list', 'a', 'b', 'c', 'd']],
    [['lower', 'mail', 'queue', 'full']],
    [[]],
  ])('refuses %j', async (words) => {
    expect(await flag('alpha', ...words)).toMatchObject({ code: 2, stdout: '' });
    expect(await titlesAt('alpha')).toEqual([]);
  });

  it('speaks to datagram listeners, with the secret', async () => {
    const to = `scu://127.0.0.1:${cluster.daemon('alpha').signalPort}`;
    const proof = ['--signal-secret-file', secretFile];
    const up = ['flag', 'up', 'backup', 'disk', 'full', 'no room; "none" at all'];
    expect(await snapcom(up, { to })).toMatchObject({ code: 0 });
    expect(await snapcom([...up, ...proof], { to })).toEqual({ code: 0, stdout: '', stderr: '' });
    await untilSeen('alpha', ['alpha backup/disk/full']);
    const [raised] = await flagsAt('alpha');
    expect(raised).toMatchObject({ raisedBy: '', message: 'no room; "none" at all', count: 1 });
    await snapcom(['flag', 'down', 'backup', 'disk', 'full', ...proof], { to });
    await untilSeen('alpha', []);
  });

  it('raises no more than there may be, and says so', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await flag('alpha', 'up', 'many', 'flags', name, 'm');
    const refused = await flag('alpha', 'up', 'many', 'flags', 'f', 'm');
    expect(refused).toMatchObject({ code: 6, stdout: '' });
    expect(refused.stderr).toContain('max_flags');
    expect((await titlesAt('alpha'))[0]).toBe('alpha communicatord/flags/too-many');
    await flag('alpha', 'down', 'many', 'flags', 'a');
    await until('there is room', async () => (await titlesAt('alpha')).length === 4);
  });

  it('cuts a message that is too long', async () => {
    await flag('alpha', 'up', 'mail', 'queue', 'full', 'x'.repeat(50));
    expect((await flagsAt('alpha'))[0]?.message).toBe(`${'x'.repeat(39)}…`);
  });

  it('completes its actions', async () => {
    const { stdout } = await snapcom(['complete', '--', 'flag', '']);
    expect(stdout).toMatch(/^raised/m);
  });
});

describe('across the cluster', () => {
  it('is seen from everywhere, raised and lowered for another machine too', async () => {
    await flag('alpha', 'up', 'mail', 'queue', 'full', 'it is full');
    await flag('alpha', 'up', 'db', 'disk', 'slow', 'it is slow', '--priority', '70', '--server', 'gamma');
    for (const name of ['alpha', 'beta', 'gamma'])
      await untilSeen(name, ['gamma db/disk/slow', 'alpha mail/queue/full']);
    expect((await flagsAt('beta'))[0]?.raisedBy).toMatch(/^alpha:snapcom/);
    expect(await flag('beta', 'down', 'mail', 'queue', 'full')).toMatchObject({
      code: 0,
      stderr: 'snapcom: mail/queue/full is not up on beta, and stays up on alpha: give --server\n',
    });
    await flag('beta', 'down', 'mail', 'queue', 'full', '--server', 'alpha');
    for (const name of ['alpha', 'beta', 'gamma']) await untilSeen(name, ['gamma db/disk/slow']);
    expect(await flag('alpha', 'up', 'a', 'b', 'c', 'm', '--server', 'nowhere')).toMatchObject({ code: 4 });
  });

  it('is kept on disk through the death of its daemon, and shown as of a lost machine meanwhile', async () => {
    await flag('gamma', 'up', 'mail', 'queue', 'full', 'it is full', '--manual');
    await flag('gamma', 'up', 'mail', 'queue', 'full', 'it is full', '--manual');
    await untilSeen('alpha', ['gamma mail/queue/full']);
    await cluster.daemon('gamma').kill();
    await untilSeen('alpha', ['gamma mail/queue/full lost']);
    expect((await flag('alpha', 'list')).stdout).toContain('gamma (lost)');
    expect((await flag('alpha', 'raised')).code).toBe(1);
    // Who comes now hears of it from who knew it.
    await cluster.daemon('alpha').kill();
    await cluster.startDaemon('alpha');
    await untilSeen('alpha', ['gamma mail/queue/full lost']);
    await cluster.startDaemon('gamma');
    await untilSeen('alpha', ['gamma mail/queue/full']);
    const [kept] = await flagsAt('gamma');
    expect(kept).toMatchObject({ isManual: true, message: 'it is full' });
    // What only counts is written a little later.
    expect([1, 2]).toContain(kept?.count);
    await flag('gamma', 'down', 'mail', 'queue', 'full');
    await untilSeen('alpha', []);
  }, 60_000);

  it('is forgotten with its machine, for those who know that it has gone for good', async () => {
    await flag('gamma', 'up', 'mail', 'queue', 'full', 'it is full');
    await untilSeen('alpha', ['gamma mail/queue/full']);
    await cluster.daemon('gamma').kill();
    await untilSeen('alpha', ['gamma mail/queue/full lost']);
    const bus = await join3();
    await bus.send({ command: 'FORGET', parameters: { server_name: 'gamma' } });
    await untilSeen('alpha', []);
    await untilSeen('beta', []);
    await bus.close();
    await cluster.startDaemon('gamma');
    await untilSeen('alpha', ['gamma mail/queue/full']);
  }, 60_000);

  it('tells services that there is news, of other machines as well', async () => {
    const bus = new Communicator('watcher', { address: socketOf('alpha') });
    const news = bus.messages('FLAGS_CHANGED');
    await bus.connect();
    await flag('gamma', 'up', 'mail', 'queue', 'full', 'it is full');
    for await (const { sentFromServer } of news) {
      expect(sentFromServer).toBe('alpha');
      if ((await titlesAt('alpha')).length === 1) break;
    }
    await bus.close();
  });

  it('is not believed when a service tells news of daemons', async () => {
    const bus = await join3('liar', 'beta');
    const machines = JSON.stringify([{ server: 'beta', incarnation: 2 ** 40, number: 9, seenAt: 1, flags: [] }]);
    await bus.send({ server: 'alpha', service: 'communicatord', command: 'FLAG_NEWS', parameters: { machines } });
    await flag('beta', 'up', 'mail', 'queue', 'full', 'it is full');
    await untilSeen('alpha', ['beta mail/queue/full']);
    await bus.close();
  });
});

describe('the library', () => {
  it('raises and lowers, and says where in the source', async () => {
    const bus = await join3('mail');
    const full = bus.flag({ unit: 'mail', section: 'queue', name: 'full' }, { priority: 55, tags: ['mail'] });
    expect(String(full)).toBe('mail/queue/full');
    expect(await full.up('it is full')).toEqual({ isUp: true, count: 1 });
    expect(await full.up('it is full', { priority: 56 })).toEqual({ isUp: true, count: 2 });
    expect(await flagsAt('beta').then(() => flagsAt('alpha'))).toMatchObject([
      { raisedBy: 'mail', priority: 56, tags: ['mail'], count: 2, line: expect.any(Number) },
    ]);
    expect((await flagsAt('alpha'))[0]?.sourceFile).toMatch(/flags\.test\.ts/);
    expect(await full.down()).toEqual({ isUp: false, count: 2 });
    expect(await full.down()).toEqual({ isUp: false, count: 0 });
    await bus.close();
  });

  it('leaves a manual flag for a person', async () => {
    const bus = await join3('mail');
    const broken = bus.flag({ unit: 'mail', section: 'index', name: 'broken' }, { manual: true });
    await broken.up('it is broken');
    expect(await broken.down()).toEqual({ isUp: true, count: 1 });
    expect(await flag('alpha', 'down', 'mail', 'index', 'broken')).toMatchObject({ code: 0 });
    expect(await titlesAt('alpha')).toEqual([]);
    await bus.close();
  });

  it('refuses a word that is none, and options that are wrong', async () => {
    const bus = await join3('mail');
    expect(() => bus.flag({ unit: 'my_mail', section: 'a', name: 'b' })).toThrow(CommunicatorError);
    const wrong = bus.flag({ unit: 'mail', section: 'a', name: 'b' }).up('m', { priority: 101 });
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await bus.close();
  });

  it('tells again, with the next connection, what nobody has heard', async () => {
    const bus = new Communicator('mail', {
      address: socketOf('beta'),
      requestTimeoutMs: 200,
      backoff: { minMs: 20, maxMs: 50 },
    });
    await bus.connect();
    await cluster.daemon('beta').kill();
    await until('it is disconnected', () => !bus.isConnected);
    const full = bus.flag({ unit: 'mail', section: 'queue', name: 'full' });
    await expect(full.up('it is full')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await cluster.startDaemon('beta');
    await untilSeen('beta', ['beta mail/queue/full']);
    await full.down();
    await bus.close();
    await cluster.untilLinked();
  }, 60_000);
});

describe('a daemon', () => {
  it('answers bad input, and takes none of it', async () => {
    const client = await LineClient.register({ port: cluster.daemon('alpha').port }, 'bad');
    const words = 'unit=mail;section=queue;name=full';
    for (const line of [
      `FLAG_UP ${words}`,
      `FLAG_UP ${words};message=m;priority=-1`,
      `FLAG_UP ${words};message=m;tags=${Array.from({ length: 33 }, (_, at) => `t${at}`).join(',')}`,
      `FLAG_UP unit=${'x'.repeat(65)};section=a;name=b;message=m`,
      'FLAG_DOWN unit=mail;section=queue',
    ]) {
      client.send(line);
      await client.expect(/^<alpha:communicatord bad\/INVALID |^<alpha:communicatord INVALID /);
    }
    client.send('FLAGS');
    await client.expect(/FLAGS flags="?\[\]"?$/);
    await client.close();
  });

  it('raises a flag where another machine wants a name that is taken', async () => {
    const neighbor = `${cluster.hostOf('alpha')}:4042`;
    const listen = ['--remote-listen', `${cluster.hostOf('beta')}0:4042`, '--neighbors', neighbor];
    const daemon = await startDaemon({ args: [...args, '--server-name', 'beta', '--gossip=false', ...listen] });
    try {
      await untilSeen('gamma', ['alpha communicatord/name/conflict']);
      await until('the other sees it', async () => {
        const { stdout } = await snapcom(['flag', 'list'], { to: `sc://${daemon.unixPath}` });
        return stdout.includes('communicatord/name/conflict');
      });
    } finally {
      await daemon.stop();
    }
  }, 60_000);

  it('writes nothing but flags into its file', async () => {
    await flag('alpha', 'up', 'mail', 'queue', 'full', 'it is full');
    const path = join(cluster.daemon('alpha').directory, 'data', 'flags.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject([{ unit: 'mail', message: 'it is full' }]);
  });
});
