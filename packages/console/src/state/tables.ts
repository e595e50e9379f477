// What a table shows: rows that were searched and sorted, and of many only those that are in sight.

import type { Sorting } from './address.ts';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** What it is sorted by; undefined goes last, whichever way round. */
  readonly value: (row: T) => string | number | undefined;
  /** What is shown and searched; default: the value. */
  readonly text?: (row: T) => string;
  /** Shown on hover. */
  readonly hint?: (row: T) => string;
  readonly isNumeric?: boolean;
  /** The first column that is left out where there is little room: 1 early, 3 late; never if it has none. */
  readonly dispensable?: 1 | 2 | 3;
  /** State of the row that this cell tells: it gets a mark and a colour. */
  readonly state?: (row: T) => 'well' | 'degraded' | 'lost' | undefined;
  /** A share from 0 to 1, drawn as a bar behind the figure. */
  readonly share?: (row: T) => number;
}

export const textOf = <T>(column: Column<T>, row: T): string =>
  column.text !== undefined ? column.text(row) : String(column.value(row) ?? '');

/** Every word must stand somewhere in the row. */
export function arrange<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  query: string,
  sorting: Sorting | undefined,
): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found =
    words.length === 0
      ? [...rows]
      : rows.filter((row) => {
          const text = columns.map((column) => textOf(column, row).toLowerCase()).join('\n');
          return words.every((word) => text.includes(word));
        });
  const column = columns.find(({ key }) => key === sorting?.column);
  if (column === undefined) return found;
  const sign = sorting?.isDescending === true ? -1 : 1;
  // Sorting is stable: what is equal keeps the order in which it was given.
  return found.sort((a, b) => compare(column.value(a), column.value(b), sign));
}

function compare(a: string | number | undefined, b: string | number | undefined, sign: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * collator.compare(String(a), String(b));
}

/** web2 comes before web10. */
const collator = new Intl.Collator('en', { numeric: true });

/** A click on a heading: figures begin with the greatest, texts with the first; again turns it round. */
export function sortedBy<T>({ key, isNumeric = false }: Column<T>, sorting: Sorting | undefined): Sorting {
  if (sorting?.column !== key) return { column: key, isDescending: isNumeric };
  return { column: key, isDescending: !sorting.isDescending };
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The rows in sight, some more on either side. */
export function rowsInSight(scrollTop: number, height: number, rowHeight: number, count: number, more = 12): Span {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const start = Math.max(0, Math.min(first, count) - more);
  return { start, end: Math.min(count, first + Math.ceil(height / rowHeight) + more) };
}

/** Which row a key leads to, from the one that is gone from; undefined: it leads nowhere. */
export function rowByKey(
  key: string,
  from: number,
  count: number,
  height: number,
  rowHeight: number,
): number | undefined {
  const page = Math.max(1, Math.floor(height / rowHeight) - 2);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: count - 1,
  };
  return moves[key];
}

/** How far is scrolled so that a row is in sight, below the head that covers as much as a row; no further than needed. */
export function scrolledTo(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + 2 * rowHeight - height);
}
