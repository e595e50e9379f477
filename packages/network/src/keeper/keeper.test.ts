// The keeper's promises one by one; keeper-model.test.ts has them all at once.

import { describe, expect, test } from 'vitest';
import { type Entry, Keeper, type KeeperEffect, type KeeperOptions, type KeptEntry } from './keeper.ts';

const OPTIONS: KeeperOptions = {
  countMax: 12,
  bytesMax: 400,
  bytesPerDestinationMax: 150,
  ttlDefaultMs: 60_000,
  ttlMinMs: 10,
  ttlMaxMs: 1000,
};
const GENEROUS: KeeperOptions = { ...OPTIONS, countMax: 1e6, bytesMax: 1e9, bytesPerDestinationMax: 1e9 };

let nextId = 0;
const entryOf = (parts: Partial<Entry> = {}): Entry => ({
  id: `m${nextId++}`,
  destination: 'images',
  sender: 'n1:web',
  bytes: new Uint8Array(20),
  ttlMs: 100,
  isDurable: false,
  report: 'none',
  token: undefined,
  ...parts,
});
const ids = (entries: readonly KeptEntry[]): unknown[] => entries.map((entry) => entry.id);
const kinds = (effects: readonly KeeperEffect[]): string[] => effects.map((effect) => effect.kind);

describe('order and time', () => {
  test('messages come back in the order of arrival, those of several destinations together', () => {
    const keeper = new Keeper(GENEROUS);
    for (const [id, destination] of [
      ['a', 'images'],
      ['b', 'n1:images'],
      ['c', 'db'],
      ['d', 'images'],
    ] as const) {
      expect(keeper.keep(entryOf({ id, destination }), 0)).toBe('kept');
    }
    expect(ids(keeper.take(['images', 'n1:images'], 1e6, 1))).toEqual(['a', 'b', 'd']);
    expect(keeper.hasKept('images')).toBe(false);
    expect(keeper.hasKept('db')).toBe(true);
  });

  test('a batch ends at its bytes, yet a large message is not stuck behind them', () => {
    const keeper = new Keeper(GENEROUS);
    for (const [id, size] of [
      ['a', 30],
      ['b', 30],
      ['c', 90],
      ['d', 1],
    ] as const) {
      keeper.keep(entryOf({ id, bytes: new Uint8Array(size) }), 0);
    }
    expect(ids(keeper.take('images', 0, 1))).toEqual([]);
    expect(ids(keeper.take('images', 60, 1))).toEqual(['a', 'b']);
    expect(ids(keeper.take('images', 60, 1))).toEqual(['c']);
    expect(ids(keeper.take('images', 60, 1))).toEqual(['d']);
  });

  test('at its deadline a message has expired, a millisecond before it has not', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(entryOf({ id: 'a', ttlMs: 100, report: 'always' }), 1000);
    keeper.keep(entryOf({ id: 'b', ttlMs: 50 }), 1000);
    expect(keeper.nextDeadline()).toBe(1050);
    keeper.expire(1049);
    expect(kinds(keeper.takeEffects())).toEqual(['cached']);
    keeper.expire(1050);
    expect(keeper.takeEffects()).toMatchObject([{ kind: 'expired', entry: { id: 'b' }, isReported: false }]);
    expect(ids(keeper.take('images', 1e6, 1100))).toEqual([]);
    expect(keeper.takeEffects()).toMatchObject([{ kind: 'expired', entry: { id: 'a' }, isReported: true }]);
    expect(keeper.nextDeadline()).toBeUndefined();
    expect(keeper.heldBytes).toBe(0);
  });

  test('what did not get through goes back to its place, before newer messages', () => {
    const keeper = new Keeper(GENEROUS);
    for (const id of ['a', 'b', 'c']) keeper.keep(entryOf({ id }), 0);
    const taken = keeper.take('images', 40, 1);
    keeper.keep(entryOf({ id: 'd' }), 2);
    keeper.putBack(taken, 3);
    const again = keeper.take('images', 1e6, 4);
    expect(ids(again)).toEqual(['a', 'b', 'c', 'd']);
    expect(again.some((entry) => entry.isRedelivered)).toBe(false);
  });

  test('many expire in bounded steps', () => {
    const keeper = new Keeper(GENEROUS);
    for (let count = 0; count < 25; count++) keeper.keep(entryOf(), 0);
    keeper.expire(500, 10);
    expect([keeper.waitingCount, keeper.nextDeadline()]).toEqual([15, 100]);
  });
});

describe('durable messages', () => {
  const durable = (id: string, parts: Partial<Entry> = {}): Entry =>
    entryOf({ id, isDurable: true, report: 'failure', ...parts });

  test('cached is said only once the store has it, and it leaves the store only when delivered', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(durable('a'), 0);
    expect(kinds(keeper.takeEffects())).toEqual(['store-put']);
    keeper.stored('a');
    keeper.stored('a');
    expect(kinds(keeper.takeEffects())).toEqual(['cached']);
    expect(ids(keeper.take('images', 1e6, 1))).toEqual(['a']);
    expect([keeper.takeEffects(), keeper.heldCount, keeper.waitingCount]).toEqual([[], 1, 0]);
    keeper.expire(1e6);
    keeper.delivered('a');
    keeper.delivered('a');
    expect(keeper.takeEffects()).toEqual([{ kind: 'store-delete', id: 'a' }]);
    expect(keeper.heldBytes).toBe(0);
  });

  test('given out again it is marked as redelivered, and back too late it expires', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(durable('a'), 0);
    const first = keeper.take('images', 1e6, 1);
    expect(first[0]?.isRedelivered).toBe(false);
    keeper.putBack(first, 2, false);
    const untouched = keeper.take('images', 1e6, 2);
    expect(untouched[0]?.isRedelivered).toBe(false);
    keeper.putBack(untouched, 2);
    keeper.putBack(untouched, 2);
    const second = keeper.take('images', 1e6, 3);
    expect(second).toMatchObject([{ id: 'a', isRedelivered: true }]);
    keeper.takeEffects();
    keeper.putBack(second, 100);
    expect(keeper.takeEffects()).toMatchObject([{ kind: 'expired', isReported: true }, { kind: 'store-delete' }]);
    expect(keeper.heldCount).toBe(0);
  });

  test('delivered after all while it waits again: it is not sent twice', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(durable('a'), 0);
    keeper.putBack(keeper.take('images', 1e6, 1), 2);
    keeper.delivered('a');
    expect([keeper.take('images', 1e6, 3), keeper.heldCount, keeper.nextDeadline()]).toEqual([[], 0, undefined]);
  });

  test('a store that fails: what waits is dropped and reported, what is out may still get through', () => {
    const keeper = new Keeper(GENEROUS);
    for (const id of ['a', 'b', 'c']) keeper.keep(durable(id), 0);
    const [, ...others] = keeper.take('images', 40, 1);
    keeper.takeEffects();
    for (const id of ['a', 'b', 'c']) keeper.storeFailed(id);
    expect(keeper.takeEffects()).toMatchObject([
      { kind: 'dropped', entry: { id: 'c' }, reason: 'store', isReported: true },
      { kind: 'store-delete', id: 'c' },
    ]);
    keeper.delivered('a');
    keeper.putBack(others, 2);
    expect(kinds(keeper.takeEffects())).toEqual(['store-delete', 'dropped', 'store-delete']);
    expect(keeper.heldCount).toBe(0);
  });

  test('after a restart: in order, before newer ones, marked, what is over expired, times never stretched', () => {
    const keeper = new Keeper(OPTIONS);
    const stored = (id: string, sequence: number, deadlineMs: number) => {
      const { destination, sender, bytes } = entryOf();
      return { id, destination, sender, bytes, report: 'failure' as const, sequence, deadlineMs };
    };
    keeper.restore([stored('c', 9, 1e9), stored('a', 3, 500), stored('b', 7, 40)], 50);
    expect(keeper.takeEffects()).toMatchObject([{ kind: 'expired', entry: { id: 'b' } }, { kind: 'store-delete' }]);
    keeper.keep(entryOf({ id: 'd' }), 51);
    expect(ids(keeper.take('images', 20, 52))).toEqual(['a']);
    keeper.expire(50 + OPTIONS.ttlMaxMs - 1);
    const rest = keeper.take('images', 1e6, 52);
    expect(rest).toMatchObject([{ id: 'c', isRedelivered: true, isDurable: true, deadlineMs: 50 + OPTIONS.ttlMaxMs }]);
    expect(() => keeper.restore([], 60)).toThrow('before any other');
  });

  test('an id given twice is a fault of ours', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(durable('a'), 0);
    expect(() => keeper.keep(durable('a'), 0)).toThrow('two durable messages');
  });

  test('when the daemon stops, only what is in memory is dropped', () => {
    const keeper = new Keeper(GENEROUS);
    keeper.keep(entryOf({ id: 'a', report: 'failure' }), 0);
    keeper.keep(durable('b'), 0);
    keeper.keep(entryOf({ id: 'c', destination: 'db' }), 0);
    keeper.takeEffects();
    keeper.close();
    expect(keeper.takeEffects()).toMatchObject([
      { kind: 'dropped', entry: { id: 'a' }, reason: 'stopping', isReported: true },
      { kind: 'dropped', entry: { id: 'c' }, reason: 'stopping', isReported: false },
    ]);
    expect([keeper.waitingCount, keeper.hasKept('images'), keeper.hasKept('db')]).toEqual([1, true, false]);
  });
});

test('each limit refuses with its name and counts', () => {
  const keeper = new Keeper(OPTIONS);
  const keep = (destination: string, size: number) =>
    keeper.keep(entryOf({ destination, bytes: new Uint8Array(size) }), 0);
  expect([keep('a', 151), keep('a', 150), keep('a', 1)]).toEqual(['destination-bytes', 'kept', 'destination-bytes']);
  expect([keep('b', 150), keep('c', 101), keep('c', 100)]).toEqual(['kept', 'bytes', 'kept']);
  keeper.take('a', 1e6, 1);
  for (let count = 2; count < OPTIONS.countMax; count++) expect(keep(`s${count}`, 1)).toBe('kept');
  expect(keep('z', 1)).toBe('count');
  expect(keeper.counters.refused).toEqual({ count: 1, bytes: 1, 'destination-bytes': 2 });
});

test('twenty thousand messages expire in the order of their deadlines', () => {
  const keeper = new Keeper({ ...GENEROUS, ttlMaxMs: 1e9 });
  const count = 20_000;
  for (let index = 0; index < count; index++) {
    keeper.keep(entryOf({ destination: `s${index % 10}`, ttlMs: 10 + ((index * 7919) % count) }), 0);
  }
  let last = 0;
  for (let deadline = keeper.nextDeadline(); deadline !== undefined; deadline = keeper.nextDeadline()) {
    expect(deadline).toBeGreaterThanOrEqual(last);
    last = deadline;
    keeper.expire(deadline + 1000, count);
  }
  expect(keeper.counters.expired).toBe(count);
  const order = keeper.takeEffects().map((effect) => (effect.kind === 'expired' ? effect.entry.deadlineMs : -1));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
