// A card: what is written on it stays on it.

import { expect, test } from 'vitest';
import { graphOf, NOW } from '../state/testing/graphs.ts';
import { CARD_PADDING, layOutCard } from './card.ts';
import { buildScene } from './model.ts';

const measure = (text: string): number => text.length * 6.4;
const DAY = 86_400;

test.each([
  [{ load: 12, upSince: NOW - 3 * DAY }, 'load 12 % · up 3 d'],
  [{ load: 100, upSince: NOW - 12 * DAY }, 'overloaded · load 100 %'],
  [{ isReachable: false, lostSince: NOW - 120 }, 'lost 2 min ago'],
])('the condition fits: %j', (server, condition) => {
  const machine = buildScene(graphOf({ a: server }), undefined, NOW).machines.get('a');
  if (machine === undefined) throw new Error('there is no machine a');
  const card = layOutCard(machine, NOW, 3, measure);
  expect(card.condition).toBe(condition);
  expect(measure(card.condition)).toBeLessThanOrEqual(card.width - 2 * CARD_PADDING);
});
