// The checker notices what must not be.

import { encodeMessage } from 'snapcommunicator/wire';
import { beforeEach, expect, test } from 'vitest';
import { encodeText } from '../frame/text.ts';
import { Checker, type TracedMessage } from './checkers.ts';
import type { SimulatedMachine } from './machine.ts';

/** What the checker looks at of a machine. */
function machine(name: string, secret?: string): SimulatedMachine {
  return { setup: { name, id: name.padEnd(16, '0'), secret }, life: 1, node: {} } as unknown as SimulatedMachine;
}

const [a, b] = [machine('a'), machine('b')];
let checker: Checker;
beforeEach(() => {
  checker = new Checker(() => 7);
});

function accepted(isDurable = false): TracedMessage {
  const message = checker.create(a, 'web', '', 'db', isDurable);
  checker.accepted(message);
  return message;
}

function deliver({ number }: TracedMessage, more: Record<string, string> = {}, to = b): void {
  const line = encodeMessage({ service: 'db', command: 'N', parameters: { n: String(number), ...more } });
  checker.delivered(to, 'db', encodeText(`${line}\n`));
}

const told = (): string => checker.violations.join('\n');

test('a message that arrives twice, or late, or elsewhere', () => {
  const [first, second] = [accepted(), accepted()];
  deliver(second);
  deliver(first);
  expect(told()).toContain(`message ${first.number} from`);
  expect(told()).toContain('after message 1');
  deliver(second);
  expect(told()).toContain('was delivered 2 times');
  checker.delivered(
    b,
    'other',
    encodeText(`${encodeMessage({ service: 'db', command: 'N', parameters: { n: '0' } })}\n`),
  );
  expect(told()).toContain('was delivered to other');
});

test('what came back may be overtaken by what was sent before it came back, and by nothing newer', () => {
  const [first, second] = [accepted(), accepted()];
  checker.returned(first);
  deliver(second);
  deliver(first);
  expect(told()).toBe('');
  const [third, fourth] = [accepted(), accepted()];
  checker.returned(third);
  const fifth = accepted();
  deliver(fourth);
  deliver(fifth);
  deliver(third);
  expect(told()).toContain(`message ${third.number} from`);
});

test('a durable message may come again if it says so, any other may not', () => {
  const [durable, late] = [accepted(true), accepted(true)];
  deliver(durable);
  deliver(durable, { redelivered: '1' });
  // The first copy was held up on its way, and what was sent again overtook it.
  deliver(late, { redelivered: '1' });
  deliver(late);
  expect(told()).toBe('');
  deliver(durable);
  expect(told()).toContain('was delivered 2 times');
  deliver(accepted(), { redelivered: '1' });
  expect(told()).toContain('is not durable');
});

test('a message that does not end, ends twice, or ends as what it was not', () => {
  const [first, second, third, fourth] = [accepted(), accepted(), accepted(), accepted()];
  deliver(first);
  checker.ended(first, 'taken', false);
  expect(checker.isSettled).toBe(false);
  checker.ended(first, 'expired', false);
  checker.ended(second, 'taken', false);
  checker.ended(fourth, 'unknown', false);
  checker.finish();
  for (const what of [
    'message 0 to db ended twice: taken, expired',
    'message 0 to db ended as expired, and had been delivered',
    'message 1 to db from a ended as taken and was delivered to nobody',
    `message ${third.number} to db from a has not ended`,
    'message 3 to db ended as unknown though nobody died',
  ]) {
    expect(told()).toContain(what);
  }
});

test('a durable message on disk outlives its machine, and not its disk', () => {
  const first = Object.assign(machine('c'), { life: 1 });
  const make = (): TracedMessage => {
    const message = checker.create(first, 'web', '', 'db', true);
    checker.accepted(message);
    return message;
  };
  const [stored] = [make(), make()];
  checker.stored(stored as TracedMessage);
  first.life = 2;
  expect(checker.isSettled).toBe(false);
  checker.diskLost(first);
  expect(checker.isSettled).toBe(true);
  checker.finish();
  expect(told()).toBe('');
  expect(checker.counts.lostWithFirst).toBe(2);
});

test('a link to a machine without the secret', () => {
  checker.linked(machine('c', 'x'), machine('d', 'x'));
  expect(told()).toBe('');
  checker.linked(machine('c', 'x'), machine('d', 'y'));
  checker.linked(machine('c', 'x'), machine('d'));
  expect(checker.violations).toHaveLength(2);
});

test('a broadcast that comes twice, back, or not at all', () => {
  const arrive = (number: number, at: SimulatedMachine): void =>
    checker.broadcastArrived(at, encodeText(`${encodeMessage({ command: 'B', parameters: { n: String(number) } })}\n`));
  checker.isAfterFaults = true;
  const number = checker.broadcastFrom(a);
  arrive(number, b);
  expect(told()).toBe('');
  arrive(number, b);
  arrive(number, a);
  checker.finishBroadcasts([a, b, machine('c')]);
  for (const what of ['arrived twice at b', 'came back to its own sender', 'did not reach c']) {
    expect(told()).toContain(what);
  }
});
