// The choice among instances: nearest, then less loaded, then shared among senders; and then it holds.

import { expect, test } from 'vitest';
import { ANYCAST_OPTIONS, Anycast } from './anycast.ts';

const at = (node: string, distance: number, load = 0) => ({ node, distance, load });

test.each([
  [[at('a', 20), at('b', 10)], 'b'],
  [[at('a', 10, 50), at('b', 10, 20)], 'b'],
  [[at('a', 10, 90), at('b', 11, 0)], 'a'],
])('%j', (candidates, node) => {
  const anycast = new Anycast(ANYCAST_OPTIONS);
  expect(anycast.choose('n1:web', 'db', candidates, 0)).toBe(node);
  expect(anycast.choose('', 'db', candidates, 0)).toBe(node);
});

test('equal ones share the senders, each sender keeps to one', () => {
  const candidates = [at('a', 10), at('b', 10)];
  const choices = Array.from({ length: 200 }, (_, sender) => {
    return new Anycast(ANYCAST_OPTIONS).choose(`n1:s${sender}`, 'db', candidates, 0);
  });
  expect(choices.filter((node) => node === 'a').length).toBeGreaterThan(60);
  expect(choices.filter((node) => node === 'b').length).toBeGreaterThan(60);
});

test('a choice holds while its sender goes on, and is made anew after silence or loss', () => {
  const anycast = new Anycast(ANYCAST_OPTIONS);
  const choose = (now: number, ...candidates: ReturnType<typeof at>[]) =>
    anycast.choose('n1:web', 'db', candidates, now);
  expect(choose(0, at('a', 10))).toBe('a');
  for (let now = 500; now < 5000; now += 500) expect(choose(now, at('a', 10), at('b', 1))).toBe('a');
  expect(choose(5600, at('a', 10), at('b', 1))).toBe('b');
  expect(choose(5700, at('a', 10))).toBe('a');
  expect(choose(5800)).toBeUndefined();
});

test('choices have a limit', () => {
  const anycast = new Anycast({ ...ANYCAST_OPTIONS, choicesMax: 2 });
  for (const sender of ['s1', 's2', 's3']) anycast.choose(sender, 'db', [at('a', 1)], 0);
  const both = [at('a', 5), at('b', 1)];
  expect(anycast.choose('s1', 'db', both, 1)).toBe('b');
  expect(anycast.choose('s3', 'db', both, 1)).toBe('a');
});
