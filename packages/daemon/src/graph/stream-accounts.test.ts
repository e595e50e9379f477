// Counts for each life of each node, also when very many have been.

import { expect, it } from 'vitest';
import { StreamAccounts } from './stream-accounts.ts';

it('keeps lives that are over apart, and sums up the oldest of very many', () => {
  const accounts = new StreamAccounts();
  for (let life = 0; life < 300; life++) {
    const instance = `00000000000000aa~${life}`;
    accounts.given(instance, 10);
    accounts.settled(instance, 'taken', 9);
    accounts.end(instance);
    accounts.settled(instance, 'unknown', 1);
  }
  const list = [...accounts.outgoing.list()];
  expect(list.length).toBe(257);
  expect(list.reduce((sum, { counts }) => sum + counts.given, 0)).toBe(3000);
  expect(list.reduce((sum, { counts }) => sum + counts.taken + counts.unknown, 0)).toBe(3000);
  expect(list.at(-1)).toMatchObject({ instance: '', isOver: true });
});

it('a life that seemed to be over and is not', () => {
  const accounts = new StreamAccounts();
  accounts.arrived('00000000000000aa~1', 3, 1);
  accounts.end('00000000000000aa~1');
  expect([...accounts.incoming.list()]).toMatchObject([{ isOver: true }]);
  accounts.arrived('00000000000000aa~1', 1, 0);
  expect([...accounts.incoming.list()]).toMatchObject([{ isOver: false, counts: { lines: 4, returned: 1 } }]);
});
