// A message by hand: from what is typed to a line, with completion and what is wrong with it.

import { describe, expect, test } from 'vitest';
import { addressesIn, commandsFor, compose, type Draft } from './composing.ts';
import { graphOf } from './testing/graphs.ts';

const draft = (parts: Partial<Draft>): Draft => ({
  to: 'images',
  command: 'PING',
  parameters: [],
  isKept: false,
  ...parts,
});

describe('a message by hand', () => {
  test.each<[string, Partial<Draft>]>([
    ['images/PING cache="no;reply"', {}],
    ['db2:images/PING cache="no;reply"', { to: ' db2:images ' }],
    ['*/PING', { to: '*', isKept: true }],
    [
      'images/PING note="a; b";uri=/a.png',
      {
        isKept: true,
        parameters: [
          { name: 'uri', value: '/a.png' },
          { name: 'note', value: 'a; b' },
          { name: '', value: '' },
        ],
      },
    ],
    ['images/PING cache=ttl=10m', { parameters: [{ name: 'cache', value: 'ttl=10m' }] }],
  ])('%s', (line, parts) => expect(compose(draft(parts))).toHaveProperty('line', line));

  test.each<[string, Partial<Draft>]>([
    ['to', { to: '' }],
    ['to', { to: 'a b' }],
    ['to', { to: 'x-y:images' }],
    ['command', { command: '' }],
    ['command', { command: 'ping' }],
    ['parameters', { parameters: [{ name: 'a-b', value: '' }] }],
    ['parameters', { parameters: [{ name: 'a', value: '\0' }] }],
  ])('wrong in %s: %j', (field, parts) =>
    expect(compose(draft(parts))).toMatchObject({ field, problem: expect.any(String) }),
  );

  test('addresses and commands that are offered', () => {
    const graph = graphOf({ a: { services: ['images/PING,RESIZE', 'web'] }, b: { services: ['images/ROTATE'] } });
    expect(addressesIn(graph)).toEqual(['images', 'a:images', 'b:images', 'web']);
    expect(commandsFor(graph, 'images')).toEqual(['PING', 'RESIZE', 'ROTATE']);
    expect(commandsFor(graph, 'b:images')).toEqual(['ROTATE']);
    expect(commandsFor(graph, 'nobody')).toEqual(['PING', 'RESIZE', 'ROTATE']);
  });
});
