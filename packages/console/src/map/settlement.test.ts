// Places as the cluster becomes known: however the news come in, the same picture; whoever has been seen for a while stays.

import { expect, test } from 'vitest';
import type { Scene } from './model.ts';
import { Settlement } from './settlement.ts';
import { placesOf, sceneOf } from './testing/scenes.ts';

const whole = sceneOf(30, 3);
const centerOf = (name: string): string => whole.machines.get(name)?.dataCenter ?? '';

/** What is known while only some data centres have told of their links. */
const knowing = (...centers: string[]): Scene => ({
  ...whole,
  links: whole.links.filter(({ a, b }) => centerOf(a) !== centerOf(b) || centers.includes(centerOf(a))),
});

test('in whatever order the links become known, the picture is the same', () => {
  for (const order of [
    ['area1', 'area2', 'area3'],
    ['area1', 'area3', 'area2'],
  ]) {
    const settlement = new Settlement(() => 0);
    for (let count = 1; count <= order.length; count++) settlement.settle(knowing(...order.slice(0, count)), 'area1');
    expect(settlement.isComplete).toBe(true);
    expect(settlement.positions).toEqual(placesOf(whole));
  }
});

test('it is looked at again when links of a data centre come, and only then', () => {
  const settlement = new Settlement(() => 0);
  settlement.settle(knowing('area1'), '');
  expect(settlement.isComplete).toBe(false);
  expect(settlement.isBetterKnown(knowing('area1'))).toBe(false);
  expect(settlement.isBetterKnown(knowing('area1', 'area2'))).toBe(true);
});

test('later only the data centre moves whose links come', () => {
  let nowMs = 0;
  const settlement = new Settlement(() => nowMs);
  settlement.settle(knowing('area1', 'area2'), '');
  const before = new Map(settlement.positions);
  nowMs = 60_000;
  settlement.settle(whole, '');
  for (const [name, point] of before) {
    if (centerOf(name) !== 'area3') expect(settlement.positions.get(name)).toEqual(point);
  }
});

test('what a person has put somewhere stays, until all is arranged anew', () => {
  const settlement = new Settlement(() => 0);
  settlement.settle(knowing('area1'), '');
  settlement.pin('n20', { x: 9000, y: 9000 });
  settlement.settle(whole, '');
  expect(settlement.positions.get('n20')).toEqual({ x: 9000, y: 9000 });
  settlement.forget();
  settlement.settle(whole, '');
  expect(settlement.positions).toEqual(placesOf(whole));
});

test('upright, all are seen with x and y swapped; what is put somewhere there stays there when the phone is turned and back', () => {
  const settlement = new Settlement(() => 0);
  settlement.settle(whole, '');
  const lying = settlement.positions;
  settlement.isUpright = true;
  for (const [name, { x, y }] of lying) expect(settlement.positions.get(name)).toEqual({ x: y, y: x });
  settlement.pin('n20', { x: 100, y: 9000 });
  expect(settlement.positions.get('n20')).toEqual({ x: 100, y: 9000 });
  settlement.isUpright = false;
  expect(settlement.positions.get('n20')).toEqual({ x: 9000, y: 100 });
  expect(settlement.positions.get('n1')).toEqual(lying.get('n1'));
});
