// What is remembered of the flags of other machines: the newest word of each, also while it is lost, within limits.

import type { Flag } from 'snapcommunicator/contract';
import { describe, expect, it } from 'vitest';
import { type MachineFlags, OtherFlags, readMachines } from './other-flags.ts';

const flag = (server: string, name: string, priority = 5): Flag => ({
  server,
  unit: 'mail',
  section: 'queue',
  name,
  message: 'm',
  priority,
  tags: [],
  isManual: false,
  count: 1,
  raisedAt: 10,
  modifiedAt: 10,
  raisedBy: '',
});
const news = (server: string, number: number, names: readonly string[], incarnation = 1): MachineFlags => ({
  server,
  incarnation,
  number,
  seenAt: 100,
  flags: names.map((name) => flag(server, name)),
});
const make = (countMax = 10): OtherFlags => new OtherFlags({ countMax, lostS: 1000, staleS: 90 });
const namesIn = (others: OtherFlags, reachable: readonly string[] = ['n2', 'n3']): string[] =>
  [...others.list((server) => reachable.includes(server))].map(({ server, name, isLost }) =>
    [server, name, ...(isLost ? ['lost'] : [])].join(' '),
  );

describe('flags of others', () => {
  it('believes the newest word of a machine, whatever comes later', () => {
    const others = make();
    expect(others.learn(news('n2', 2, ['full']), 100)).toBe(true);
    expect(others.learn(news('n2', 1, []), 101)).toBe(false);
    expect(others.learn(news('n2', 2, ['full']), 102)).toBe(false);
    expect(namesIn(others)).toEqual(['n2 full']);
    expect(others.learn(news('n2', 3, []), 103)).toBe(true);
    expect(others.learn(news('n2', 2, ['full']), 104)).toBe(false);
    expect(namesIn(others)).toEqual([]);
  });

  it('lets a later life go before any number of an earlier one', () => {
    const others = make();
    others.learn(news('n2', 50, ['full']), 100);
    expect(others.learn(news('n2', 1, ['empty'], 2), 101)).toBe(true);
    expect(namesIn(others)).toEqual(['n2 empty']);
  });

  it('marks those of lost machines, and forgets them after a while', () => {
    const others = make();
    others.learn(news('n2', 1, ['full']), 100);
    expect(namesIn(others, [])).toEqual(['n2 full lost']);
    expect(others.look(() => true, 500)).toEqual(['n2']);
    others.look(() => false, 1500);
    expect(namesIn(others, [])).toEqual(['n2 full lost']);
    others.look(() => false, 1501);
    expect(namesIn(others, [])).toEqual([]);
    expect(others.count).toBe(0);
  });

  it('does not make a machine younger by telling of it', () => {
    const others = make();
    others.learn(news('n2', 1, ['full']), 1050);
    others.look(() => false, 1101);
    expect(namesIn(others)).toEqual([]);
  });

  it('asks who has flags and has been silent for too long', () => {
    const others = make();
    others.learn(news('n2', 1, ['full']), 100);
    others.learn(news('n3', 1, []), 100);
    expect(others.look(() => true, 190)).toEqual([]);
    expect(others.look(() => true, 191)).toEqual(['n2']);
    others.learn(news('n2', 1, ['full']), 191);
    expect(others.look(() => true, 200)).toEqual([]);
  });

  it('remembers so many at most, the urgent ones', () => {
    const others = make(3);
    others.learn(news('n2', 1, ['a', 'b']), 100);
    others.learn({ ...news('n3', 1, ['c']), flags: [flag('n3', 'c'), flag('n3', 'd', 90)] }, 100);
    expect(namesIn(others)).toEqual(['n2 a', 'n2 b', 'n3 d']);
    others.forget('n2');
    expect(others.count).toBe(1);
  });
});

describe('what daemons tell', () => {
  it('is read, and what is none is left out', () => {
    const good = news('n2', 1, ['full']);
    const bad = [
      null,
      7,
      { ...good, server: 'no name' },
      { ...good, number: -1 },
      { ...good, seenAt: 'x' },
      { ...good, flags: 1 },
    ];
    expect(readMachines(JSON.stringify([good, ...bad]))).toEqual([good]);
    expect(readMachines('{"not": "a list"}')).toEqual([]);
    expect(readMachines('[')).toEqual([]);
  });

  it('says flags of the machine that it is about only', () => {
    const [read] = readMachines(JSON.stringify([{ ...news('n2', 1, []), flags: [flag('n1', 'full'), { unit: 'x' }] }]));
    expect(read?.flags).toEqual([flag('n2', 'full')]);
  });
});
