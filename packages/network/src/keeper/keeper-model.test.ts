// The keeper against a model that does everything the slow and plain way, over arrays.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, Keeper, type KeeperOptions, type KeptEntry } from './keeper.ts';

const OPTIONS: KeeperOptions = {
  countMax: 12,
  bytesMax: 400,
  bytesPerDestinationMax: 150,
  ttlDefaultMs: 60_000,
  ttlMinMs: 10,
  ttlMaxMs: 1000,
};
const DESTINATIONS = ['images', 'db', 'n1:images'];

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
const idsOf = (entries: readonly Entry[]): string[] => entries.map(({ id }) => String(id));

/** Runs the same inputs through both, and compares after each. */
class Run {
  readonly keeper = new Keeper(OPTIONS);
  /** What was seen, and what the model says. */
  compared: [seen: unknown, meant: unknown][] = [];
  now = 0;
  waiting: KeptEntry[] = [];
  out: KeptEntry[] = [];
  inStore = new Set<string>();
  keptCount = 0;
  deliveredCount = 0;
  /** What the keeper said has expired, and what must have. */
  expired: string[] = [];
  overdue: string[] = [];

  keep(parts: { destination: string; size: number; ttlMs: number; isDurable: boolean }): void {
    const { destination, size, ttlMs, isDurable } = parts;
    const common = { id: `m${this.keptCount}`, sender: '', report: 'none' as const, token: undefined };
    const entry: Entry = { ...common, destination, ttlMs, isDurable, bytes: new Uint8Array(size) };
    const held = this.held();
    const sameDestination = this.waiting.filter((other) => other.destination === destination);
    const fits =
      held.length < OPTIONS.countMax &&
      bytesOf(held) + size <= OPTIONS.bytesMax &&
      bytesOf(sameDestination) + size <= OPTIONS.bytesPerDestinationMax;
    this.#compare(this.keeper.keep(entry, this.now) === 'kept', fits);
    if (!fits) return;
    const deadlineMs = this.now + Math.max(OPTIONS.ttlMinMs, ttlMs);
    this.waiting.push({ ...entry, deadlineMs, sequence: this.keptCount++, isRedelivered: false });
  }

  take({ destinations, bytesMax }: { destinations: string[]; bytesMax: number }): void {
    const taken = this.keeper.take(destinations, bytesMax, this.now);
    const alive = this.waiting.filter(
      ({ destination, deadlineMs }) => destinations.includes(destination) && deadlineMs > this.now,
    );
    const batch: KeptEntry[] = [];
    for (const entry of alive) {
      if (bytesMax === 0 || (batch.length > 0 && bytesOf([...batch, entry]) > bytesMax)) break;
      batch.push(entry);
      if (bytesOf(batch) >= bytesMax) break;
    }
    this.#compare(idsOf(taken), idsOf(batch));
    for (const [index, entry] of taken.entries()) this.#compare(entry.isRedelivered, batch[index]?.isRedelivered);
    this.waiting = this.waiting.filter((entry) => !batch.includes(entry));
    this.out.push(...taken);
  }

  expire(): void {
    this.keeper.expire(this.now);
    this.#expireWaiting(() => true);
  }

  putBack({ picks }: { picks: number[] }): void {
    const back = [...new Set(picks)].flatMap((pick) => this.out[pick] ?? []);
    this.keeper.putBack(back, this.now);
    this.out = this.out.filter((entry) => !back.includes(entry));
    this.waiting.push(...back.map((entry) => ({ ...entry, isRedelivered: entry.isDurable })));
    this.waiting.sort((a, b) => a.sequence - b.sequence);
    this.#expireWaiting(({ id }) => idsOf(back).includes(String(id)));
  }

  deliver({ pick }: { pick: number }): void {
    const entry = this.out[pick];
    if (entry === undefined) return;
    this.keeper.delivered(entry.id);
    this.out.splice(pick, 1);
    this.deliveredCount++;
  }

  compareAll(): void {
    const { keeper } = this;
    for (const effect of keeper.takeEffects()) {
      if (effect.kind === 'expired') this.expired.push(String(effect.entry.id));
      else if (effect.kind === 'store-put') this.inStore.add(String(effect.entry.id));
      else if (effect.kind === 'store-delete') this.#compare(this.inStore.delete(String(effect.id)), true);
    }
    // Taking may expire what stood in the way before anybody called expire(); what is not due, it must not.
    this.#expireWaiting(({ id }) => this.expired.includes(String(id)));
    this.#compare([...this.expired].sort(), [...this.overdue].sort());
    this.#compare([keeper.waitingCount, keeper.heldCount], [this.waiting.length, this.held().length]);
    this.#compare(keeper.heldBytes, bytesOf(this.held()));
    const deadlines = this.waiting.map(({ deadlineMs }) => deadlineMs);
    this.#compare(keeper.nextDeadline(), deadlines.length === 0 ? undefined : Math.min(...deadlines));
    for (const name of DESTINATIONS) {
      this.#compare(
        keeper.hasKept(name),
        this.waiting.some(({ destination }) => destination === name),
      );
    }
    const ended = this.expired.length + this.deliveredCount;
    this.#compare(this.keptCount, this.waiting.length + this.out.length + ended);
    const { kept, putBack, taken, expired, dropped } = keeper.counters;
    this.#compare(kept + putBack, taken + expired + dropped + keeper.waitingCount);
    const durable = [...this.waiting, ...this.out].filter(({ isDurable }) => isDurable);
    this.#compare([...this.inStore].sort(), idsOf(durable).sort());
  }

  /** What counts against the limits: what waits, and what is durable and given out. */
  held(): KeptEntry[] {
    return [...this.waiting, ...this.out.filter(({ isDurable }) => isDurable)];
  }

  #compare(seen: unknown, meant: unknown): void {
    this.compared.push([seen, meant]);
  }

  #expireWaiting(isMeant: (entry: KeptEntry) => boolean): void {
    const isOver = (entry: KeptEntry): boolean => entry.deadlineMs <= this.now && isMeant(entry);
    this.overdue.push(...idsOf(this.waiting.filter(isOver)));
    this.waiting = this.waiting.filter((entry) => !isOver(entry));
  }
}

type Step = (run: Run) => void;
const keep = fc
  .record({
    destination: fc.constantFrom(...DESTINATIONS),
    size: fc.integer({ min: 1, max: 80 }),
    ttlMs: fc.integer({ min: 0, max: 300 }),
    isDurable: fc.boolean(),
  })
  .map(
    (parts): Step =>
      (run) =>
        run.keep(parts),
  );
const take = fc
  .record({ destinations: fc.subarray(DESTINATIONS, { minLength: 1 }), bytesMax: fc.integer({ min: 0, max: 120 }) })
  .map(
    (parts): Step =>
      (run) =>
        run.take(parts),
  );
const expire = fc.constant<Step>((run) => run.expire());
const putBack = fc.record({ picks: fc.array(fc.nat(8), { maxLength: 8, size: 'max' }) }).map(
  (parts): Step =>
    (run) =>
      run.putBack(parts),
);
const deliver = fc.record({ pick: fc.nat(8) }).map(
  (parts): Step =>
    (run) =>
      run.deliver(parts),
);
const step = fc.oneof(
  { weight: 5, arbitrary: keep },
  { weight: 2, arbitrary: take },
  { weight: 1, arbitrary: expire },
  { weight: 2, arbitrary: putBack },
  { weight: 1, arbitrary: deliver },
);

test('the keeper agrees with the model: order, time, limits, and exactly one end for each message', () => {
  const steps = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 25 })), { maxLength: 150, size: 'max' });
  fc.assert(
    fc.property(steps, (actions) => {
      const run = new Run();
      for (const [act, pauseMs] of actions) {
        run.now += pauseMs;
        act(run);
        run.compareAll();
        for (const [seen, meant] of run.compared.splice(0)) expect(seen).toEqual(meant);
      }
    }),
    { numRuns: 200 },
  );
}, 120_000);
