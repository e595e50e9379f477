// Which messages count as repeats, and how long ids are remembered.

import { describe, expect, it } from 'vitest';
import { createMessage } from '../wire/message.ts';
import { Duplicates } from './duplicates.ts';

const from = (sentFromService: string, parameters: Record<string, string>) =>
  createMessage({ sentFromServer: 'n1', sentFromService, command: 'PAY', parameters });

describe('a repeat', () => {
  it('has an id that came before from the same sender, and says that it is delivered again', () => {
    const duplicates = new Duplicates();
    expect(duplicates.isRepeat(from('a', { message_id: '1' }))).toBe(false);
    expect(duplicates.isRepeat(from('a', { message_id: '1', redelivered: '1' }))).toBe(true);
    expect(duplicates.isRepeat(from('b', { message_id: '1', redelivered: '1' }))).toBe(false);
    expect(duplicates.isRepeat(from('b', { message_id: '1', redelivered: '1' }))).toBe(true);
    // The sender used one id twice: that is its own affair.
    expect(duplicates.isRepeat(from('a', { message_id: '1' }))).toBe(false);
    expect(duplicates.isRepeat(from('a', { redelivered: '1' }))).toBe(false);
  });

  it('is seen among durable requests too', () => {
    const duplicates = new Duplicates();
    const request = { message_id: '1', correlation_id: '1', cache: 'ttl=1h;durable' };
    expect(duplicates.isRepeat(from('a', request))).toBe(false);
    expect(duplicates.isRepeat(from('a', { ...request, redelivered: '1' }))).toBe(true);
  });

  it('is forgotten after the time, and beyond the number', () => {
    let now = 0;
    const duplicates = new Duplicates({ now: () => now, rememberMs: 100, idsMax: 2 });
    const again = (id: string) => duplicates.isRepeat(from('a', { message_id: id, redelivered: '1' }));
    expect([again('1'), again('2'), again('2')]).toEqual([false, false, true]);
    expect([again('3'), again('1')]).toEqual([false, false]);
    now = 99;
    expect(again('1')).toBe(true);
    now = 300;
    expect(again('1')).toBe(false);
  });
});
