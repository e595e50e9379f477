// When targets are dialed: pauses that grow and are jittered, one attempt at a time, so many at once.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Neighbor } from '../options/addresses.ts';
import { type Target, Targets, targetKey } from './targets.ts';

const neighbor = (port: number): Neighbor => ({ kind: 'network', scheme: 'sc', host: '10.0.0.1', port });

let dialed: { readonly target: Target; readonly atMs: number }[];
let isNeeded: boolean;
let targets: Targets;

beforeEach(() => {
  vi.useFakeTimers();
  dialed = [];
  isNeeded = true;
  targets = new Targets(
    { reconnectMin: 200, reconnectMax: 30_000, maxPendingLinks: 3 },
    () => isNeeded,
    (target) => dialed.push({ target, atMs: Date.now() }),
  );
});
afterEach(() => {
  targets.stop();
  vi.useRealTimers();
});

test('pauses grow from 0.2 s to 30 s, jittered, for ever', () => {
  const target = targets.add(neighbor(1), true);
  targets.start();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 30; attempt++) {
    vi.runOnlyPendingTimers();
    expect(dialed).toHaveLength(attempt + 1);
    targets.failed(target);
    const before = Date.now();
    vi.advanceTimersToNextTimer();
    pauses.push(Date.now() - before);
    targets.stop();
    // The next attempt is made by the loop.
    dialed.length = attempt + 1;
    target.state = 'dialing';
    targets.failed(target);
    targets.start();
  }
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(200);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(pauses.at(-1)).toBeGreaterThan(15_000);
  expect(new Set(pauses.slice(-10)).size).toBeGreaterThan(1);
});

test('a link that stood is dialed again after a short pause, one that did not after a longer one', () => {
  const target = targets.add(neighbor(1), true);
  targets.start();
  vi.advanceTimersByTime(0);
  for (let attempt = 0; attempt < 10; attempt++) targets.failed(target);
  targets.linked(target);
  targets.lost(target, 100);
  vi.advanceTimersByTime(1000);
  expect(dialed).toHaveLength(1);
  targets.linked(target);
  targets.lost(target, 10_000);
  vi.advanceTimersByTime(1000);
  expect(dialed).toHaveLength(2);
});

test('nobody is dialed whom nobody needs', () => {
  isNeeded = false;
  targets.add(neighbor(1), true);
  targets.start();
  vi.advanceTimersByTime(100_000);
  expect(dialed).toEqual([]);
});

test('so many are dialed at once, the others after them', () => {
  for (let port = 1; port <= 5; port++) targets.add(neighbor(port), true);
  targets.start();
  vi.advanceTimersByTime(1000);
  expect(dialed).toHaveLength(3);
  for (const { target } of dialed.slice(0, 2)) targets.linked(target);
  vi.advanceTimersByTime(1000);
  expect(dialed).toHaveLength(5);
});

test('who was asked to connect and does not is connected to', () => {
  const target = targets.add(neighbor(1), true);
  targets.start();
  vi.advanceTimersByTime(0);
  targets.called(target, 5000);
  vi.advanceTimersByTime(4999);
  expect(dialed).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect([dialed.length, target.mustConnect]).toEqual([2, true]);
  targets.linked(target);
  expect(target.mustConnect).toBe(false);
});

test('who wants to be dialed is dialed at once', () => {
  const target = targets.add(neighbor(1), true);
  targets.start();
  vi.advanceTimersByTime(0);
  targets.failed(target, true);
  targets.hurry(target);
  vi.advanceTimersByTime(0);
  expect(dialed).toHaveLength(2);
});

test('who was removed is dialed no more', () => {
  const target = targets.add(neighbor(1), true);
  targets.start();
  vi.advanceTimersByTime(0);
  targets.remove(targetKey(neighbor(1)));
  targets.failed(target);
  vi.advanceTimersByTime(100_000);
  expect(dialed).toHaveLength(1);
});
