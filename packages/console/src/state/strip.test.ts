// The strip of time: places and moments, marks, keys.

import type { HistoryEvent } from '@snapcommunicator/network/story';
import { describe, expect, test } from 'vitest';
import { curveOf, marksOf, neighborMark, placeOf, timeAt, windowOf } from './strip.ts';

const history = (start: number, messages: number[]) => ({ start, step: 1, messages, events: [] });
const event = (time: number, kind: HistoryEvent['kind'] = 'server-lost'): HistoryEvent => ({ time, kind, server: 'b' });

describe('the strip of time', () => {
  test.each([
    ['a daemon that has just started', 995, 6, { start: 880, end: 1000 }],
    ['some minutes', 700, 301, { start: 700, end: 1000 }],
    ['longer than anybody can see', -9000, 10_001, { start: -800, end: 1000 }],
    ['nothing yet', 999, 0, { start: 880, end: 1000 }],
  ])('%s', (_what, start, count, window) => expect(windowOf(history(start, Array(count).fill(1)))).toEqual(window));

  test('moments and places', () => {
    const window = { start: 100, end: 300 };
    expect(placeOf(200, window)).toBe(0.5);
    expect(placeOf(0, window)).toBe(0);
    expect(timeAt(0.5, window)).toBe(200);
    expect(timeAt(7, window)).toBe(300);
  });

  test('the curve reaches the top where it is greatest, and leaves out the second that is not over', () => {
    const path = curveOf(history(100, [0, 10, 5, 0, 999]), { start: 100, end: 105 }, 100, 40);
    expect(path).toBe('M10.0 40L10.0 40.0L30.0 2.0L50.0 21.0L70.0 40.0L70.0 40Z');
    expect(curveOf(history(100, []), { start: 0, end: 1 }, 100, 40)).toBe('');
  });

  test('a long history has no more points than pixels, and loses no peak', () => {
    const messages = Array.from({ length: 5000 }, (_, at) => (at === 2501 ? 100 : 1));
    const path = curveOf(history(0, messages), { start: 0, end: 5000 }, 200, 40);
    expect(path.match(/L/g)?.length).toBeLessThanOrEqual(210);
    expect(path).toContain(' 2.0');
  });

  test('marks that lie on each other are one, with the worst of them', () => {
    const window = { start: 0, end: 1000 };
    const marks = marksOf([event(-5), event(100, 'service-up'), event(101), event(500, 'link-up')], window);
    expect(marks).toMatchObject([
      { time: 100, isLoss: true, weight: 3 },
      { time: 500, isLoss: false, weight: 2 },
    ]);
    expect(neighborMark(marks, 500, false)?.time).toBe(100);
    expect(neighborMark(marks, 100, true)?.time).toBe(500);
    expect(neighborMark(marks, 600, true)).toBeUndefined();
  });
});
