// What a daemon knows of flags: on disk, told to others, heard from them; several daemons that hear each other at once.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Flag, readFlags } from 'snapcommunicator/contract';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Flags, type FlagsOptions } from './flags.ts';
import { raising, words } from './testing/raisings.ts';

const directories: string[] = [];
const all = new Map<string, Flags>();
let cut = new Set<string>();
let incarnation = 0;

/** A daemon that all others hear at once, unless one of the two is cut off. */
function start(server: string, given: Partial<FlagsOptions> = {}): { flags: Flags; directory: string } {
  const directory = given.dataPath ?? mkdtempSync(join(tmpdir(), 'snapcom-flags-'));
  directories.push(directory);
  const reaches = (other: string): boolean => all.has(other) && !cut.has(other) && !cut.has(server);
  const send = (to: string, text: string | undefined): void => {
    if (to === server || !reaches(to)) return;
    const other = all.get(to) as Flags;
    if (text === undefined) flags.learn(other.answer(), to);
    else other.learn(text, server);
  };
  const flags = new Flags(
    {
      server,
      incarnation: ++incarnation,
      dataPath: directory,
      maxFlags: 3,
      maxFlagMessage: 100,
      maxRemoteFlags: 10,
      flagInterval: 50,
      lostFlagTime: 60_000,
      maxMessageSize: 1 << 20,
      ...given,
    },
    {
      nowS: () => Date.now() / 1000,
      isReachable: reaches,
      tell: (to, _command, { machines }) => send(to, machines as string | undefined),
      tellAll: (_command, { machines }) => {
        for (const to of all.keys()) send(to, machines as string);
      },
      announce: () => undefined,
      failed: () => undefined,
    },
  );
  all.set(server, flags);
  return { flags, directory };
}

const seen = (flags: Flags): string[] =>
  (readFlags(flags.list().text) as Flag[]).map(
    ({ server, name, isLost }) => `${server} ${name}${isLost ? ' lost' : ''}`,
  );
const onDisk = (directory: string): Flag[] => readFlags(readFileSync(join(directory, 'flags.json'), 'utf8')) as Flag[];

afterEach(async () => {
  await Promise.all([...all.values()].map((flags) => flags.close()));
  all.clear();
  cut = new Set();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe('on disk', () => {
  it('is what has been raised and not lowered, when that is answered', async () => {
    const { flags, directory } = start('n1');
    await Promise.all([flags.raise(raising()), flags.raise(raising({ name: 'slow' })), flags.raise(raising())]);
    expect(new Set(onDisk(directory).map(({ name }) => name))).toEqual(new Set(['full', 'slow']));
    await flags.lower(words, false);
    expect(onDisk(directory).map(({ name }) => name)).toEqual(['slow']);
  });

  it('is found by the next life', async () => {
    const { flags, directory } = start('n1');
    await flags.raise(raising());
    await flags.raise(raising());
    await flags.close();
    expect(onDisk(directory)).toMatchObject([{ name: 'full', count: 2 }]);
    const next = start('n1', { dataPath: directory }).flags;
    expect(seen(next)).toEqual(['n1 full']);
    expect(await next.raise(raising())).toMatchObject({ flag: { count: 3 } });
  });

  it('counts as empty when it is damaged', () => {
    const directory = mkdtempSync(join(tmpdir(), 'snapcom-flags-'));
    writeFileSync(join(directory, 'flags.json'), '[{"unit":"mail"}, tru');
    expect(seen(start('n1', { dataPath: directory }).flags)).toEqual([]);
  });

  it('is a flag itself when it cannot be written', async () => {
    const { flags } = start('n1', { dataPath: join(tmpdir(), 'snapcom-flags-that-are-nowhere', String(process.pid)) });
    await flags.raise(raising());
    expect(seen(flags)).toEqual(['n1 not-on-disk', 'n1 full']);
  });
});

describe('limits', () => {
  it('raises a flag about too many, and lowers it when there is room', async () => {
    const { flags } = start('n1');
    for (const name of ['a', 'b', 'c']) await flags.raise(raising({ name }));
    expect((await flags.raise(raising({ name: 'd' }))).kind).toBe('full');
    expect(seen(flags)[0]).toBe('n1 too-many');
    await flags.lower({ ...words, name: 'a' }, false);
    await vi.waitFor(() => expect(seen(flags).sort()).toEqual(['n1 b', 'n1 c']));
  });

  it('leaves out of a message what finds no room, the least urgent', async () => {
    const { flags } = start('n1', { maxMessageSize: 5000 });
    await flags.raise(raising({ name: 'a', message: '"'.repeat(90) }));
    await flags.raise(raising({ name: 'b', message: '"'.repeat(90), priority: 9 }));
    expect(seen(flags)).toEqual(['n1 b']);
    expect(flags.list().leftOut).toBe(1);
  });
});

describe('in a cluster', () => {
  it('is seen from everywhere, and lowered everywhere', async () => {
    const [one, two] = [start('n1').flags, start('n2').flags];
    await one.raise(raising());
    await vi.waitFor(() => expect(seen(two)).toEqual(['n1 full']));
    await one.lower(words, false);
    await vi.waitFor(() => expect(seen(two)).toEqual([]));
  });

  it('is remembered while its machine is lost, also by who comes later', async () => {
    const [one, two] = [start('n1').flags, start('n2').flags];
    await one.raise(raising());
    await vi.waitFor(() => expect(seen(two)).toEqual(['n1 full']));
    cut.add('n1');
    expect(seen(two)).toEqual(['n1 full lost']);
    const three = start('n3').flags;
    three.reachChanged('n2', true);
    expect(seen(three)).toEqual(['n1 full lost']);
  });

  it('is told to a machine that comes', async () => {
    const one = start('n1').flags;
    await one.raise(raising());
    const two = start('n2').flags;
    one.reachChanged('n2', true);
    await vi.waitFor(() => expect(seen(two)).toEqual(['n1 full']));
  });

  it('is asked about when a machine that had flags is back and says nothing', async () => {
    const [one, two] = [start('n1').flags, start('n2').flags];
    await one.raise(raising());
    await vi.waitFor(() => expect(seen(two)).toEqual(['n1 full']));
    cut.add('n1');
    await one.lower(words, false);
    cut.delete('n1');
    await vi.waitFor(() => expect(seen(two)).toEqual([]));
  });

  it('is not told by others of this machine', async () => {
    const [one, two] = [start('n1').flags, start('n2').flags];
    await one.raise(raising());
    await vi.waitFor(() => expect(seen(two)).toEqual(['n1 full']));
    one.learn(two.answer().replaceAll('"number":1', '"number":99').replaceAll('full', 'forged'), 'n2');
    expect(seen(one)).toEqual(['n1 full']);
  });
});
