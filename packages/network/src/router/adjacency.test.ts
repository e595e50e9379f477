// An adjacency's life: hellos, round trips, silence, and what tells that databases differ.

import { expect, test } from 'vitest';
import { Adjacency, type Peer } from './adjacency.ts';

const peer: Peer = {
  node: 'b'.repeat(16),
  instance: `${'b'.repeat(16)}~1`,
  isInArea: true,
  kind: 'network',
  cost: undefined,
  roundTripMs: undefined,
};
const make = (): Adjacency => new Adjacency(peer, { helloIntervalMs: 500, deadIntervalMs: 2000, random: () => 0.5 }, 0);

test('hellos go out at their interval, and measure the round trip', () => {
  const [a, b] = [make(), make()];
  const sent: number[] = [];
  for (let now = 0; now < 3000; now++) {
    const there = a.hello(7, now);
    if (there !== undefined) {
      sent.push(now);
      b.greeted(there, 7, now + 20);
    }
    const back = b.hello(7, now + 20);
    if (back !== undefined) a.greeted(back, 7, now + 60);
  }
  expect(sent).toEqual([0, 500, 1000, 1500, 2000, 2500]);
  expect(a.cost.roundTripMs).toBeCloseTo(60, 0);
});

test('silence ends it, any bytes keep it', () => {
  const adjacency = make();
  adjacency.heard(1500);
  expect(adjacency.isSilent(3499)).toBe(false);
  expect(adjacency.isSilent(3500)).toBe(true);
});

test('a long way has a longer dead interval', () => {
  const adjacency = new Adjacency(
    { ...peer, roundTripMs: 600 },
    { helloIntervalMs: 500, deadIntervalMs: 2000, random: () => 0 },
    0,
  );
  expect(adjacency.deadIntervalMs).toBe(3400);
});

test('a short dead interval is kept where the way is short', () => {
  const options = { helloIntervalMs: 100, deadIntervalMs: 300, random: () => 0 };
  expect(new Adjacency({ ...peer, roundTripMs: 1 }, options, 0).deadIntervalMs).toBe(300);
  expect(new Adjacency({ ...peer, roundTripMs: 80 }, options, 0).deadIntervalMs).toBe(470);
});

test.each([
  ['exchanging', 'digest', 'full', ['answer', 'advertise']],
  ['full', 'digest', 'full', ['answer']],
  ['full', 'silence', 'closed', ['hang-up', 'withdraw']],
  ['full', 'close', 'closed', ['withdraw']],
  ['exchanging', 'close', 'closed', []],
  ['closed', 'digest', 'closed', []],
] as const)('%s, %s: %s', (state, event, to, actions) => {
  const adjacency = make();
  adjacency.state = state;
  expect([adjacency.on(event), adjacency.state]).toEqual([actions, to]);
});

test('databases that stand still and differ are compared, those that change are not', () => {
  const adjacency = make();
  const greet = (theirs: number, ours: number) =>
    adjacency.greeted({ kind: 'hello', serial: 1, echo: 0, heldUs: 0, databaseHash: theirs }, ours, 0).differs;
  expect([1, 2, 3, 4, 5, 6, 7].map((hash) => greet(hash, 100))).not.toContain(true);
  expect(Array.from({ length: 6 }, () => greet(9, 9))).not.toContain(true);
  expect(Array.from({ length: 6 }, () => greet(9, 100))).toContain(true);
});
