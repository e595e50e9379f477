// Where a program looks for its communicator, and in which order.

import { expect, it } from 'vitest';
import { AddressError, formatAddress, parseAddress } from '../transport/address.ts';
import { candidateAddresses } from './candidates.ts';

const everywhere = { RUNTIME_DIRECTORY: '/run/images:/run/more', XDG_RUNTIME_DIR: '/run/user/1000' };

it.each([
  ['what is given', 'sc://a,sc:///b', { SNAPCOMMUNICATOR: 'sc://c' }, [], ['sc://a:4042', 'sc:///b']],
  ['several of them', ['sc://a', parseAddress('scs://b')], {}, [], ['sc://a:4042', 'scs://b:4043']],
  ['the environment', undefined, { SNAPCOMMUNICATOR: 'sc://c:1' }, ['/run/snapcommunicator'], ['sc://c:1']],
  ['nothing in the environment', undefined, { SNAPCOMMUNICATOR: '' }, [], ['sc://127.0.0.1:4040']],
  [
    'the sockets that are there, then TCP',
    undefined,
    everywhere,
    ['/run/images', '/run/communicator', '/run/snapcommunicator'],
    [
      'sc:///run/images/communicatord.sock',
      'sc:///run/snapcommunicator/communicatord.sock',
      'sc:///run/communicator/communicatord.sock',
      'sc://127.0.0.1:4040',
    ],
  ],
  [
    'the one of the user',
    undefined,
    everywhere,
    ['/run/user/1000'],
    ['sc:///run/user/1000/communicatord.sock', 'sc://127.0.0.1:4040'],
  ],
])('%s', (_, given, environment, there, expected) => {
  const exists = (path: string): boolean => (there as string[]).includes(path.replace('/communicatord.sock', ''));
  expect(candidateAddresses(given, environment, exists).map((address) => formatAddress(address))).toEqual(expected);
});

it('refuses what is no address', () => {
  expect(() => candidateAddresses(undefined, { SNAPCOMMUNICATOR: 'nonsense' })).toThrow(AddressError);
});
