// Histories of several daemons become one strip of time.

import type { History, HistoryEvent } from '@snapcommunicator/network/story';
import { describe, expect, test } from 'vitest';
import { describeEvent, mergeHistories, rateAt, withoutLearned } from './history.ts';

const history = (start: number, messages: number[], events: HistoryEvent[] = [], step = 1): History => ({
  start,
  step,
  messages,
  events,
});
const lost = (time: number, server: string): HistoryEvent => ({ time, kind: 'server-lost', server });

describe('histories of several daemons', () => {
  test('messages are added second by second, wherever each begins', () => {
    const merged = mergeHistories(history(100, [1, 2, 3]), [history(101, [10, 20, 30])]);
    expect(merged).toMatchObject({ start: 100, step: 1, messages: [1, 12, 23] });
    const slower = history(100, [7, 9, 0], [], 2);
    expect(mergeHistories(history(100, [1, 1, 1, 1]), [slower]).messages).toEqual([8, 8, 10, 10]);
  });

  test('what another has not told yet goes on as it was, but for its last second, which is not over', () => {
    expect(mergeHistories(history(100, [1, 1, 1, 1]), [history(100, [5, 6, 0])]).messages).toEqual([6, 7, 7, 7]);
    expect(mergeHistories(history(100, [1]), [history(100, [])]).messages).toEqual([1]);
  });

  test('what the own daemon saw is not told twice, what it did not see is', () => {
    const own = history(100, [], [lost(110, 'b')]);
    const other = history(100, [], [lost(112, 'b'), lost(111, 'c'), lost(200, 'b')]);
    const merged = mergeHistories(own, [other, other]);
    expect(merged.events.map(({ time, server }) => `${time} ${server}`)).toEqual(['110 b', '111 c', '200 b']);
  });

  test('what a daemon gets to know when it is started has not come just then, but for its own links and services', () => {
    const up = (time: number, parts: Partial<HistoryEvent> & { readonly server: string }): HistoryEvent => ({
      kind: 'service-up',
      time,
      ...parts,
    });
    const events = [
      up(101, { kind: 'server-up', server: 'b' }),
      up(102, { server: 'b', service: 'mail' }),
      up(102, { kind: 'link-up', server: 'b', peer: 'c' }),
      up(103, { kind: 'link-up', server: 'b', peer: 'a' }),
      up(104, { server: 'a', service: 'web' }),
      lost(105, 'c'),
      up(110, { server: 'b', service: 'images' }),
    ];
    expect(withoutLearned('a', history(100, [], events)).events.map(({ time }) => time)).toEqual([103, 104, 105, 110]);
  });

  test('a link is the same from both ends', () => {
    const up = (server: string, peer: string): HistoryEvent => ({ time: 1, kind: 'link-up', server, peer });
    expect(mergeHistories(history(0, [], [up('a', 'b')]), [history(0, [], [up('b', 'a')])]).events).toHaveLength(1);
  });

  test('events in words, rates at a moment', () => {
    expect(describeEvent({ time: 0, kind: 'link-lost', server: 'a', peer: 'b' })).toBe('link a – b was lost');
    expect(rateAt(history(100, [1, 2], [], 5), 107)).toBe(2);
    expect(rateAt(history(100, [1, 2]), 99)).toBeUndefined();
  });
});
