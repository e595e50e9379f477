// What is looked at, kept in the address; and in which colours.

import { type PageName, readAddress, START, type View, writeAddress } from './address.ts';

export type Theme = 'light' | 'dark';

const THEME_KEY = 'snapcommunicator.theme';

export class Navigation {
  view = $state.raw<View>(START);
  theme = $state<Theme>('light');
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.view = readAddress(location.hash);
    addEventListener('hashchange', () => {
      const view = readAddress(location.hash);
      if (writeAddress(view) !== writeAddress(this.view)) this.view = view;
    });
    const kept = readKept();
    this.#wear(kept ?? (this.#scheme.matches ? 'dark' : 'light'));
    this.#scheme.addEventListener('change', ({ matches }) => {
      if (readKept() === undefined) this.#wear(matches ? 'dark' : 'light');
    });
  }

  /** Another page is a step in the browser's history; what changes on a page takes the place of what was. */
  show(parts: Partial<View>): void {
    const isStep = parts.page !== undefined && parts.page !== this.view.page;
    this.view = { ...this.view, ...parts };
    const address = writeAddress(this.view);
    if (address === location.hash) return;
    if (isStep) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  /** What was searched for on one page says nothing on another. */
  go(page: PageName, parts: Partial<View> = {}): void {
    const cleared = page === this.view.page ? {} : { query: '', sorting: undefined, message: undefined };
    this.show({ ...cleared, ...parts, page });
  }

  switchTheme(): void {
    const theme = this.theme === 'dark' ? 'light' : 'dark';
    this.#wear(theme);
    try {
      localStorage.setItem(THEME_KEY, theme);
    } catch {
      // Where nothing may be kept, it holds for now.
    }
  }

  #wear(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset['theme'] = theme;
  }
}

function readKept(): Theme | undefined {
  try {
    const kept = localStorage.getItem(THEME_KEY);
    return kept === 'light' || kept === 'dark' ? kept : undefined;
  } catch {
    return undefined;
  }
}
