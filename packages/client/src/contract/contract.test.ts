// Contracts: reading and writing parameters, every limit, every problem named.

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  boolean,
  defineService,
  duration,
  integer,
  list,
  number,
  oneOf,
  type Received,
  readParameters,
  size,
  string,
  writeParameters,
} from './index.ts';

const table = {
  uri: string(),
  size: integer({ min: 1, max: 100 }).optional(),
  fit: oneOf('cover', 'contain').default('cover'),
};

describe('reading', () => {
  it('gives values, defaults and absent ones', () => {
    expect(readParameters(table, { uri: 'a', other: 'x' })).toEqual({ values: { uri: 'a', fit: 'cover' } });
    expect(readParameters(table, { uri: 'a', size: '7', fit: 'contain' })).toEqual({
      values: { uri: 'a', size: 7, fit: 'contain' },
    });
    expectTypeOf<Received<typeof table>>().toEqualTypeOf<
      { readonly uri: string; readonly fit: 'cover' | 'contain' } & { readonly size?: number }
    >();
  });

  it('names every problem', () => {
    const reading = readParameters(table, { size: 'big', fit: 'x' });
    expect(reading).toEqual({
      problems: [
        { parameter: 'uri', problem: 'uri is missing' },
        { parameter: 'size', problem: 'size is "big", expected a whole number from 1 to 100' },
        { parameter: 'fit', problem: 'fit is "x", expected one of cover, contain' },
      ],
    });
  });
});

describe('types', () => {
  it.each([
    [integer(), '12', 12],
    [integer(), '1.5', undefined],
    [integer(), '', undefined],
    [integer({ min: 1 }), '0', undefined],
    [number(), '-1.5e3', -1500],
    [number({ min: 0 }), '-1', undefined],
    [number(), 'Infinity', undefined],
    [boolean(), 'Yes', true],
    [boolean(), 'maybe', undefined],
    [duration(), '90', 90_000],
    [duration(), '1h30m', 5_400_000],
    [duration(), '250ms', 250],
    [duration({ minMs: 1000 }), '10ms', undefined],
    [duration(), 'soon', undefined],
    [duration(), `${'1'.repeat(60)}x`, undefined],
    [size(), '64KiB', 65_536],
    [size(), '1m', 1_048_576],
    [size({ maxBytes: 10 }), '11', undefined],
    [list(integer()), '1, 2,,3', [1, 2, 3]],
    [list(integer(), { countMax: 2 }), '1,2,3', undefined],
    [list(integer()), '1,x', undefined],
  ])('%#: %o reads %j', (type, text, value) => {
    const reading = type.read(text);
    if (value === undefined) expect(reading).toHaveProperty('expected');
    else expect(reading).toEqual({ value });
  });
});

describe('writing', () => {
  it('refuses what the receiver would refuse', () => {
    expect(writeParameters(table, { uri: 'a', size: 5 })).toEqual({ uri: 'a', size: '5' });
    expect(() => writeParameters(table, { uri: 'a', size: 500 })).toThrow(
      'size: 500 is not a whole number from 1 to 100',
    );
    expect(() => writeParameters(table, {} as never)).toThrow('uri is missing');
    expect(() => writeParameters(table, { uri: 'a', extra: 1 } as never)).toThrow(
      'extra is not a parameter of this command',
    );
  });

  it('refuses names that the wire does not have', () => {
    expect(() => defineService('my-service', {})).toThrow('is not a service name');
    expect(() => defineService('a', { ping: {} })).toThrow('is not a command');
    expect(() => defineService('a', { PING: { parameters: { 'a-b': string() } } })).toThrow('is not a parameter name');
  });
});
