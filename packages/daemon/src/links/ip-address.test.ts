// Addresses that daemons tell each other: which are taken, and which is the greater one.

import { expect, test } from 'vitest';
import { compareEndpoints, formatEndpoint, plainHost, readEndpoint } from './ip-address.ts';

test.each(['10.0.0.5:4042', '[fd00::5]:4042', '[::1]:1', '127.0.0.1:65535', '[::ffff:10.0.0.5]:4042'])('%s', (text) => {
  const endpoint = readEndpoint(text);
  expect(endpoint === undefined ? undefined : formatEndpoint(endpoint)).toBe(text);
});

test.each([
  '',
  '10.0.0.5',
  '10.0.0.5:0',
  '10.0.0.5:65536',
  '10.0.0.256:4042',
  'fd00::5:4042',
  '[fd00::5]',
  'host:4042',
  '0.0.0.0:4042',
  '[::]:4042',
  '224.0.0.1:4042',
  '255.255.255.255:4042',
  '[ff02::1]:4042',
  ' 10.0.0.5:4042',
  '10.0.0.5:4042;x=1',
])('%j is no address of another machine', (text) => {
  expect(readEndpoint(text)).toBeUndefined();
});

test('they have one order, by number and not by text', () => {
  const ordered = [
    '9.255.255.255:9',
    '10.0.0.5:80',
    '10.0.0.5:4042',
    '10.0.0.20:1',
    '[::1]:1',
    '[2001:db8::]:1',
    '[fd00::9]:1',
    '[fd00::10]:1',
    '[fd00::1:0]:1',
  ].map((text) => readEndpoint(text) as NonNullable<ReturnType<typeof readEndpoint>>);
  for (const [place, first] of ordered.entries())
    for (const [other, second] of ordered.entries())
      expect(Math.sign(compareEndpoints(first, second))).toBe(Math.sign(place - other));
});

test.each([
  ['::ffff:10.0.0.5', '10.0.0.5'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, ''],
])('%s is %s', (host, plain) => {
  expect(plainHost(host)).toBe(plain);
});
