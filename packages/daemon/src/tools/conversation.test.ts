// The filter of a conversation: which requests and answers it takes, by what is recorded of the request.

import { compileFilter, type FilterRecord } from '@snapcommunicator/network/filter';
import type { MessageRecord } from '@snapcommunicator/network/story';
import { describe, expect, it } from 'vitest';
import { conversationIn } from './conversation.ts';

const ID = '00000000000000aa.1.0.7';

const record = (parameters?: Record<string, string>): MessageRecord => ({
  time: 150,
  number: 7,
  from: 'alpha:web',
  to: ':images',
  command: 'RESIZE',
  size: 60,
  outcome: 'sent',
  id: ID,
  ...(parameters !== undefined && { parameters }),
});

const request: FilterRecord = { from: 'alpha:web', to: ':images', command: 'RESIZE', size: 60, id: ID };
const answer = (parameters: Record<string, string> = {}): FilterRecord => ({
  from: 'beta:images',
  to: 'alpha:web',
  command: 'RESIZED',
  size: 50,
  id: '00000000000000bb.1.0.9',
  parameters,
});
const stranger: FilterRecord = { ...answer(), from: 'beta:mail' };

function conversation(records: readonly MessageRecord[]) {
  const clock = { aheadSeconds: 50, errorSeconds: 0 };
  const { filter: text, since, note } = conversationIn([{ server: 'alpha', clock, records }], ID);
  const { filter, error } = compileFilter(text);
  if (filter === undefined) throw new Error(error.message);
  return { takes: (one: FilterRecord) => filter.matches(one), since, note };
}

describe('a conversation', () => {
  it('by its ids, where parameters are recorded', () => {
    const { takes, since, note } = conversation([record({ correlation_id: 'c"1', message_id: 'm1' })]);
    expect([request, answer({ correlation_id: 'c"1' }), answer({ message_id: 'm1' })].map(takes)).toEqual([
      true,
      true,
      true,
    ]);
    expect([answer(), answer({ correlation_id: 'c2' }), stranger].map(takes)).toEqual([false, false, false]);
    expect(note).toBeUndefined();
    expect(since).toBeCloseTo(99.95, 6);
  });

  it('by who speaks, where they are not', () => {
    const { takes, note } = conversation([record()]);
    expect([request, answer(), stranger].map(takes)).toEqual([true, true, false]);
    expect(note).toContain('recorder_payloads');
  });

  it('by the id alone, where nothing is recorded', () => {
    const { takes, since } = conversation([]);
    expect([request, answer(), answer({ correlation_id: ID })].map(takes)).toEqual([true, false, true]);
    expect(since).toBeUndefined();
  });
});
