// The keeper against a model that does everything the slow and plain way, and its promises one by one.

import fc from 'fast-check';
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
    for (const [id, destination] of [['a', 'images'], ['b', 'n1:images'], ['c', 'db'], ['d', 'images']] as const) {
      expect(keeper.keep(entryOf({ id, destination }), 0)).toBe('kept');
    }
    expect(ids(keeper.take(['images', 'n1:images'], 1e6, 1))).toEqual(['a', 'b', 'd']);
    expect(keeper.hasKept('images')).toBe(false);
    expect(keeper.hasKept('db')).toBe(true);
  });

  test('a batch ends at its bytes, yet a large message is not stuck behind them', () => {
    const keeper = new Keeper(GENEROUS);
    for (const [id, size] of [['a', 30], ['b', 30], ['c', 90], ['d', 1]] as const) {
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
    keeper.putBack(first, 2);
    keeper.putBack(first, 2);
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
    const [, b] = keeper.take('images', 40, 1);
    keeper.takeEffects();
    for (const id of ['a', 'b', 'c']) keeper.storeFailed(id);
    expect(keeper.takeEffects()).toMatchObject([
      { kind: 'dropped', entry: { id: 'c' }, reason: 'store', isReported: true },
      { kind: 'store-delete', id: 'c' },
    ]);
    keeper.delivered('a');
    keeper.putBack([b as KeptEntry], 2);
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
  const keep = (destination: string, size: number) => keeper.keep(entryOf({ destination, bytes: new Uint8Array(size) }), 0);
  expect([keep('a', 151), keep('a', 150), keep('a', 1)]).toEqual(['destination-bytes', 'kept', 'destination-bytes']);
  expect([keep('b', 150), keep('c', 101), keep('c', 100)]).toEqual(['kept', 'bytes', 'kept']);
  keeper.take('a', 1e6, 1);
  for (let count = 2; count < OPTIONS.countMax; count++) expect(keep(`s${count}`, 1)).toBe('kept');
  expect(keep('z', 1)).toBe('count');
  expect(keeper.counters.refused).toEqual({ count: 1, bytes: 1, 'destination-bytes': 2 });
});

/** The same promises over plain arrays. */
class Model {
  waiting: KeptEntry[] = [];
  out: KeptEntry[] = [];
  expired: unknown[] = [];

  get heldBytes(): number {
    return [...this.waiting, ...this.out.filter((entry) => entry.isDurable)].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  expire(now: number, isMeant: (entry: KeptEntry) => boolean): void {
    const isOver = (entry: KeptEntry): boolean => entry.deadlineMs <= now && isMeant(entry);
    this.expired.push(...ids(this.waiting.filter(isOver)));
    this.waiting = this.waiting.filter((entry) => !isOver(entry));
  }
}

const DESTINATIONS = ['images', 'db', 'n1:images'];
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('keep' as const),
      destination: fc.constantFrom(...DESTINATIONS),
      size: fc.integer({ min: 1, max: 80 }),
      ttlMs: fc.integer({ min: 0, max: 300 }),
      isDurable: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      destinations: fc.subarray(DESTINATIONS, { minLength: 1 }),
      bytesMax: fc.integer({ min: 0, max: 120 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('putBack' as const), picks: fc.array(fc.nat(20), { maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delivered' as const), pick: fc.nat(20) }) },
);

test('agrees with the model: order, time, limits, and one end for each message', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 60 })), { maxLength: 120 }), (steps) => {
      const keeper = new Keeper(OPTIONS);
      const model = new Model();
      const expired: unknown[] = [];
      const inStore = new Set<unknown>();
      let keptCount = 0;
      let ended = 0;
      let now = 0;
      for (const [action, pauseMs] of steps) {
        now += pauseMs;
        if (action.kind === 'keep') {
          const entry = entryOf({ destination: action.destination, ttlMs: action.ttlMs, isDurable: action.isDurable, bytes: new Uint8Array(action.size) });
          const heldCount = model.waiting.length + model.out.filter(({ isDurable }) => isDurable).length;
          const destinationBytes = model.waiting.filter(({ destination }) => destination === entry.destination).reduce((sum, { bytes }) => sum + bytes.length, 0);
          const fits = heldCount < OPTIONS.countMax && model.heldBytes + action.size <= OPTIONS.bytesMax && destinationBytes + action.size <= OPTIONS.bytesPerDestinationMax;
          expect(keeper.keep(entry, now) === 'kept').toBe(fits);
          if (fits) {
            const deadlineMs = now + Math.max(OPTIONS.ttlMinMs, action.ttlMs);
            model.waiting.push({ ...entry, ttlMs: deadlineMs - now, deadlineMs, sequence: keptCount++, isRedelivered: false });
          }
        } else if (action.kind === 'take') {
          const { destinations, bytesMax } = action;
          const taken = keeper.take(destinations, bytesMax, now);
          for (const entry of taken) expect(entry.deadlineMs).toBeGreaterThan(now);
          const sum = taken.reduce((total, { bytes }) => total + bytes.length, 0);
          expect(sum <= bytesMax || taken.length === 1).toBe(true);
          // Only what stands before the last message taken, and behind it, expires here; the rest in its own time.
          const meant = model.waiting.filter(({ destination, deadlineMs }) => destinations.includes(destination) && deadlineMs > now);
          const expectedCount = bytesMax > 0 ? fitting(meant, bytesMax) : 0;
          expect(ids(taken)).toEqual(ids(meant.slice(0, expectedCount)));
          model.waiting = model.waiting.filter((entry) => !ids(taken).includes(entry.id));
          model.out.push(...taken);
        } else if (action.kind === 'expire') {
          keeper.expire(now);
          model.expire(now, () => true);
        } else if (action.kind === 'putBack') {
          const back = [...new Set(action.picks)].flatMap((pick) => model.out[pick] ?? []);
          keeper.putBack(back, now);
          model.out = model.out.filter((entry) => !back.includes(entry));
          for (const entry of back) model.waiting.push({ ...entry, isRedelivered: entry.isDurable });
          model.waiting.sort((a, b) => a.sequence - b.sequence);
          model.expire(now, ({ id }) => ids(back).includes(id));
        } else {
          const entry = model.out[action.pick];
          if (entry !== undefined) {
            keeper.delivered(entry.id);
            model.out.splice(action.pick, 1);
            ended++;
          }
        }
        for (const effect of keeper.takeEffects()) {
          if (effect.kind === 'expired') expired.push(effect.entry.id);
          else if (effect.kind === 'store-put') inStore.add(effect.entry.id);
          else if (effect.kind === 'store-delete') expect(inStore.delete(effect.id)).toBe(true);
        }
        // Taking may expire what stood in the way before anybody called expire().
        model.expire(now, ({ id }) => expired.includes(id));
        expect([...expired].sort()).toEqual([...model.expired].sort());
        expect(keeper.waitingCount).toBe(model.waiting.length);
        expect(keeper.heldBytes).toBe(model.heldBytes);
        expect(keeper.nextDeadline()).toBe(model.waiting.reduce<number | undefined>((least, { deadlineMs }) => Math.min(least ?? deadlineMs, deadlineMs), undefined));
        for (const destination of DESTINATIONS) {
          expect(keeper.hasKept(destination)).toBe(model.waiting.some((entry) => entry.destination === destination));
        }
        expect(keptCount).toBe(model.waiting.length + model.out.length + expired.length + ended);
        const { kept, putBack, taken, expired: expiredCount, dropped } = keeper.counters;
        expect(kept + putBack).toBe(taken + expiredCount + dropped + keeper.waitingCount);
        const durable = [...model.waiting, ...model.out].filter((entry) => entry.isDurable);
        expect([...inStore].sort()).toEqual(ids(durable).sort());
      }
    }),
    { numRuns: 300 },
  );
});

/** How many of the first messages make a batch of so many bytes. */
function fitting(entries: readonly KeptEntry[], bytesMax: number): number {
  let sum = 0;
  const over = entries.findIndex(({ bytes }, index) => (sum += bytes.length) > bytesMax && index > 0);
  return over === -1 ? entries.length : over;
}

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
