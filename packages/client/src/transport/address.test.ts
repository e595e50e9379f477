// Addresses: each form by a table, each refusal with its reason, and what is written reads back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  AddressError,
  formatAddress,
  hidePassword,
  isLoopback,
  isPrivate,
  parseAddress,
} from './address.ts';

const network = (scheme: 'sc' | 'scs' | 'scu', host: string, port: number, more = {}): Address => ({
  kind: 'network',
  scheme,
  host,
  port,
  ...more,
});

describe('parseAddress', () => {
  it.each<[string, Address]>([
    ['sc://127.0.0.1:4040', network('sc', '127.0.0.1', 4040)],
    ['sc:127.0.0.1:4040', network('sc', '127.0.0.1', 4040)],
    ['cd://127.0.0.1', network('sc', '127.0.0.1', 4040)],
    ['sc:', network('sc', '127.0.0.1', 4040)],
    ['sc://:5000', network('sc', '127.0.0.1', 5000)],
    ['sc://localhost', network('sc', 'localhost', 4040)],
    ['sc://10.0.0.5', network('sc', '10.0.0.5', 4042)],
    ['sc://web-1.example.com/', network('sc', 'web-1.example.com', 4042)],
    ['scu:', network('scu', '127.0.0.1', 4041)],
    ['CDU://[::1]', network('scu', '::1', 4041)],
    ['scs://198.51.100.7', network('scs', '198.51.100.7', 4043)],
    ['cds://[2001:db8::1]:99', network('scs', '2001:db8::1', 99)],
    ['scs://me:s%40cr:et@h:1', network('scs', 'h', 1, { user: 'me', password: 's@cr:et' })],
    ['scs://me@h', network('scs', 'h', 4043, { user: 'me' })],
    ['sc:///run/x.sock', { kind: 'path', scheme: 'sc', path: '/run/x.sock' }],
    ['cd:/run/a%20b.sock', { kind: 'path', scheme: 'sc', path: '/run/a b.sock' }],
    ['cdu:///run/x.sock', { kind: 'path', scheme: 'scu', path: '/run/x.sock' }],
  ])('%s', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  it.each<[string, Address]>([
    ['127.0.0.1:4040', network('sc', '127.0.0.1', 4040)],
    ['localhost:1', network('sc', 'localhost', 1)],
    ['localhost', network('sc', 'localhost', 4040)],
    ['web.example.com:7', network('sc', 'web.example.com', 7)],
    ['[::1]:7', network('sc', '::1', 7)],
    [':7', network('sc', '127.0.0.1', 7)],
    ['/run/x.sock', { kind: 'path', scheme: 'sc', path: '/run/x.sock' }],
    ['scs://h', network('scs', 'h', 4043)],
  ])('%s where sc: is understood', (text, expected) => {
    expect(parseAddress(text, { scheme: 'sc' })).toEqual(expected);
  });

  it.each([
    ['127.0.0.1:4040', 'expected sc: (plain)'],
    ['http://x', 'expected sc: (plain)'],
    ['', 'expected sc: (plain)'],
    ['scs:///run/x.sock', 'TLS is not spoken on a Unix socket'],
    ['sc:///run/', 'not of a directory'],
    [`sc:///${'x'.repeat(120)}`, 'at most 107 bytes'],
    ['sc://::1:4040', 'in brackets'],
    ['sc://[::g]:4040', 'not an IPv6 address'],
    ['sc://300.1.1.1', 'neither an IP address nor a host name'],
    ['sc://a b', 'no blanks'],
    ['sc://h:0', 'not a port'],
    ['sc://h:65536', 'not a port'],
    ['sc://h:x', 'not a port'],
    ['sc://h?x=1', 'nothing may follow'],
    ['sc:///run/%zz', '%25'],
    ['sc://u:p@h', 'only scs: takes them'],
    ['scs://:p@h', 'user:password before the @'],
    ['scs:', 'needs a host'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => parseAddress(text)).toThrow(AddressError);
    expect(() => parseAddress(text)).toThrow(reason);
  });

  it('never throws anything but an AddressError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `sc://${text}`),
          fc.string().map((text) => `scs:${text}`),
        ),
        (text) => {
          try {
            const address = parseAddress(text);
            expect(parseAddress(formatAddress(address, { withPassword: true }))).toEqual(address);
          } catch (error) {
            expect(error).toBeInstanceOf(AddressError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('passwords', () => {
  it('are written only when asked for', () => {
    const address = parseAddress('scs://me:a%2Fb@[::1]:4043');
    expect(formatAddress(address)).toBe('scs://me@[::1]:4043');
    expect(formatAddress(address, { withPassword: true })).toBe('scs://me:a%2Fb@[::1]:4043');
  });

  it.each([
    ['scs://me:secret@host', 'scs://me:***@host'],
    ['scs:me:secret@host', 'scs:me:***@host'],
    ['scs://me:sec@ret@host', 'scs://me:***@host'],
    ['scs:/me:secret@host', 'scs:/me:***@host'],
    ['scs://m/e:secret@host', 'scs://m/e:***@host'],
    ['me:secret@host:4043', 'me:***@host:4043'],
    ['sc://h:4040', 'sc://h:4040'],
    ['scs://me@[::1]:4043', 'scs://me@[::1]:4043'],
  ])('%s is shown as %s', (text, shown) => {
    expect(hidePassword(text)).toBe(shown);
  });
});

it.each([
  ['127.9.9.9', true, true],
  ['::1', true, true],
  ['::ffff:127.0.0.1', true, true],
  ['localhost', true, true],
  ['10.1.2.3', false, true],
  ['172.31.0.1', false, true],
  ['172.32.0.1', false, false],
  ['fd00::1', false, true],
  ['8.8.8.8', false, false],
  ['example.com', false, false],
])('%s: loopback %s, private %s', (host, onThisMachine, inside) => {
  expect([isLoopback(host), isPrivate(host)]).toEqual([onThisMachine, inside]);
});
