// What a link may bring is limited: beyond the rate, and beyond the limits of a link state, updates are refused and counted.
// And what a node does when it hears of itself.

import { expect, it, test } from 'vitest';
import type { UpdateFrame } from '../frame/frame.ts';
import { ROUTER_OPTIONS, Router } from './router.ts';
import { TokenBucket } from './token-bucket.ts';

const SELF = '00000000000000aa';
const PEER = '00000000000000bb';

const stranger = (number: number, value = 'x'): UpdateFrame => ({
  kind: 'update',
  origin: number.toString(16).padStart(16, '0'),
  incarnation: 1,
  from: 0,
  sequence: 1,
  items: [{ key: 'name', value, sequence: 1 }],
});

function rig() {
  const limits = { updatesPerSecondMax: 10, updatesBurstMax: 5 };
  const options = { ...ROUTER_OPTIONS, ...limits, node: SELF, incarnation: 1, nameSince: 0, random: () => 0.5 };
  const router = new Router('alpha', options, 0);
  const peer = {
    node: PEER,
    instance: `${PEER}~1`,
    isInArea: true,
    kind: 'network',
    cost: 10,
    roundTripMs: 1,
  } as const;
  router.step({ kind: 'link-up', link: 1, peer }, 0);
  const hear = (frame: UpdateFrame, now: number) => router.step({ kind: 'frame', link: 1, frame }, now);
  return { router, graph: router.graph, hear };
}

it('takes so many updates at once, and so many a second', () => {
  const { graph, hear } = rig();
  for (let number = 1; number <= 8; number++) hear(stranger(number), 0);
  expect(graph?.flooding.counters).toEqual({ accepted: 5, refused: 0, throttled: 3 });
  hear(stranger(6), 99);
  hear(stranger(6), 100);
  hear(stranger(7), 101);
  expect(graph?.flooding.counters).toEqual({ accepted: 6, refused: 0, throttled: 5 });
});

it('refuses what is too long', () => {
  const { graph, hear } = rig();
  hear(stranger(1, 'x'.repeat(ROUTER_OPTIONS.valueLengthMax + 1)), 0);
  expect(graph?.flooding.counters).toEqual({ accepted: 0, refused: 1, throttled: 0 });
});

// This life bears the number 1, and has said a few things of itself.
const STARTED_AT_1 = [{ key: 'start', value: '1', sequence: 1 }];
test.each([
  ['what it said itself', { sequence: 1, items: [] }, []],
  ['more than it said, by the same number', { sequence: 50, items: [] }, ['life-taken']],
  ['more, by a number that was outbid by a life of the same', { incarnation: 9, items: STARTED_AT_1 }, ['life-taken']],
  ['a life that began later', { incarnation: 9, items: [] }, ['outbid']],
])('hears of itself: %s', (_what, said, expected) => {
  const { router, hear } = rig();
  router.step({ kind: 'wake' }, 500);
  const effects = hear({ ...stranger(1), origin: SELF, sequence: 1, ...said }, 1000);
  const told = effects.filter((effect) => effect.kind === 'outbid' || effect.kind === 'life-taken');
  expect(told.map(({ kind }) => kind)).toEqual(expected);
  for (const { incarnation } of told) expect(incarnation).toBeGreaterThan('incarnation' in said ? said.incarnation : 1);
});

it('a bucket is never fuller than its burst', () => {
  const bucket = new TokenBucket(1000, 2, 0);
  const taken = [0, 0, 0, 10_000, 10_000, 10_000, 10_001].map((now) => bucket.take(now));
  expect(taken).toEqual([true, true, false, true, true, false, true]);
});
