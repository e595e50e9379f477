// The keyboard: which keys, and which two behind each other, do what.

import type { PageName } from './address.ts';

export type Action =
  | { readonly kind: 'go'; readonly page: PageName }
  | {
      readonly kind:
        | 'search'
        | 'help'
        | 'now'
        | 'close'
        | 'next'
        | 'previous'
        | 'open'
        | 'theme'
        | 'table'
        | 'earlier'
        | 'later';
    };

export interface Shortcut {
  readonly keys: readonly string[];
  readonly action: Action;
  readonly what: string;
}

const go = (key: string, page: PageName, what: string): Shortcut => ({
  keys: ['g', key],
  action: { kind: 'go', page },
  what,
});
const press = (key: string, kind: Exclude<Action['kind'], 'go'>, what: string): Shortcut => ({
  keys: [key],
  action: { kind },
  what,
});

export const SHORTCUTS: readonly Shortcut[] = [
  go('m', 'map', 'Map'),
  go('e', 'messages', 'Messages'),
  go('s', 'services', 'Services'),
  go('a', 'machines', 'Machines'),
  go('l', 'links', 'Links'),
  go('f', 'flags', 'Flags'),
  go('w', 'ask', 'Ask: without …'),
  go('p', 'send', 'Send a message'),
  press('/', 'search', 'Search, or the filter of the messages'),
  press('j', 'next', 'Next row'),
  press('k', 'previous', 'Previous row'),
  press('Enter', 'open', 'Open the row'),
  press('Escape', 'close', 'Close what is open'),
  press('t', 'table', 'The map as a table, and back'),
  press('[', 'earlier', 'Ten seconds back'),
  press(']', 'later', 'Ten seconds on'),
  press('n', 'now', 'Back to now'),
  press('d', 'theme', 'Light or dark'),
  press('?', 'help', 'This help'),
];

export interface Pressed {
  /** Keys so far of a shortcut that needs another one. */
  readonly pending: readonly string[];
  readonly action: Action | undefined;
}

/** @param pending what was pressed before, shortly */
export function afterKey(pending: readonly string[], key: string): Pressed {
  const keys = [...pending, key];
  const fits = (shortcut: Shortcut): boolean => keys.every((each, at) => shortcut.keys[at] === each);
  const found = SHORTCUTS.filter(fits);
  const exact = found.find((shortcut) => shortcut.keys.length === keys.length);
  if (exact !== undefined) return { pending: [], action: exact.action };
  if (found.length > 0) return { pending: keys, action: undefined };
  // What does not go on with what was begun may begin something itself.
  return pending.length > 0 ? afterKey([], key) : { pending: [], action: undefined };
}
