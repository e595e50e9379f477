// Tables: sorting and searching.

import { describe, expect, test } from 'vitest';
import { arrange, type Column, rowByKey, rowsInSight, scrolledTo, sortedBy } from './tables.ts';

interface Row {
  readonly name: string;
  readonly rate?: number;
}
const name: Column<Row> = { key: 'name', title: 'Name', value: (row) => row.name };
const rate: Column<Row> = { key: 'rate', title: 'Rate', value: (row) => row.rate, isNumeric: true };
const columns = [name, rate];
const rows: Row[] = [{ name: 'web10', rate: 5 }, { name: 'web2' }, { name: 'db1', rate: 70 }];
const names = (query: string, sorting?: { column: string; isDescending: boolean }): string[] =>
  arrange(rows, columns, query, sorting).map((row) => row.name);

describe('tables', () => {
  test('search finds every word anywhere, in any case', () => {
    expect(names('')).toEqual(['web10', 'web2', 'db1']);
    expect(names('WEB')).toEqual(['web10', 'web2']);
    expect(names(' db 70 ')).toEqual(['db1']);
    expect(names('db web')).toEqual([]);
  });

  test('numbers in names count as numbers, and what has no value goes last either way', () => {
    expect(names('', { column: 'name', isDescending: false })).toEqual(['db1', 'web2', 'web10']);
    expect(names('', { column: 'rate', isDescending: false })).toEqual(['web10', 'db1', 'web2']);
    expect(names('', { column: 'rate', isDescending: true })).toEqual(['db1', 'web10', 'web2']);
    expect(names('', { column: 'nothing', isDescending: true })).toEqual(['web10', 'web2', 'db1']);
  });

  test('a heading sorts, and turns round', () => {
    expect(sortedBy(name, undefined)).toEqual({ column: 'name', isDescending: false });
    expect(sortedBy(rate, undefined)).toEqual({ column: 'rate', isDescending: true });
    expect(sortedBy(rate, sortedBy(rate, undefined))).toEqual({ column: 'rate', isDescending: false });
  });

  test.each([
    [0, 100, 10, 1000, 2, { start: 0, end: 12 }],
    [500, 100, 10, 1000, 2, { start: 48, end: 62 }],
    [9990, 100, 10, 1000, 2, { start: 997, end: 1000 }],
    [500, 100, 10, 3, 2, { start: 1, end: 3 }],
    [-20, 100, 10, 0, 2, { start: 0, end: 0 }],
  ])('scrolled by %i of %i: rows of %i, %i of them', (top, height, rowHeight, count, more, span) =>
    expect(rowsInSight(top, height, rowHeight, count, more)).toEqual(span),
  );

  test('keys lead from row to row, a page leaves two in sight', () => {
    const keys = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'Enter'];
    expect(keys.map((key) => rowByKey(key, 20, 50, 100, 10))).toEqual([21, 19, 28, 12, 0, 49, undefined]);
    expect(rowByKey('PageDown', 3, 50, 10, 10)).toBe(4);
  });

  test.each([
    [7, 0, 0],
    [8, 0, 0],
    [9, 0, 10],
    [20, 150, 150],
    [20, 210, 200],
  ])('to show row %i, scrolled by %i: by %i', (row, before, after) =>
    expect(scrolledTo(row, before, 100, 10)).toBe(after),
  );
});
