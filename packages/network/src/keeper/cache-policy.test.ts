// The parameters `cache` and `transmission_report`, as tables.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCachePolicy, parseReport } from './cache-policy.ts';

const PLAIN = { isKept: true, wantsReply: false, ttlMs: 60_000, isDurable: false };

test.each([
  [undefined, PLAIN],
  ['', PLAIN],
  ['no', { ...PLAIN, isKept: false }],
  ['no;reply', { ...PLAIN, isKept: false, wantsReply: true }],
  ['reply; no ;', { ...PLAIN, isKept: false, wantsReply: true }],
  ['ttl=60', PLAIN],
  ['ttl=60s', PLAIN],
  ['ttl=10m', { ...PLAIN, ttlMs: 600_000 }],
  ['ttl=3h;durable', { ...PLAIN, ttlMs: 10_800_000, isDurable: true }],
  ['ttl=1h30m', { ...PLAIN, ttlMs: 5_400_000 }],
  ['ttl = 10', { ...PLAIN, ttlMs: 10_000 }],
  ['ttl=24h', { ...PLAIN, ttlMs: 86_400_000 }],
])('cache=%j', (text, policy) => {
  expect(parseCachePolicy(text)).toEqual(policy);
});

test.each([
  ['ttl=9', PLAIN, 'ttl is "9"'],
  ['ttl=25h;reply', { ...PLAIN, wantsReply: true }, 'ttl is "25h"'],
  ['ttl=', PLAIN, 'ttl is ""'],
  ['ttl', PLAIN, 'ttl is ""'],
  ['ttl=10m;ttl=soon', PLAIN, 'ttl is "soon"'],
  ['ttl=-20', PLAIN, 'ttl is "-20"'],
  ['never', PLAIN, '"never" is not one of'],
  ['no=false', PLAIN, '"no=false" is not one of'],
  ['=', PLAIN, '"=" is not one of'],
  ['no;durable', { ...PLAIN, isKept: false }, 'contradict'],
  [`${' '.repeat(300)}no`, PLAIN, 'what follows 256 characters'],
  ['\n'.repeat(3).concat('x\u0007'), PLAIN, '\\u0007'],
])('cache=%j has a problem', (text, policy, problem) => {
  expect(parseCachePolicy(text)).toEqual({ ...policy, problem: expect.stringContaining(problem) });
});

test('any text gives a policy within the limits, and a problem that is one short line', () => {
  const limits = { ttlDefaultMs: 20_000, ttlMinMs: 5000, ttlMaxMs: 30_000 };
  const item = fc.oneof(
    fc.constantFrom('no', 'reply', 'durable', 'ttl=7', 'ttl=1h'),
    fc.string(),
    fc.nat(50_000).map((n) => `ttl=${n}ms`),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), (items) => {
      const { ttlMs, isKept, isDurable, problem = '' } = parseCachePolicy(items.join(';'), limits);
      expect(ttlMs).toBeGreaterThanOrEqual(limits.ttlMinMs);
      expect(ttlMs).toBeLessThanOrEqual(limits.ttlMaxMs);
      expect(isDurable && !isKept).toBe(false);
      expect(problem).not.toContain('\n');
    }),
  );
});

test('reports: as asked, and always success or failure for durable messages with an id', () => {
  expect(parseReport('always', false, false)).toBe('always');
  expect(parseReport('failure', false, false)).toBe('failure');
  expect(parseReport('often', false, true)).toBe('none');
  expect(parseReport(undefined, true, false)).toBe('none');
  expect(parseReport(undefined, true, true)).toBe('failure');
});
