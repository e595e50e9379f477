// Tests of totals over links that come and go.

import { expect, test } from 'vitest';
import { type CountedLink, NeighborTotals, OTHER } from './neighbor-totals.ts';

const link = (port: number, server: string, messagesOut: number): CountedLink => ({
  port,
  peer: { server },
  counters: { messagesOut, messagesIn: 2 * messagesOut, bytesOut: 0, bytesIn: 0, framesDropped: 0 },
});

const out = (totals: NeighborTotals): Record<string, number> =>
  Object.fromEntries([...totals.counts].map(([name, { messagesOut }]) => [name, messagesOut]));

test('never fall, whatever links do', () => {
  const totals = new NeighborTotals(10);
  totals.add([link(1, 'beta', 5), link(2, 'gamma', 1)]);
  totals.add([link(1, 'beta', 7), link(3, 'beta', 10)]);
  expect(out(totals)).toEqual({ beta: 17, gamma: 1 });
  totals.add([]);
  totals.add([link(4, 'gamma', 3)]);
  expect(out(totals)).toEqual({ beta: 17, gamma: 4 });
  expect(totals.counts.get('gamma')?.messagesIn).toBe(8);
});

test('names are limited: further neighbours share one', () => {
  const totals = new NeighborTotals(2);
  totals.add([link(1, 'a', 1), link(2, 'b', 1), link(3, 'c', 1), link(4, 'd', 1)]);
  totals.add([link(1, 'a', 2), link(3, 'c', 5), link(5, 'e', 1)]);
  expect(out(totals)).toEqual({ a: 2, b: 1, [OTHER]: 7 });
  const none = new NeighborTotals(0);
  none.add([link(1, 'a', 1)]);
  expect(out(none)).toEqual({ [OTHER]: 1 });
});
