// The colours and type of the map: read from custom properties where the page sets them, so that light, dark and any other
// scheme are one thing.

/** What can be set: `--map-ground` and so on, with a fallback for light and for dark. */
const COLORS = {
  ground: ['#f6f7f8', '#14171b'],
  region: ['#eceef1', '#1b1f25'],
  regionEdge: ['#dfe3e8', '#272d35'],
  ink: ['#1d242c', '#e9ecf0'],
  inkSoft: ['#55606d', '#a5afbb'],
  inkFaint: ['#98a2ae', '#69737f'],
  line: ['#c2c9d2', '#434c58'],
  lineStrong: ['#8e99a6', '#687483'],
  dot: ['#64707e', '#909dac'],
  card: ['#ffffff', '#1f242b'],
  cardEdge: ['#d3d9e0', '#363e49'],
  accent: ['#2b6cc4', '#6aa5f0'],
  degraded: ['#b06f00', '#e2a33c'],
  lost: ['#c9352b', '#f26a5e'],
} as const;

type ColorName = keyof typeof COLORS;

export interface Theme extends Readonly<Record<ColorName, string>> {
  readonly family: string;
  readonly isDark: boolean;
}

const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

const propertyOf = (name: string): string =>
  `--map-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The colours that hold at an element now. */
export function readTheme(element: HTMLElement): Theme {
  // A probe gives what `light-dark()`, `var()` and the like come to.
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const style = getComputedStyle(probe);
  probe.style.color = 'light-dark(rgb(1, 1, 1), rgb(2, 2, 2))';
  const isDark = style.color === 'rgb(2, 2, 2)';
  const colors = Object.fromEntries(
    Object.entries(COLORS).map(([name, [light, dark]]) => {
      probe.style.color = `var(${propertyOf(name)}, ${isDark ? dark : light})`;
      return [name, style.color];
    }),
  ) as Record<ColorName, string>;
  const family = style.getPropertyValue('--map-font').trim() || FAMILY;
  probe.remove();
  return { ...colors, family, isDark };
}

/** Calls back when the colours may have changed. @returns ends it */
export function watchTheme(change: () => void): () => void {
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', change);
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'style', 'data-theme'] });
  return () => {
    scheme.removeEventListener('change', change);
    observer.disconnect();
  };
}
