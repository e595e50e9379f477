// Known neighbours: on disk and back, how many and how long.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { KnownNeighbors } from './known-neighbors.ts';
import { scratchDirectory } from './testing/station.ts';

let directory: string;
let nowS: number;
let dropped: string[];
const failures: Error[] = [];

beforeEach(() => {
  directory = scratchDirectory();
  nowS = 1000;
  dropped = [];
});

const open = (countMax = 10): KnownNeighbors =>
  new KnownNeighbors(
    directory,
    { countMax, keptS: 1000, heardS: 100 },
    () => nowS,
    (error) => failures.push(error),
    (address) => dropped.push(address),
  );
const addresses = (known: KnownNeighbors): string[] => [...known].map(({ address }) => address);

test('are there again after a restart', () => {
  const first = open();
  expect([first.hear('a'), first.hear('a'), first.see('b', 'beta'), first.see('b', 'beta')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  first.close();
  expect([...open()]).toEqual([
    { address: 'a', server: '', learntAt: 1000, seenAt: 0 },
    { address: 'b', server: 'beta', learntAt: 1000, seenAt: 1000 },
  ]);
});

test.each(['', '{', '{"a":1}', '[1,null,{"address":5}]', '[{"address":"a","server":"","learntAt":"x","seenAt":0}]'])(
  'a damaged file counts as none: %s',
  (text) => {
    writeFileSync(join(directory, 'neighbors.json'), text);
    expect(addresses(open())).toEqual([]);
  },
);

test('nobody makes room for hearsay; who was seen longest ago does for who is seen', () => {
  const known = open(2);
  known.see('a', 'alpha');
  nowS++;
  known.see('b', 'beta');
  expect(known.hear('c')).toBe(false);
  known.see('d', 'delta');
  expect([addresses(known), dropped]).toEqual([['b', 'd'], ['a']]);
});

test('hearsay makes room first', () => {
  const known = open(2);
  known.see('a', 'alpha');
  nowS++;
  known.hear('b');
  known.see('c', 'gamma');
  expect(dropped).toEqual(['b']);
});

test('are forgotten after their time', () => {
  const known = open();
  known.hear('a');
  known.see('b', 'beta');
  nowS += 100;
  known.expire();
  expect(addresses(known)).toEqual(['b']);
  nowS += 900;
  known.expire();
  expect([addresses(known), dropped]).toEqual([[], ['a', 'b']]);
});

test('what was forgotten is not on disk', () => {
  const known = open();
  known.see('b', 'beta');
  known.forget('b');
  known.close();
  expect(readFileSync(join(directory, 'neighbors.json'), 'utf8')).toBe('[]\n');
});

test('a directory that cannot be written is told', () => {
  writeFileSync(join(directory, 'file'), '');
  directory = join(directory, 'file', 'below');
  const known = open();
  known.hear('a');
  known.close();
  expect(failures).toHaveLength(1);
});
