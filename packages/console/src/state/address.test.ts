// The view in the address: written and read back, and whatever somebody types there.

import { describe, expect, test } from 'vitest';
import { readAddress, readSelection, START, type View, writeAddress, writeSelection } from './address.ts';

describe('the view in the address', () => {
  test.each<[string, Partial<View>]>([
    ['#/map', {}],
    ['#/map?see=db2', { selection: { kind: 'machine', machine: 'db2' } }],
    ['#/map?see=:images', { selection: { kind: 'service', service: 'images' } }],
    ['#/map?see=web1-web2', { selection: { kind: 'link', from: 'web1', to: 'web2' } }],
    ['#/map?see=web1..db2', { selection: { kind: 'path', from: 'web1', to: 'db2' } }],
    ['#/map?see=@west&as=table', { selection: { kind: 'data-center', dataCenter: 'west' }, isTable: true }],
    [
      '#/services?search=ima&sort=-rate',
      { page: 'services', query: 'ima', sorting: { column: 'rate', isDescending: true } },
    ],
    ['#/messages?filter=command==PING%20%26%26%20size%3E1k', { page: 'messages', filter: 'command==PING && size>1k' }],
    ['#/ask?without=db2,web1-web2', { page: 'ask', without: ['db2', 'web1-web2'] }],
    ['#/machines?time=2026-01-02T03:04:05Z', { page: 'machines', time: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 }],
    ['#/messages?message=00000000000000aa.1.2.3', { page: 'messages', message: '00000000000000aa.1.2.3' }],
  ])('%s', (hash, parts) => {
    const view = { ...START, ...parts };
    expect(writeAddress(view)).toBe(hash);
    expect(readAddress(hash)).toEqual(view);
  });

  test.each(['', '#', '#/', '#/nowhere', '#/map?', '#/map?time=soon&see=&without=,', '#/map?%E0%A4%A'])(
    '%s is the start',
    (hash) => expect(readAddress(hash)).toEqual(START),
  );

  test('any text comes through', () => {
    for (const filter of ['a+b', '100%', 'p.x=="ä & # ?"', 'x=1&y=2']) {
      expect(readAddress(writeAddress({ ...START, filter }))).toEqual({ ...START, filter });
    }
  });

  test('a nameless machine and the data centre without a name', () => {
    const nameless = { kind: 'machine', machine: '#00000000000000aa' } as const;
    expect(readAddress(writeAddress({ ...START, selection: nameless })).selection).toEqual(nameless);
    const center = { kind: 'data-center', dataCenter: '' } as const;
    expect(readSelection(writeSelection(center))).toEqual(center);
    expect(readSelection('')).toBeUndefined();
  });
});
