// The pace at which other machines are told.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Telling } from './telling.ts';

const told: string[] = [];
let telling: Telling;

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  telling = new Telling(1000, { tell: (server) => told.push(server), tellAll: () => told.push('*') });
});
afterEach(() => {
  telling.close();
  vi.useRealTimers();
});

describe('telling', () => {
  it('tells a change at once, and those that follow together, with growing pauses', () => {
    telling.changed();
    vi.advanceTimersByTime(0);
    expect(told).toEqual(['*']);
    let changes = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      telling.changed();
      changes++;
      vi.advanceTimersByTime(10);
    }
    expect(changes).toBe(1000);
    expect(told.length).toBeGreaterThan(8);
    expect(told.length).toBeLessThan(16);
  });

  it('begins anew after a calm', () => {
    for (let count = 0; count < 5; count++) {
      telling.changed();
      vi.advanceTimersByTime(1000);
    }
    vi.advanceTimersByTime(2000);
    told.length = 0;
    telling.changed();
    vi.advanceTimersByTime(0);
    expect(told).toEqual(['*']);
  });

  it('tells a newcomer by itself, and many of them as everybody', () => {
    telling.newcomer('n2');
    telling.newcomer('n3');
    vi.advanceTimersByTime(100);
    expect(told).toEqual(['n2', 'n3']);
    for (let place = 0; place < 9; place++) telling.newcomer(`m${place}`);
    vi.advanceTimersByTime(100);
    expect(told).toEqual(['n2', 'n3', '*']);
  });

  it('tells nothing more when it is closed', () => {
    telling.changed();
    telling.newcomer('n2');
    telling.close();
    vi.advanceTimersByTime(5000);
    expect(told).toEqual([]);
  });
});
