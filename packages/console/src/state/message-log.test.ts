// The log of messages: bounded, joined by id, in order.

import { compileFilter, type Filter } from '@snapcommunicator/network/filter';
import { describe, expect, test } from 'vitest';
import { isConsoleTalk, isMeant, MessageLog, type Sighting } from './message-log.ts';

const sighting = (parts: Partial<Sighting>): Sighting => ({
  time: 100,
  at: 'a',
  from: 'a:web',
  to: 'b:images',
  command: 'PING',
  size: 10,
  outcome: 'sent',
  reason: '',
  id: '',
  line: '',
  ...parts,
});

describe('the log of messages', () => {
  test('what two daemons say of one message is one row, with the time between', () => {
    const log = new MessageLog();
    log.add(sighting({ id: '1' }));
    log.add(sighting({ id: '1', at: 'b', time: 100.25, outcome: 'delivered' }));
    expect(log.rows).toMatchObject([{ outcome: 'delivered', time: 100, tookSeconds: 0.25, machines: ['a', 'b'] }]);
  });

  test('what had ended before a moment is dropped, and is another row if it is told again', () => {
    const log = new MessageLog();
    log.add(sighting({ id: '1', time: 100 }));
    log.add(sighting({ id: '2', time: 101 }));
    log.add(sighting({ id: '3', time: 101.5 }));
    log.add(sighting({ id: '4', time: 100 }));
    // Began before, and was on its way at that moment.
    log.add(sighting({ id: '1', at: 'b', time: 101 }));
    log.dropBefore(101);
    expect(log.rows.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(log.add(sighting({ id: '3', at: 'b', time: 102 })).number).toBe(3);
    expect(log.add(sighting({ id: '4', time: 102 })).number).toBe(5);
    expect(log.rows.length).toBe(4);
  });

  test('the order in which they say it does not matter', () => {
    const log = new MessageLog();
    log.add(sighting({ id: '1', at: 'b', time: 100.25, outcome: 'refused', reason: 'queue full' }));
    log.add(sighting({ id: '1', at: 'c', time: 100.1, command: '', from: '', to: '', outcome: 'passed' }));
    log.add(sighting({ id: '1' }));
    expect(log.rows).toMatchObject([{ outcome: 'refused', reason: 'queue full', time: 100, tookSeconds: 0.25 }]);
  });

  test('where it only passed the names are told by another', () => {
    const log = new MessageLog();
    log.add(sighting({ id: '1', at: 'c', command: '', from: '', to: '', size: 99, outcome: 'passed' }));
    log.add(sighting({ id: '1' }));
    expect(log.rows).toMatchObject([{ from: 'a:web', to: 'b:images', command: 'PING', size: 10, outcome: 'sent' }]);
  });

  test('without an id every word is a message, and the same daemon says no time between', () => {
    const log = new MessageLog();
    log.add(sighting({}));
    log.add(sighting({}));
    log.add(sighting({ id: '1' }));
    log.add(sighting({ id: '1', time: 105, outcome: 'taken' }));
    expect(log.rows).toHaveLength(3);
    expect(log.rows[2]?.tookSeconds).toBeUndefined();
  });

  test('holds no more than it may, the newest', () => {
    const log = new MessageLog(100);
    for (let id = 1; id <= 1000; id++) log.add(sighting({ id: `${id}` }));
    expect(log.rows.length).toBeLessThanOrEqual(125);
    expect(log.rows.at(-1)?.id).toBe('1000');
    expect(log.total).toBe(1000);
    // What was cut is forgotten altogether.
    log.add(sighting({ id: '1' }));
    expect(log.total).toBe(1001);
  });
});

test.each([
  ['a:console_1', 'b:communicatord', true],
  ['b:communicatord', 'a:console', true],
  ['a:console_1', '', true],
  ['a:console_1', 'b:images', false],
  ['b:communicatord', 'a:consoles', false],
  ['a:web', 'b:communicatord', false],
])('talk of consoles: %s to %s', (from, to, isTalk) => expect(isConsoleTalk(from, to)).toBe(isTalk));

test.each([
  ['command==PING', {}, true],
  ['command==CHARGE', {}, false],
  ['', {}, true],
  ['outcome==refused && from.service==web', { outcome: 'refused' }, true],
  ['parameter.uri~lamp', { line: 'b:images/PING uri=/lamp.jpg' }, true],
  ['parameter.uri~lamp', { line: 'b:images/PING uri=/bowl.jpg' }, false],
  ['parameter.uri~lamp', { line: '' }, true],
])('a filter and what a daemon still shows by the one before: %s', (text, parts, isTaken) => {
  const { filter } = compileFilter(text);
  expect(isMeant(filter as Filter, sighting(parts))).toBe(isTaken);
});
