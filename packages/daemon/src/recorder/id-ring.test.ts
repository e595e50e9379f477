// A ring of ids: lines are found in the middle of their run, and what was overwritten is not.

import { expect, it } from 'vitest';
import { Columns } from './columns.ts';
import { IdRing } from './id-ring.ts';

const ALPHA = '00000000000000a1';
const BETA = 'ffffffff000000b2';

it('finds a line wherever it is in its run, in every run, until the ring comes round', () => {
  const ring = new IdRing(3, new Columns(3, IdRing.rowBytes));
  const rows = (node: string, number: number) => [...ring.linesWith({ node, incarnation: 7, stream: -1, number })];
  ring.add(ALPHA, 7, -1, 10, 5);
  ring.add(BETA, 7, -1, 10, 1);
  ring.add(ALPHA, 7, -1, 14, 2);
  expect(rows(ALPHA, 14)).toEqual([
    { at: 0, place: 4 },
    { at: 2, place: 0 },
  ]);
  expect(rows(BETA, 10)).toEqual([{ at: 1, place: 0 }]);
  expect([rows(ALPHA, 9), rows(ALPHA, 16), rows(BETA, 11)]).toEqual([[], [], []]);
  expect([...ring.linesWith({ node: ALPHA, incarnation: 8, stream: -1, number: 14 })]).toEqual([]);
  expect([...ring.linesWith({ node: ALPHA, incarnation: 7, stream: 0, number: 14 })]).toEqual([]);
  expect(ring.idAt(0, 4)).toEqual({ node: ALPHA, incarnation: 7, stream: -1, number: 14 });

  expect(ring.add(BETA, 7, -1, 20, 1)).toBe(0);
  expect([ring.begin, ring.end]).toEqual([1, 4]);
  expect(rows(ALPHA, 14)).toEqual([{ at: 2, place: 0 }]);
  expect(ring.idAt(0)).toEqual({ node: BETA, incarnation: 7, stream: -1, number: 20 });
});
