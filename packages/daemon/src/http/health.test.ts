// Tests of the rules for /health and /ready.

import { describe, expect, test } from 'vitest';
import { type Facts, healthOf, readinessOf } from './health.ts';

const WELL: Facts = {
  isStopping: false,
  isDraining: false,
  uptimeMs: 60_000,
  isStoreWell: true,
  isSlow: false,
  isClusterComplete: true,
  keptShare: 0,
  loopDelayMs: 1,
  neighborsConfigured: 2,
  linksFull: 1,
  linkMs: 5000,
};

describe('health', () => {
  test.each<[string, Partial<Facts>, string, string[]]>([
    ['nothing', {}, 'ok', []],
    ['the store', { isStoreWell: false }, 'failing', ['store']],
    ['the event loop', { loopDelayMs: 1000 }, 'failing', ['event_loop']],
    ['the inner loop', { isSlow: true }, 'degraded', ['inner_loop']],
    ['kept messages', { keptShare: 0.9 }, 'degraded', ['kept']],
    ['the cluster', { isClusterComplete: false }, 'degraded', ['cluster']],
    ['two things', { isClusterComplete: false, isStoreWell: false }, 'failing', ['store', 'cluster']],
    ['only that it stops', { isStopping: true, isDraining: true }, 'ok', []],
  ])('wrong is %s', (_, facts, status, wrong) => {
    const health = healthOf({ ...WELL, ...facts });
    expect(health.status).toBe(status);
    const unwell = health.checks.filter((check) => check.status !== 'ok');
    expect(unwell.map(({ name }) => name)).toEqual(wrong);
    expect(unwell.every(({ message }) => message !== undefined && message !== '')).toBe(true);
  });
});

describe('readiness', () => {
  test.each<[string, Partial<Facts>, string[]]>([
    ['linked', {}, []],
    ['alone on purpose', { neighborsConfigured: 0, linksFull: 0, uptimeMs: 0 }, []],
    ['not linked yet', { linksFull: 0, uptimeMs: 5000 }, ['joining']],
    ['with nobody to link to', { linksFull: 0, uptimeMs: 5001 }, []],
    ['draining', { isDraining: true }, ['draining']],
    ['stopping', { isStopping: true, isDraining: true }, ['stopping', 'draining']],
  ])('%s', (_, facts, reasons) => {
    expect(readinessOf({ ...WELL, ...facts })).toEqual({ ready: reasons.length === 0, reasons });
  });
});
