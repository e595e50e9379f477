// Link states: increments that arrive late, twice or never lead to the same facts; databases that compare digests agree.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Database } from './database.ts';
import { applyUpdate, KEY, LINK_STATE_LIMITS, LinkState } from './link-state.ts';

const origin = 'a'.repeat(16);
const options = { ...LINK_STATE_LIMITS, nodesMax: 100, forgetMs: 1000 };

test('however often an increment is asked for, the copy ends with the same facts', () => {
  const change = fc.dictionary(
    fc.constantFrom('k1', 'k2', 'k3', 'service.web', 'new.key'),
    fc.option(fc.string(), { nil: undefined }),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(fc.array(fc.record({ change, copied: fc.boolean() }), { maxLength: 300, size: 'max' }), (steps) => {
      let own = LinkState.first(origin, 5);
      let copy: LinkState | undefined;
      for (const { change, copied } of steps) {
        own = own.changed(new Map(Object.entries(change)));
        if (!copied) continue;
        const next = applyUpdate(copy, own.since(copy?.sequence ?? 0), LINK_STATE_LIMITS);
        if (typeof next === 'string') throw new Error(next);
        copy = next;
        expect(live(copy)).toEqual(live(own));
        expect(copy.hash).toBe(own.hash);
      }
    }),
  );
});

const live = ({ items }: LinkState): [string, string][] =>
  [...items.values()]
    .flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as [string, string]]))
    .sort();

test('what is older is stale, what lacks its beginning a gap, what is too large refused', () => {
  const first = LinkState.first(origin, 5).changed(new Map([['a', '1']]));
  const second = first.changed(new Map([['b', '2']]));
  const third = second.changed(new Map([['c', '3']]));
  expect(applyUpdate(second, first.since(0), LINK_STATE_LIMITS)).toBe('stale');
  expect(applyUpdate(second, second.since(1), LINK_STATE_LIMITS)).toBe('stale');
  expect(applyUpdate(first, third.since(2), LINK_STATE_LIMITS)).toBe('gap');
  expect(applyUpdate(undefined, third.since(2), LINK_STATE_LIMITS)).toBe('gap');
  expect(applyUpdate(third, first.reborn(6).since(0), LINK_STATE_LIMITS)).toMatchObject({ incarnation: 6 });
  expect(applyUpdate(third, first.reborn(4).since(0), LINK_STATE_LIMITS)).toBe('stale');
  expect(applyUpdate(first, third.since(1), { ...LINK_STATE_LIMITS, itemsMax: 2 })).toBe('refused');
  expect(applyUpdate(first, third.since(1), { ...LINK_STATE_LIMITS, valueLengthMax: 0 })).toBe('refused');
});

test('removals are forgotten in time, and an increment from before them is the whole', () => {
  let own = LinkState.first(origin, 1).changed(new Map([['kept', 'x']]));
  for (let number = 0; number < 200; number++) {
    own = own.changed(new Map([[`k${number}`, '1']])).changed(new Map([[`k${number}`, undefined]]));
  }
  expect(own.items.size).toBeLessThan(100);
  expect(own.since(1)).toMatchObject({ from: 0, items: [{ key: 'kept' }] });
});

test('facts: what is damaged means nothing, and is kept', () => {
  const state = LinkState.first(origin, 1).changed(
    new Map([
      [KEY.link('b'.repeat(16)), '0'],
      [KEY.link('c'.repeat(16)), '7'],
      [KEY.load, 'much'],
      [KEY.service('web'), 'PING,PONG'],
      ['of.tomorrow', '?'],
    ]),
  );
  expect(state.facts).toMatchObject({
    load: 0,
    links: new Map([['c'.repeat(16), 7]]),
    linkLives: new Map([['c'.repeat(16), 0]]),
    services: new Map([['web', 'PING,PONG']]),
  });
  expect(state.since(0).items.map(({ key }) => key)).toContain('of.tomorrow');
});

test('two databases that send each other what is lacking become equal', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(16));
  const known = fc.array(
    fc.record({ node: fc.constantFrom(...ids.slice(2)), incarnation: fc.nat(3), changes: fc.nat(4) }),
  );
  fc.assert(
    fc.property(known, known, (here, there) => {
      const [a, b] = [ids[0], ids[1]].map(
        (id) => new Database(LinkState.first(id as string, 1).changed(new Map()), options),
      );
      for (const [database, list] of [
        [a, here],
        [b, there],
      ] as const) {
        for (const { node, incarnation, changes } of list) {
          let state = LinkState.first(node, incarnation).changed(new Map([['x', `${incarnation}`]]));
          for (let number = 0; number < changes; number++) state = state.changed(new Map([[`k${number}`, 'y']]));
          database?.accept(state.since(0));
        }
      }
      const forB = (a as Database).lacking((b as Database).digest(), true);
      const forA = (b as Database).lacking((a as Database).digest(), true);
      for (const update of forB) b?.accept(update);
      for (const update of forA) a?.accept(update);
      expect(a?.hash).toBe(b?.hash);
      expect(a?.size).toBe(b?.size);
    }),
  );
});

test('a database has a limit, and forgets who cannot be reached', () => {
  const database = new Database(LinkState.first(origin, 1), { ...options, nodesMax: 2 });
  const stranger = (letter: string) => LinkState.first(letter.repeat(16), 1).changed(new Map()).since(0);
  expect(database.accept(stranger('b'))).toMatchObject({ after: { origin: 'b'.repeat(16) } });
  expect(database.accept(stranger('c'))).toBe('refused');
  expect(database.age(() => false, 0)).toEqual([]);
  expect(database.age(() => true, 900)).toEqual([]);
  expect(database.age(() => false, 1000)).toEqual([]);
  expect(database.age(() => false, 2000)).toHaveLength(1);
  expect(database.size).toBe(1);
});

test('what was forgotten is not taken back from those who forget it later, unless there is news of it', () => {
  const forgetful = (): Database => {
    const database = new Database(LinkState.first(origin, 1), options);
    database.accept(state.since(0));
    expect([database.age(() => false, 0), database.age(() => false, 1000)].map(({ length }) => length)).toEqual([0, 1]);
    return database;
  };
  const state = LinkState.first('b'.repeat(16), 1).changed(new Map());
  expect(forgetful().accept(state.since(0))).toBe('stale');
  expect(forgetful().accept(state.changed(new Map()).since(0))).toMatchObject({ before: undefined });
  const later = forgetful();
  later.age(() => false, 1100);
  expect(later.accept(state.since(0))).toMatchObject({ before: undefined });
});
