// The networks of the tests are what they are said to be: who reaches whom, how late, with what loss, and after a fault.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForNamespaces, run } from '../support/namespaces/namespaces.ts';
import { Network } from '../support/namespaces/network.ts';

const missing = missingForNamespaces();
const probe = fileURLToPath(new URL('../support/namespaces/probe.mjs', import.meta.url));

interface Answers {
  /** Percent. */
  readonly lost: number;
  /** The quickest of the answers. */
  readonly leastMs: number;
  /** The sender's address, as the other side saw it. */
  readonly seenAs: string;
}

describe.skipIf(missing !== '')(`networks in namespaces${missing && ` (skipped: ${missing})`}`, () => {
  let network: Network;
  const answering = new Map<string, ChildProcessByStdio<null, Readable, null>>();

  const start = (machine: string, ...words: string[]): ChildProcessByStdio<null, Readable, null> => {
    const [program = '', ...args] = [...network.inside(machine), process.execPath, probe, ...words];
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };

  const word = async (child: ChildProcessByStdio<null, Readable, null>): Promise<string> =>
    String((await once(child.stdout, 'data'))[0]).trim();

  beforeAll(async () => {
    network = await Network.create({
      networks: {
        lan: ['alpha', 'beta', 'gamma'],
        wan: { machines: ['beta', 'delta', 'epsilon'], roundTripMs: 40 },
        rough: { machines: ['alpha', 'delta'], lossPercent: 30 },
        home: ['gamma', 'hidden'],
      },
      masquerade: { gamma: 'lan' },
      gateways: { hidden: 'gamma' },
    });
    for (const machine of network.machines) answering.set(machine, start(machine, 'answer'));
    for (const child of answering.values()) await word(child);
  });

  afterAll(() => {
    for (const child of answering.values()) child.kill();
    network.remove();
  });

  const ask = async (from: string, to: string, over?: string, count = 3): Promise<Answers> => {
    const words = [process.execPath, probe, 'ask', network.addressOf(to, over), String(count)];
    return JSON.parse(await network.run(from, words)) as Answers;
  };

  it('who shares a network reaches each other, others do not', async () => {
    expect(await ask('alpha', 'beta', 'lan')).toMatchObject({ lost: 0, seenAs: network.addressOf('alpha', 'lan') });
    expect(await ask('beta', 'epsilon', 'wan')).toMatchObject({ lost: 0 });
    expect(await ask('alpha', 'epsilon', 'wan')).toMatchObject({ lost: 100 });
    expect(network.shared('alpha', 'epsilon')).toEqual([]);
  });

  it('a delay is as long as it is said to be', async () => {
    expect((await ask('beta', 'delta', 'wan')).leastMs).toBeGreaterThanOrEqual(40);
    expect((await ask('epsilon', 'beta', 'wan')).leastMs).toBeGreaterThanOrEqual(40);
    expect((await ask('delta', 'epsilon', 'wan')).leastMs).toBeLessThan(40);
  });

  it('some packets are lost', async () => {
    // 30 % there and 30 % of what is left on the way back are 51 %; chance is that of 200.
    const { lost } = await ask('alpha', 'delta', 'rough', 200);
    expect(lost).toBeGreaterThan(25);
    expect(lost).toBeLessThan(75);
  });

  it('who is behind a translation reaches out and cannot be reached', async () => {
    expect(await ask('hidden', 'beta', 'lan')).toMatchObject({ lost: 0, seenAs: network.addressOf('gamma', 'lan') });
    expect(await ask('beta', 'hidden')).toMatchObject({ lost: 100 });
  });

  it.each([
    ['beta', 'alpha', 'lan'],
    ['beta', 'delta', 'wan'],
    ['delta', 'epsilon', 'wan'],
  ])('a cut between %s and %s is silent, between these alone, and can be mended', async (one, other, over) => {
    await network.cut([one], [other], over);
    const between = await Promise.all([ask(one, other, over), ask(other, one, over)]);
    const others = await Promise.all([ask('beta', 'gamma', 'lan'), ask('beta', 'epsilon', 'wan')]);
    expect(between.map(({ lost }) => lost)).toEqual([100, 100]);
    expect(others.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(await network.run(one, ['ip', '-brief', 'link', 'show', over])).toContain('LOWER_UP');
    await network.mend();
    expect(await ask(one, other, over)).toMatchObject({ lost: 0 });
  });

  it('a pulled cable is seen by the machine, and nobody else', async () => {
    await network.unplug('alpha', 'lan');
    expect(await network.run('alpha', ['ip', '-brief', 'link', 'show', 'lan'])).toContain('NO-CARRIER');
    expect(await network.run('beta', ['ip', '-brief', 'link', 'show', 'lan'])).toContain('LOWER_UP');
    expect(await ask('beta', 'alpha', 'lan')).toMatchObject({ lost: 100 });
    await network.plug('alpha', 'lan');
    expect(await ask('beta', 'alpha', 'lan')).toMatchObject({ lost: 0 });
  });

  it('what a killed run has left is removed by the next, and nothing else is', async () => {
    // Nobody can have a number above the greatest one that Linux gives. Another test may have removed it already.
    const left = 'snapcom-4194305.1-000000-left';
    await run('ip', ['netns', 'add', left]);
    const next = await Network.create({ networks: { lan: ['one', 'two'] } });
    next.remove();
    const names = await run('ip', ['netns', 'list']);
    expect(names).not.toContain(left);
    expect(names).toContain(network.inside('alpha').at(-1));
  });

  it('what runs in a network ends with it', async () => {
    const other = await Network.create({ networks: { lan: ['one', 'two'] } });
    const [program = '', ...args] = [...other.inside('one'), process.execPath, probe, 'answer'];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await word(child);
    const ended = once(child, 'exit');
    other.remove();
    expect((await ended)[1]).toBe('SIGKILL');
  });

  it('a reset ends connections at both ends', async () => {
    const held = start('alpha', 'hold', network.addressOf('beta', 'lan'));
    expect(await word(held)).toBe('connected');
    const ends = Promise.all([word(held), word(answering.get('beta') ?? held)]);
    await network.reset('alpha', 'beta');
    expect(await ends).toEqual(['ECONNABORTED', 'ECONNRESET']);
  });
});
