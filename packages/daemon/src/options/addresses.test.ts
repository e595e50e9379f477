// Tests of the types of addresses: what each takes, as what, and what it refuses.

import type { ParameterType } from 'snapcommunicator/contract';
import { describe, expect, test } from 'vitest';
import {
  consoleEndpoint,
  endpoint,
  isPublic,
  machineAddress,
  neighbor,
  network,
  networkSet,
  secureEndpoint,
  socketPath,
} from './addresses.ts';

const local = endpoint('sc', 4040);
const secure = secureEndpoint();

describe('taken, and written as', () => {
  test.each<[ParameterType<never>, string, string]>([
    [local, '127.0.0.1', '127.0.0.1:4040'],
    [local, '127.0.0.1:5000', '127.0.0.1:5000'],
    [local, '127.0.0.1:0', '127.0.0.1:0'],
    [local, '10.0.0.1', '10.0.0.1:4040'],
    [local, 'localhost', '127.0.0.1:4040'],
    [local, '::1', '[::1]:4040'],
    [local, '[::1]:5000', '[::1]:5000'],
    [local, '0.0.0.0:4042', '0.0.0.0:4042'],
    [local, 'sc://127.0.0.1:5000', '127.0.0.1:5000'],
    [local, 'cd://127.0.0.1:5000', '127.0.0.1:5000'],
    [endpoint('scu', 4041), 'cdu://127.0.0.1', '127.0.0.1:4041'],
    [consoleEndpoint(), 'http://127.0.0.1:8080/', '127.0.0.1:8080'],
    [consoleEndpoint(), 'https://[::1]', 'https://[::1]:4044'],
    [machineAddress(), '10.0.0.5', '10.0.0.5'],
    [machineAddress(), '10.0.0.5:4042', '10.0.0.5:4042'],
    [machineAddress(), 'fd00::5', 'fd00::5'],
    [secure, 'scs://192.0.2.1', 'scs://192.0.2.1:4043'],
    [secure, '192.0.2.1:5000', 'scs://192.0.2.1:5000'],
    [secure, 'cds://me:p%40ss@192.0.2.1:4043', 'scs://me:p%40ss@192.0.2.1:4043'],
    [secure, 'me:pass@192.0.2.1', 'scs://me:pass@192.0.2.1:4043'],
    [neighbor(), '10.0.0.5', '10.0.0.5:4042'],
    [neighbor(), '127.0.0.1', '127.0.0.1:4042'],
    [neighbor(), '10.0.0.5:5000;cost=20', '10.0.0.5:5000;cost=20'],
    [neighbor(), 'web.example.org', 'sc://web.example.org:4042'],
    [neighbor(), 'scs://me@198.51.100.7:4043', 'scs://me@198.51.100.7:4043'],
    [neighbor(), 'cds://me:secret@web.example.org', 'scs://me:secret@web.example.org:4043'],
    [socketPath('sc'), '/run/x.sock', '/run/x.sock'],
    [socketPath('sc'), '/run/100%.sock', '/run/100%.sock'],
    [socketPath('sc'), 'cd:///run/x.sock', '/run/x.sock'],
    [socketPath('scu'), 'scu:///run/x.sock', '/run/x.sock'],
    [network(), '10.0.0.0/8', '10.0.0.0/8'],
    [network(), '10.0.0.7', '10.0.0.7/32'],
    [network(), 'fd00::/8', 'fd00::/8'],
  ] as never)('%#', (type, text, written) => {
    const reading = type.read(text);
    if ('expected' in reading) throw new Error(reading.expected);
    expect(type.write(reading.value)).toBe(written);
    expect(type.read(written)).toEqual(reading);
  });
});

describe('refused', () => {
  test.each<[ParameterType<never>, string, string]>([
    [local, '', 'an address such as 127.0.0.1:4040'],
    [local, ':4040', 'an address such as 127.0.0.1:4040'],
    [local, 'sc://', 'an address such as 127.0.0.1:4040'],
    [local, 'sc://:4040', 'an address such as 127.0.0.1:4040'],
    [neighbor(), 'scs://me@', 'an address such as 10.0.0.5'],
    [local, 'web.example.org:4040', 'an address such as 127.0.0.1:4040'],
    [local, '127.0.0.1:65536', 'an address such as 127.0.0.1:4040'],
    [local, '127.0.0.300', 'an address such as 127.0.0.1:4040'],
    [local, 'me:pass@127.0.0.1', 'an address such as 127.0.0.1:4040'],
    [local, 'scs://127.0.0.1', 'scs: is for another listener'],
    [consoleEndpoint(), 'sc://127.0.0.1', 'an address such as 127.0.0.1:4044'],
    [consoleEndpoint(), 'https://me:x@127.0.0.1', 'an address such as 127.0.0.1:4044'],
    [secure, 'scs:///run/x.sock', 'a socket file does not leave the machine'],
    [secure, 'sc://192.0.2.1', 'an address such as scs://192.0.2.1:4043'],
    [neighbor(), 'cds:/run/x.sock', 'a socket file does not leave the machine'],
    [neighbor(), '10.0.0.5;cost=0', 'a cost is from 1 to 65535'],
    [neighbor(), '10.0.0.5;cost=70000', 'a cost is from 1 to 65535'],
    [neighbor(), '10.0.0.5;price=1', 'a cost is from 1 to 65535'],
    [neighbor(), '10.0.0.5:0', 'an address such as 10.0.0.5'],
    [neighbor(), 'scu://10.0.0.5', 'an address such as 10.0.0.5'],
    [machineAddress(), 'sc://10.0.0.5', 'an IP address'],
    [machineAddress(), 'web', 'an IP address'],
    [socketPath('sc'), 'run/x.sock', 'an absolute path'],
    [socketPath('sc'), `/${'x'.repeat(107)}`, 'an absolute path of at most 107 bytes'],
    [socketPath('sc'), '/run/', 'an absolute path'],
    [socketPath('sc'), 'scu:///run/x.sock', 'an absolute path'],
    [socketPath('sc'), 'scs:///run/x.sock', 'TLS has nothing to protect there'],
    [network(), '10.0.0.0/33', 'a network such as 10.0.0.0/8'],
    [network(), 'example.org', 'a network such as 10.0.0.0/8'],
  ] as never)('%#', (type, text, expected) => {
    expect(type.read(text)).toEqual({ expected: expect.stringContaining(expected) });
  });
});

test.each([
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.31.0.1', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['8.8.8.8', true],
  ['2001:db8::1', true],
  ['fd00::1', false],
  ['web.example.org', false],
])('%s is public: %s', (host, expected) => {
  expect(isPublic(host)).toBe(expected);
});

test('a set of networks knows the addresses of both families', () => {
  const trusts = networkSet([
    { address: '10.0.0.0', prefix: 8 },
    { address: 'fd00::', prefix: 8 },
  ]);
  expect(['10.9.9.9', '::ffff:10.9.9.9', 'fd00::1', 'fd00::1%eth0'].map(trusts)).toEqual([true, true, true, true]);
  expect(['11.0.0.1', '::1', 'web', ''].map(trusts)).toEqual([false, false, false, false]);
});
