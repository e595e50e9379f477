// Search: machines, services, links and pages by a few letters.

import { expect, test } from 'vitest';
import { find } from './finding.ts';
import { graphOf } from './testing/graphs.ts';

const graph = graphOf({ web1: { services: ['images'] }, db1: { isReachable: false, services: ['store', 'images'] } }, [
  'web1-db1',
]);
const titles = (text: string): string[] => find(graph, text).map(({ kind, title }) => `${kind} ${title}`);

test('machines, services, links and pages by a few letters', () => {
  expect(titles('db')).toEqual(['Machine db1', 'Link web1 – db1']);
  expect(titles('IMA')).toEqual(['Service images']);
  expect(titles('messages')).toEqual(['Page Messages']);
  expect(titles('zzz')).toEqual([]);
});

test('with nothing typed what is there, machines before pages', () => {
  expect(titles('')[0]).toBe('Machine db1');
  expect(find(undefined, '').every(({ kind }) => kind === 'Page')).toBe(true);
});

test('a note says what one must know, and "without" asks', () => {
  expect(find(graph, 'db1')[0]?.note).toBe('east, lost');
  expect(find(graph, 'without db1')).toMatchObject([{ kind: 'Without', title: 'db1', target: { without: 'db1' } }]);
});
