// Links over plain TCP between daemons on loopback: how they come to be, end, and come back.

import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Station, type StationSetup, scratchDirectory, until } from './testing/station.ts';

const stations: Station[] = [];
afterEach(async () => {
  await Promise.all(stations.splice(0).map((station) => station.close()));
});

const LISTENING = { remote_listen: '127.0.0.1:0' };

async function station(setup: StationSetup): Promise<Station> {
  const made = new Station(setup);
  stations.push(made);
  return made.start();
}

/** A daemon that listens. */
const listening = (name: string, options: Record<string, string> = {}, setup: Partial<StationSetup> = {}) =>
  station({ name, ...setup, options: { ...LISTENING, ...options } });

/** An address on loopback that nobody listens on. */
async function reserve(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** Whether every link of one is known to the other: nothing is on its way. */
const isQuiet = (a: Station, b: Station): boolean =>
  [...a.links].length === 1 && [...b.links].length === 1 && a.link.wasDialedHere !== b.link.wasDialedHere;

const areLinked = (...all: Station[]): boolean => all.every(({ peers }) => peers.length === all.length - 1);

describe('two daemons', () => {
  test('link, and send each other frames', async () => {
    const beta = await listening('beta');
    const alpha = await listening('alpha', { neighbors: `${beta.links.address};cost=20` });
    await until(() => areLinked(alpha, beta));
    alpha.link.send({ kind: 'hello', serial: 7, echo: 0, heldUs: 0, databaseHash: 0 });
    await until(() => beta.frames.length === 1);
    expect(beta.frames[0]?.frame).toMatchObject({ kind: 'hello', serial: 7 });
    expect(alpha.link.cost).toBe(20);
    expect(alpha.link.peer).toMatchObject({ server: 'beta', address: beta.links.address });
  });

  test('the one without a listener connects, whoever has the greater address', async () => {
    const beta = await listening('beta');
    const alpha = await station({ name: 'alpha', options: { neighbors: beta.links.address } });
    await until(() => areLinked(alpha, beta));
    expect(alpha.link.wasDialedHere).toBe(true);
    expect(beta.link.peer.address).toBe('');
  });

  test('that know of each other: the greater address connects, the other one asks for it', async () => {
    const [first, second] = [await reserve(), await reserve()];
    const alpha = await listening('alpha', { remote_listen: first, neighbors: second });
    const beta = await listening('beta', { remote_listen: second, neighbors: first });
    await until(() => areLinked(alpha, beta));
    const [smaller, greater] = portOf(first) < portOf(second) ? [alpha, beta] : [beta, alpha];
    await until(() => greater.link.wasDialedHere);
    expect([smaller.links.refused, greater.links.refused]).toEqual([{}, {}]);
  });

  test('only the smaller one knows of the other: it asks, is answered, and is connected to', async () => {
    const [first, second] = [await reserve(), await reserve()].sort((a, b) => portOf(a) - portOf(b));
    const greater = await listening('greater', { remote_listen: second as string });
    const smaller = await listening('smaller', { remote_listen: first as string, neighbors: second as string });
    await until(() => areLinked(smaller, greater));
    expect([smaller.link.wasDialedHere, greater.link.wasDialedHere]).toEqual([false, true]);
  });

  test('who was asked to connect cannot: then the asker does', async () => {
    const [first, second] = [await reserve(), await reserve()].sort((a, b) => portOf(a) - portOf(b));
    const greater = await listening('greater', { remote_listen: second as string });
    // What it tells others to connect to answers nobody.
    const dead = await reserve();
    const smaller = await listening('smaller', {
      remote_listen: '0.0.0.0:0',
      my_address: dead,
      neighbors: second as string,
      gossip_wait: '50ms',
    });
    expect(first).toBeDefined();
    await until(() => areLinked(smaller, greater));
  });

  test('that dial each other at once end with one link', async () => {
    for (let round = 0; round < 10; round++) {
      const [first, second] = [await reserve(), await reserve()];
      // Without waiting for each other: whoever was asked connects, and the asker does so too.
      const options = { gossip_wait: '0ms', reconnect_min: '10ms' };
      const alpha = await listening('alpha', { ...options, remote_listen: first, neighbors: second });
      const beta = await listening('beta', { ...options, remote_listen: second, neighbors: first });
      await until(() => areLinked(alpha, beta));
      await until(() => isQuiet(alpha, beta));
      expect(alpha.link.wasDialedHere).not.toBe(beta.link.wasDialedHere);
      await Promise.all([alpha.close(), beta.close()]);
    }
  });

  test('a peer by two of its addresses is linked once over each pair of addresses', async () => {
    const beta = await listening('beta', { remote_listen: '0.0.0.0:0', my_address: '127.0.0.1' });
    const port = portOf(beta.links.address);
    const alpha = await station({
      name: 'alpha',
      options: { neighbors: `127.0.0.1:${port},127.0.0.2:${port},127.0.0.3:${port}` },
    });
    await until(() => [...alpha.links].length === 3 && [...beta.links].length === 3);
    expect(new Set([...alpha.links].map(({ path }) => path)).size).toBe(3);
  });

  test('a peer by two ports of one address is linked once, and not over and over', async () => {
    const [first, second] = [await reserve(), await reserve()];
    const beta = await listening('beta', { remote_listen: `${first},${second}` });
    const alpha = await station({ name: 'alpha', options: { neighbors: `${first},${second}` } });
    await until(() => (alpha.links.refused.duplicate ?? 0) > 0 && areLinked(alpha, beta));
    expect(alpha.events).toEqual(['up beta']);
    expect(beta.events).toEqual(['up alpha']);
  });

  test('by a host name', async () => {
    const beta = await listening('beta', { gossip: 'false' });
    const neighbors = `sc://localhost:${portOf(beta.links.address)}`;
    const alpha = await listening('alpha', { neighbors, gossip: 'false' });
    await until(() => areLinked(alpha, beta));
    expect(alpha.links.known()).toMatchObject([{ isLinked: true, isConfigured: true }]);
  });

  test('part in order: what was queued arrives, then both know', async () => {
    const beta = await listening('beta');
    const alpha = await listening('alpha', { neighbors: beta.links.address });
    await until(() => areLinked(alpha, beta));
    const payload = Buffer.alloc(100_000, 'x\n');
    const origin = `${'a'.repeat(16)}~1`;
    for (let sequence = 1; sequence <= 40; sequence++)
      alpha.link.send({
        kind: 'data',
        hops: 3,
        origin,
        last: origin,
        stream: 1,
        base: 1,
        sequence,
        count: 1,
        id: undefined,
        payload,
      });
    await alpha.close();
    await until(() => beta.peers.length === 0);
    expect(beta.frames).toHaveLength(40);
    expect(beta.events).toEqual(['up alpha', 'down alpha orderly']);
    expect(alpha.events).toEqual(['up beta', 'down beta orderly']);
  });
});

describe('a link that is lost', () => {
  test('comes back when the acceptor does', async () => {
    const beta = await listening('beta');
    const address = beta.links.address;
    const alpha = await station({ name: 'alpha', options: { neighbors: address } });
    await until(() => areLinked(alpha, beta));
    await beta.close();
    await until(() => alpha.events.includes(`unreachable ${address}`));
    const again = await listening('beta', { remote_listen: address }, { incarnation: 2 });
    await until(() => areLinked(alpha, again));
    expect(alpha.events).toEqual(['up beta', 'down beta orderly', `unreachable ${address}`, 'up beta']);
  });

  test('comes back when the one that was asked to connect has forgotten it', async () => {
    const [first, second] = [await reserve(), await reserve()].sort((a, b) => portOf(a) - portOf(b));
    const greater = await listening('greater', { remote_listen: second as string });
    const smaller = await listening('smaller', { remote_listen: first as string, neighbors: second as string });
    await until(() => areLinked(smaller, greater));
    await greater.close();
    await until(() => smaller.peers.length === 0);
    const next = await listening('greater', { remote_listen: second as string }, { incarnation: 2 });
    await until(() => areLinked(smaller, next));
    expect(next.link.wasDialedHere).toBe(true);
  });

  test('comes back when one side hangs up', async () => {
    const beta = await listening('beta');
    const alpha = await station({ name: 'alpha', options: { neighbors: beta.links.address } });
    await until(() => areLinked(alpha, beta));
    beta.link.hangUp(false);
    await until(() => alpha.events.length === 3 && areLinked(alpha, beta));
    expect(alpha.events).toEqual(['up beta', 'down beta', 'up beta']);
  });

  test('a newer life of the peer replaces the older one at once', async () => {
    const beta = await listening('beta');
    const node = 'a'.repeat(16);
    const options = { neighbors: beta.links.address };
    await station({ name: 'alpha', node, options });
    await until(() => beta.events.length === 1);
    await station({ name: 'alpha', node, incarnation: 2, options });
    await until(() => beta.events.includes('down alpha'));
    expect(beta.events).toEqual(['up alpha', 'up alpha', 'down alpha']);
    expect(beta.link.peer.incarnation).toBe(2);
  });

  test('what is no frame closes it, with a line in the log', async () => {
    const beta = await listening('beta');
    const alpha = await station({ name: 'alpha', options: { neighbors: beta.links.address, reconnect_min: '10s' } });
    await until(() => areLinked(alpha, beta));
    alpha.link.say('X'.repeat(20_000));
    await until(() => beta.events.includes('down alpha'));
    expect(beta.logged.find(({ msg }) => msg === 'link down')?.['reason']).toContain('a head of more than 16384 bytes');
  });
});

describe('no link', () => {
  const refusedBy = (one: Station): Promise<void> => until(() => Object.keys(one.links.refused).length > 0);

  test('between two of one name; both say so', async () => {
    const beta = await listening('beta', {}, { node: 'b'.repeat(16) });
    const other = await station({ name: 'beta', options: { neighbors: beta.links.address } });
    await refusedBy(beta);
    await until(() => other.logged.some(({ msg }) => msg.includes('refused by the other side')));
    expect(beta.links.refused).toEqual({ name: 1 });
    for (const { logged } of [beta, other])
      expect(logged.find(({ reason }) => reason === 'name')?.msg).toContain('two machines have one name');
  });

  test('with one whose name somebody else in the graph has', async () => {
    const beta = await listening('beta', {}, { holders: { alpha: 'c'.repeat(16) } });
    await station({ name: 'alpha', options: { neighbors: beta.links.address } });
    await refusedBy(beta);
    expect(beta.links.refused).toEqual({ name: 1 });
  });

  test('beyond max_links', async () => {
    const beta = await listening('beta', { max_links: '1' });
    const alpha = await station({ name: 'alpha', options: { neighbors: beta.links.address } });
    await until(() => areLinked(alpha, beta));
    await station({ name: 'gamma', options: { neighbors: beta.links.address } });
    await refusedBy(beta);
    expect(beta.links.refused.full).toBeGreaterThan(0);
    expect(beta.peers).toEqual(['alpha']);
  });

  test('with oneself', async () => {
    const address = await reserve();
    const alpha = await listening('alpha', { remote_listen: address, neighbors: address });
    await refusedBy(alpha);
    expect(alpha.links.refused).toEqual({ self: 1 });
    expect(alpha.events).toEqual([]);
  });

  test('from an address that is not trusted', async () => {
    const beta = await listening('beta', { trust_plain: '10.0.0.0/8' });
    await station({ name: 'alpha', options: { neighbors: beta.links.address } });
    await refusedBy(beta);
    expect(beta.links.refused).toEqual({ untrusted: 1 });
  });
});

describe('three daemons', () => {
  test('learn of each other by gossip', async () => {
    const alpha = await listening('alpha');
    const beta = await listening('beta', { neighbors: alpha.links.address });
    const gamma = await listening('gamma', { neighbors: beta.links.address });
    await until(() => areLinked(alpha, beta, gamma));
    expect(
      gamma.links
        .known()
        .map(({ server }) => server)
        .sort(),
    ).toEqual(['alpha', 'beta']);
  });

  test('stay in a line without gossip', async () => {
    const off = { gossip: 'false' };
    const alpha = await listening('alpha', off);
    const beta = await listening('beta', { ...off, neighbors: alpha.links.address });
    const gamma = await listening('gamma', { ...off, neighbors: beta.links.address });
    await until(() => beta.peers.length === 2 && gamma.peers.length === 1 && alpha.peers.length === 1);
    expect(gamma.links.known().map(({ address }) => address)).not.toContain(alpha.links.address);
  });

  test('do not learn across areas', async () => {
    const alpha = await listening('alpha', {}, { area: 'east' });
    const beta = await listening('beta', { neighbors: alpha.links.address }, { area: 'east' });
    const gamma = await listening('gamma', { neighbors: beta.links.address }, { area: 'west' });
    await until(() => beta.peers.length === 2 && gamma.peers.length === 1);
    expect(gamma.links.known().map(({ address }) => address)).toEqual([beta.links.address]);
  });

  test('with a cluster secret learn of each other too', async () => {
    const secret = secretFile('s3cret');
    const alpha = await listening('alpha', secret);
    const beta = await listening('beta', { ...secret, neighbors: alpha.links.address });
    const gamma = await listening('gamma', { ...secret, neighbors: beta.links.address });
    await until(() => areLinked(alpha, beta, gamma));
  });
});

describe('known neighbours', () => {
  test('with a new address lose the old one', async () => {
    const beta = await listening('beta');
    const node = 'a'.repeat(16);
    const alpha = await listening('alpha', { neighbors: beta.links.address }, { node });
    await until(() => areLinked(alpha, beta));
    await alpha.close();
    const moved = await listening('alpha', { neighbors: beta.links.address }, { node, incarnation: 2 });
    await until(() => areLinked(moved, beta));
    expect(beta.links.known().map(({ address }) => address)).toEqual([moved.links.address]);
  });

  test('outlive a restart', async () => {
    const beta = await listening('beta');
    const own = { remote_listen: await reserve() };
    const alpha = await listening('alpha', { ...own, neighbors: beta.links.address });
    await until(() => areLinked(alpha, beta));
    await alpha.close();
    const again = await listening('alpha', { ...own, data_path: alpha.dataPath }, { incarnation: 2 });
    await until(() => areLinked(again, beta));
    expect(again.links.known()).toMatchObject([{ server: 'beta', isLinked: true, isConfigured: false }]);
  });

  test.each(['address', 'server', 'host'])('are forgotten by %s', async (way) => {
    const beta = await listening('beta');
    const own = { remote_listen: await reserve() };
    const alpha = await listening('alpha', { ...own, neighbors: beta.links.address });
    await until(() => areLinked(alpha, beta));
    await beta.close();
    alpha.links.forget({ address: beta.links.address, server: 'beta', host: '127.0.0.1' }[way] as string);
    expect(alpha.links.known()).toEqual([]);
    await alpha.close();
    const again = await listening('alpha', { ...own, data_path: alpha.dataPath }, { incarnation: 2 });
    expect(again.links.known()).toEqual([]);
  });
});

const secretFile = (secret: string): { cluster_secret_file: string } => {
  const path = join(scratchDirectory(), 'secret');
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return { cluster_secret_file: path };
};

describe('the cluster secret', () => {
  test('is proved by both', async () => {
    const beta = await listening('beta', secretFile('s3cret'));
    const alpha = await station({
      name: 'alpha',
      options: { neighbors: beta.links.address, ...secretFile('s3cret') },
    });
    await until(() => areLinked(alpha, beta));
    expect([alpha.events, beta.events]).toEqual([['up beta'], ['up alpha']]);
  });

  test.each([
    ['another one', secretFile('s3cret'), secretFile('other')],
    ['none at the dialer', secretFile('s3cret'), {}],
    ['none at the acceptor', {}, secretFile('s3cret')],
  ])('%s: no link ever stands, and both logs say why', async (_what, ofBeta, ofAlpha) => {
    const beta = await listening('beta', ofBeta);
    const alpha = await station({ name: 'alpha', options: { neighbors: beta.links.address, ...ofAlpha } });
    const says = ({ logged }: Station): boolean => logged.some(({ reason }) => reason === 'secret');
    await until(() => says(alpha) && says(beta));
    expect([alpha.events, beta.events]).toEqual([[], []]);
    expect(alpha.links.refused.secret).toBe(1);
  });

  test('without one the log says that plain links prove nothing', async () => {
    const beta = await listening('beta');
    expect(beta.logged.map(({ msg }) => msg)).toContainEqual(expect.stringContaining('plain links prove nothing'));
  });
});
