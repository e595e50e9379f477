// Alarms ring no later than they were set, each once.

import { expect, it } from 'vitest';
import { Alarms } from './alarms.ts';

function rungBy(alarms: Alarms<string>, now: number): string[] {
  const rung: string[] = [];
  for (let thing = alarms.take(now); thing !== undefined; thing = alarms.take(now)) rung.push(thing);
  return rung;
}

it('rings the earliest first, and equal ones in the order in which they were set', () => {
  const alarms = new Alarms<string>();
  alarms.setNoLater('b', 20);
  alarms.setNoLater('a', 10);
  alarms.setNoLater('c', 20);
  expect(alarms.next()).toBe(10);
  expect(rungBy(alarms, 9)).toEqual([]);
  expect(rungBy(alarms, 20)).toEqual(['a', 'b', 'c']);
  expect(alarms.next()).toBe(Number.POSITIVE_INFINITY);
});

it('is not put off, but brought forward', () => {
  const alarms = new Alarms<string>();
  alarms.setNoLater('a', 10);
  alarms.setNoLater('a', 30);
  expect(alarms.next()).toBe(10);
  alarms.setNoLater('a', 5);
  expect(rungBy(alarms, 30)).toEqual(['a']);
});

it('is silent once cleared, and about what is never due', () => {
  const alarms = new Alarms<string>();
  alarms.setNoLater('a', 10);
  alarms.setNoLater('b', Number.POSITIVE_INFINITY);
  alarms.clear('a');
  alarms.clear('nobody');
  expect(alarms.next()).toBe(Number.POSITIVE_INFINITY);
  expect(rungBy(alarms, 1e9)).toEqual([]);
});
