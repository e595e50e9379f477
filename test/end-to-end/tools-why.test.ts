// `snapcom why` and `snapcom audit` with five daemons in a line: messages that arrive, expire, are refused, and are lost.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Audit, type Ledger, readLedger, type Story } from '@snapcommunicator/network/story';
import type { Message } from 'snapcommunicator/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { snapcom } from '../support/snapcom.ts';
import { type TamperedDaemon, tamperWith } from '../support/tampering.ts';

const directory = mkdtempSync(join(tmpdir(), 'snapcom-why-'));
const secret = join(directory, 'secret');
writeFileSync(secret, 'a secret that all five know\n', { mode: 0o600 });
const args = ['--cluster-secret-file', secret];

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
const cluster = new Cluster(
  NAMES.map((name, place) => ({ name, args, ...(place > 0 && { dials: [NAMES[place - 1] as string] }) })),
);

const socketOf = (name: string): string => `sc://${cluster.daemon(name).unixPath}`;
const ask = (...words: string[]) => snapcom(words, { to: socketOf('alpha') });

/** What became of the newest message of that kind. */
async function why(filter: string): Promise<Story | undefined> {
  const { stdout, code, stderr } = await ask('why', filter, '--count', '1', '--json', '--timeout', '5s');
  if (code > 1) throw new Error(stderr);
  return stdout === '' ? undefined : (JSON.parse(stdout) as Story);
}

/** Asks until the story is as far as that. */
async function whyOnce(filter: string, isThere: (story: Story) => boolean): Promise<Story> {
  let story: Story | undefined;
  await until(`there is an end of ${filter}`, async () => {
    story = await why(filter);
    return story !== undefined && isThere(story);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${JSON.stringify(story)}`);
  });
  return story as Story;
}

const wayOf = ({ hops }: Story): string[] => hops.map(({ server, outcome }) => `${server} ${outcome}`);

beforeAll(async () => {
  await cluster.start();
  await cluster.join('web', 'alpha');
  await cluster.join('images', 'epsilon', 'RESIZE');
  // No time is shorter; it passes while the others are asked about.
  cluster.client('web').send('nobody/LATE cache="ttl=10"');
}, 60_000);

afterAll(async () => {
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

const WAY = ['alpha sent', 'beta passed', 'gamma passed', 'delta passed', 'epsilon delivered', 'alpha taken'];

describe('why', () => {
  it('a message was delivered, hop by hop, with its links', async () => {
    cluster.client('web').send('images/RESIZE size=100');
    await cluster.client('images').expect(/RESIZE size=100$/);
    const story = await whyOnce('command==RESIZE', ({ hops }) => hops.length >= WAY.length);
    expect(wayOf(story)).toEqual(WAY);
    expect(story).toMatchObject({ fate: 'delivered', from: 'alpha:web', command: 'RESIZE', unknown: [] });
    expect(story.hops.map(({ cameBy, wentBy }) => [cameBy, wentBy])).toEqual([
      [undefined, 'beta'],
      ['alpha', 'gamma'],
      ['beta', 'delta'],
      ['gamma', 'epsilon'],
      ['delta', undefined],
      [undefined, undefined],
    ]);
    const times = story.hops.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('as a table that fits into 100 columns, the same by its id from any machine', async () => {
    const { id } = (await why('command==RESIZE')) as Story;
    const { stdout, code } = await snapcom(['why', id, '--timeout', '5s'], { to: socketOf('gamma') });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines[0]).toMatch(/^alpha:web → (epsilon)?:?images RESIZE {2}\d+ B, /);
    expect(lines[1]).toBe(id);
    expect(lines[2]).toMatch(/^It was delivered to images on epsilon within [\d.]+ (µs|ms|s)\.$/);
    expect(lines[3]).toMatch(/^TIME +AFTER +SERVER +OUTCOME +LINK$/);
    expect(lines.slice(4).map((line) => line.split(/ {2,}/).slice(-3).join('|').trim())).toEqual([
      expect.stringMatching(/alpha\|sent\|to beta$/),
      expect.stringMatching(/beta\|passed\|from alpha to gamma$/),
      expect.stringMatching(/gamma\|passed\|from beta to delta$/),
      expect.stringMatching(/delta\|passed\|from gamma to epsilon$/),
      expect.stringMatching(/epsilon\|delivered\|from delta$/),
      expect.stringMatching(/alpha\|taken$/),
    ]);
  });

  it('a message was refused', async () => {
    cluster.client('web').send('nobody/NOW cache=no');
    const story = await whyOnce('command==NOW', () => true);
    expect(story).toMatchObject({ fate: 'refused', at: 'alpha', hops: [{ outcome: 'refused', reason: 'absent' }] });
  });

  it('a message waits', async () => {
    cluster.client('web').send('nobody/SOON cache="ttl=10m"');
    const story = await whyOnce('command==SOON', () => true);
    expect(story.verdict).toMatch(/^It is kept on alpha, since \d+ s: it waits for nobody\.$/);
  });

  it('shows several, the newest last, and says so when there is none', async () => {
    for (const n of [1, 2, 3, 4]) cluster.client('web').send(`nobody/MANY cache=no;n=${n}`);
    const { stdout } = await ask('why', 'command==MANY', '--count', '3', '--json');
    const stories = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Story);
    expect(stories.map(({ fate }) => fate)).toEqual(['refused', 'refused', 'refused']);
    const times = stories.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(await ask('why', 'command==NEVER')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no such message is recorded on 5 machines'),
    });
  });

  it('a message was lost with the daemon that held it', async () => {
    const { pid } = cluster.daemon('epsilon');
    // It takes nothing more; what reaches its machine lies in the socket, and ends with the process.
    process.kill(pid, 'SIGSTOP');
    cluster.client('web').send('images/LOST n=1');
    await whyOnce('command==LOST', (story) => wayOf(story).includes('delta passed'));
    await cluster.daemon('epsilon').kill();
    const gone = await whyOnce('command==LOST', ({ unknown }) => unknown.some(({ why: reason }) => reason === 'lost'));
    expect(gone).toMatchObject({ fate: 'under-way', unknown: [{ server: 'epsilon', why: 'lost' }] });
    await cluster.startDaemon('epsilon');
    // Its end may be known before its next life can be asked.
    const isAsked = ({ fate, unknown }: Story): boolean =>
      fate === 'unknown' && unknown.every(({ why: reason }) => reason !== 'lost');
    const story = await whyOnce('command==LOST', isAsked);
    // It was sent again and again, so some may have passed it more than once.
    expect([...new Set(wayOf(story))]).toEqual([
      'alpha sent',
      'beta passed',
      'gamma passed',
      'delta passed',
      'alpha unknown',
    ]);
    expect(story.unknown).toEqual([expect.objectContaining({ server: 'epsilon', why: 'restarted' })]);
    expect(story.verdict).toMatch(/^Nobody knows whether it was delivered: epsilon ended before it said/);
    await cluster.untilLinked();
  });

  it('a message expired', async () => {
    const story = await whyOnce('command==LATE', ({ fate }) => fate !== 'kept');
    expect(wayOf(story)).toEqual(['alpha kept', 'alpha expired']);
    expect(story.verdict).toMatch(/^It expired on alpha after \d+\.\d s: nobody took it in its time\.$/);
    expect((await ask('why', 'command==LATE')).code).toBe(1);
  });
});

describe('audit', () => {
  let tampered: TamperedDaemon | undefined;

  afterAll(() => tampered?.close());

  async function audit(to = socketOf('alpha'), ...words: string[]): Promise<{ audit: Audit; code: number }> {
    const { stdout, code, stderr } = await snapcom(['audit', '--json', ...words], { to });
    if (stdout === '') throw new Error(stderr);
    return { audit: JSON.parse(stdout) as Audit, code };
  }

  const faults = ({ entries }: Audit) =>
    entries
      .filter(({ state }) => state !== 'balanced')
      .map(({ kind, server, peer, what, left, right }) => ({ kind, server, peer, what, left, right }));

  it('balances after traffic of every kind and a daemon that was killed, whose life is named', async () => {
    const images = await cluster.join('images', 'epsilon', 'RESIZE,NEWS');
    const web = cluster.client('web');
    for (let n = 0; n < 200; n++) {
      web.send(`images/RESIZE n=${n}`);
      if (n % 4 === 0) images.send(`alpha:web/RESIZED n=${n}`);
      if (n % 10 === 0) web.send(`nobody/NOW cache=no;n=${n}`);
      if (n % 20 === 0) web.send(`*/NEWS n=${n}`);
      if (n % 50 === 0) web.send(`nobody/LATE cache="ttl=10m";n=${n}`);
    }
    await images.skipTo(/RESIZE n=199$/);
    const { audit: result, code } = await audit();
    expect(faults(result)).toEqual([]);
    expect(code).toBe(0);
    expect(result.ledgers).toHaveLength(NAMES.length);
    expect(result.ended).toEqual([expect.objectContaining({ server: 'epsilon' })]);
    expect(result.ended[0]?.unknown).toBeGreaterThan(0);
  });

  it('prints tables and the verdict', async () => {
    const { stdout, code } = await ask('audit');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^DAEMON +CAME +DELIVERED/m);
    expect(stdout).toMatch(/^gamma .* balanced$/m);
    expect(stdout).toMatch(/^alpha +epsilon .* balanced$/m);
    expect(stdout).toMatch(/^balanced: \d+ comparisons on 5 daemons$/m);
  });

  it('names the place where a count is wrong', async () => {
    // More than what is under way when the cluster is quiet: the words of this audit itself.
    const wrong: { server: string; change: (ledger: Ledger) => Ledger } = {
      server: 'epsilon',
      change: ({ arrivals, ...ledger }) => ({
        ...ledger,
        arrivals: arrivals.map((one) => (one.server === 'alpha' ? { ...one, lines: one.lines - 5 } : one)),
      }),
    };
    tampered = await tamperWith(cluster.daemon('alpha').unixPath, (message) => falsified(message, wrong));
    const { audit: result, code } = await audit(tampered.address);
    expect(code).toBe(1);
    expect(faults(result)).toContainEqual(
      expect.objectContaining({ kind: 'stream', server: 'alpha', peer: 'epsilon', what: 'taken ≤ arrived' }),
    );
    // What arrived is part of what came: its own account does not add up either.
    expect(faults(result)).toContainEqual(expect.objectContaining({ kind: 'daemon', server: 'epsilon' }));
    expect(faults(result).every(({ server, peer }) => [server, peer].includes('epsilon'))).toBe(true);
    const { stdout } = await snapcom(['audit'], { to: tampered.address });
    expect(stdout.replace(/\n {2}/g, ' ')).toMatch(
      /^stream alpha → epsilon: taken ≤ arrived does not hold: .* \d off$/m,
    );
    expect(stdout).toMatch(/^NOT balanced: /m);
  });
});

/** The answer of one daemon to LEDGER, with a count changed. */
function falsified(
  message: Message,
  { server, change }: { server: string; change: (ledger: Ledger) => Ledger },
): Message {
  const ledger = message.command === 'LEDGER' ? readLedger(message.parameters['ledger'] ?? '') : undefined;
  if (ledger === undefined || ledger.server !== server) return message;
  return { ...message, parameters: { ...message.parameters, ledger: JSON.stringify(change(ledger)) } };
}
