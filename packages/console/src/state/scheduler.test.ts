// Who asks daemons how often: only what is looked at, nothing while nobody looks.

import { describe, expect, test, vi } from 'vitest';
import { askEach, Scheduler } from './scheduler.ts';

describe('the scheduler', () => {
  test('asks at its pace, only while it is wanted, and never twice at once', async () => {
    let isWanted = false;
    let finish: () => void = () => undefined;
    const run = vi.fn<() => Promise<void>>(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const scheduler = new Scheduler([{ everyMs: () => 1000, isWanted: () => isWanted, run }]);
    scheduler.tick(0);
    expect(run).toHaveBeenCalledTimes(0);
    isWanted = true;
    scheduler.tick(10);
    scheduler.tick(2000);
    expect(run).toHaveBeenCalledTimes(1);
    finish();
    await vi.waitFor(() => {
      scheduler.tick(2000);
      expect(run).toHaveBeenCalledTimes(2);
    });
  });

  test('goes on after an error, and hurries when told', async () => {
    const run = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('no')));
    const scheduler = new Scheduler([{ everyMs: () => 1000, isWanted: () => true, run }]);
    scheduler.tick(0);
    await Promise.resolve();
    scheduler.hurry();
    await vi.waitFor(() => {
      scheduler.tick(1);
      expect(run).toHaveBeenCalledTimes(2);
    });
  });
});

test('each is asked, so many at once, and who fails is left out', async () => {
  let [running, most] = [0, 0];
  const answers = await askEach(
    [1, 2, 3, 4, 5],
    async (each) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (each === 3) throw new Error('no');
      return each * 10;
    },
    2,
  );
  expect(most).toBe(2);
  expect([...answers].sort()).toEqual([
    [1, 10],
    [2, 20],
    [4, 40],
    [5, 50],
  ]);
});
