// What daemons say of themselves in the C++ form, both ways, against what was recorded.

import { encodeMessage } from 'snapcommunicator/wire';
import { expect, test } from 'vitest';
import { hostOf, type Introduction, introduce, LIST_COUNT_MAX, readIntroduction } from './introduction.ts';

const nothing = { services: [], heardOf: [], neighbors: [] };

test.each<[string, 'CONNECT' | 'ACCEPT', Introduction]>([
  [
    'CONNECT my_address=10.77.0.2:4042;neighbors=10.77.0.1:4042;server_name=n2;services=svc2;version=1',
    'CONNECT',
    { ...nothing, server: 'n2', address: '10.77.0.2:4042', neighbors: ['10.77.0.1:4042'], services: ['svc2'] },
  ],
  [
    'ACCEPT my_address=10.77.0.1:4042;server_name=n1;services=svc1',
    'ACCEPT',
    { ...nothing, server: 'n1', address: '10.77.0.1:4042', services: ['svc1'] },
  ],
  [
    'ACCEPT heard_of=hh,i;my_address=10.77.0.1:4042;server_name=n1',
    'ACCEPT',
    { ...nothing, server: 'n1', address: '10.77.0.1:4042', heardOf: ['hh', 'i'] },
  ],
])('%s', (line, command, introduction) => {
  const parameters = introduce(command, introduction);
  expect(encodeMessage({ command, parameters })).toBe(line);
  expect(readIntroduction(command, parameters)).toEqual(introduction);
});

test.each<[string, string, Record<string, string>, unknown]>([
  ['another version', 'CONNECT', { version: '2', server_name: 'a', my_address: '1.2.3.4:5' }, 'version'],
  ['no version', 'CONNECT', { server_name: 'a', my_address: '1.2.3.4:5' }, 'malformed'],
  ['no name', 'ACCEPT', { my_address: '1.2.3.4:5' }, 'malformed'],
  ['no address', 'ACCEPT', { server_name: 'a' }, 'malformed'],
  ['an address without a port', 'ACCEPT', { server_name: 'a', my_address: '1.2.3.4' }, 'malformed'],
  ['a name that is none', 'ACCEPT', { server_name: '../a', my_address: '1.2.3.4:5' }, 'malformed'],
  [
    'an address of the sixth version, a name in capitals',
    'ACCEPT',
    { server_name: 'A', my_address: '[fe80::1]:4042' },
    { ...nothing, server: 'a', address: '[fe80::1]:4042' },
  ],
  [
    'lists with damage in them',
    'ACCEPT',
    { server_name: 'a', my_address: '1.2.3.4:5', services: ',x, y ,x,-,', neighbors: 'z,5.6.7.8:9' },
    { ...nothing, server: 'a', address: '1.2.3.4:5', services: ['x', 'y'], neighbors: ['5.6.7.8:9'] },
  ],
])('%s', (_case, command, parameters, result) => {
  expect(readIntroduction(command, parameters)).toEqual(result);
});

test('lists are cut, read and written', () => {
  const names = Array.from({ length: 3 * LIST_COUNT_MAX }, (_, number) => `s${number}`);
  const parameters = introduce('ACCEPT', { ...nothing, server: 'a', address: '1.2.3.4:5', services: names });
  expect(parameters['services']?.split(',')).toHaveLength(LIST_COUNT_MAX);
  const read = readIntroduction('ACCEPT', { ...parameters, services: names.join(',') }) as Introduction;
  expect(read.services).toHaveLength(LIST_COUNT_MAX);
});

test('the host of an address', () => {
  expect(['10.0.0.1:4042', '[fe80::1]:4042', '10.0.0.1'].map(hostOf)).toEqual(['10.0.0.1', 'fe80::1', '10.0.0.1']);
});
