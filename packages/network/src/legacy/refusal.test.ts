// What REFUSE means to a C++ daemon, and from one.

import { expect, test } from 'vitest';
import { DUPLICATE_WINDOW_MS, type LegacyRefusal, meaningOf, type RefusalMeaning, refuse } from './refusal.ts';

test.each<[LegacyRefusal, Record<string, string>]>([
  ['name', { conflict: 'name' }],
  ['full', { reason: 'full', shutdown: 'true' }],
  ['malformed', { reason: 'malformed', shutdown: 'true' }],
  ['stopping', { reason: 'stopping', shutdown: 'true' }],
])('we refuse: %s', (reason, parameters) => {
  expect(refuse(reason)).toEqual(parameters);
});

test.each<[string, Record<string, string>, number | undefined, RefusalMeaning]>([
  ['its name is ours', { conflict: 'name' }, undefined, 'name'],
  ['it is linked with us', { conflict: 'name' }, 0, 'duplicate'],
  ['it was linked with us just now', { conflict: 'name' }, DUPLICATE_WINDOW_MS, 'duplicate'],
  ['it was linked with us long ago', { conflict: 'name' }, DUPLICATE_WINDOW_MS + 1, 'name'],
  ['it stops', { shutdown: 'true' }, 0, 'stopping'],
  ['it says nothing', {}, undefined, 'unwilling'],
])('we are refused: %s', (_case, parameters, sinceLinkedMs, meaning) => {
  expect(meaningOf(parameters, sinceLinkedMs)).toBe(meaning);
});
