// Shortcuts of one key and of two.

import { expect, test } from 'vitest';
import { PAGES } from './address.ts';
import { afterKey, SHORTCUTS } from './keys.ts';

const typed = (...keys: string[]) =>
  keys.reduce<ReturnType<typeof afterKey>>(({ pending }, key) => afterKey(pending, key), {
    pending: [],
    action: undefined,
  });

test('one key, two keys, and a wrong second one', () => {
  expect(typed('?').action).toEqual({ kind: 'help' });
  expect(typed('g').action).toBeUndefined();
  expect(typed('g', 'e').action).toEqual({ kind: 'go', page: 'messages' });
  expect(typed('g', '?').action).toEqual({ kind: 'help' });
  expect(typed('g', 'x', 'e').action).toBeUndefined();
  expect(typed('x')).toEqual({ pending: [], action: undefined });
});

test('every page has a shortcut, and none is there twice', () => {
  const pages = SHORTCUTS.flatMap(({ action }) => (action.kind === 'go' ? [action.page] : []));
  expect([...pages].sort()).toEqual([...PAGES].sort());
  expect(new Set(SHORTCUTS.map(({ keys }) => keys.join(' '))).size).toBe(SHORTCUTS.length);
});
