// What REFUSE says to a C++ daemon.

import { expect, test } from 'vitest';
import { type LegacyRefusal, refuse } from './refusal.ts';

test.each<[LegacyRefusal, Record<string, string>]>([
  ['name', { conflict: 'name' }],
  ['full', { reason: 'full', shutdown: 'true' }],
  ['malformed', { reason: 'malformed', shutdown: 'true' }],
  ['version', { reason: 'version', shutdown: 'true' }],
  ['stopping', { reason: 'stopping', shutdown: 'true' }],
])('we refuse: %s', (reason, parameters) => {
  expect(refuse(reason)).toEqual(parameters);
});
