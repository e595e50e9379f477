// Addresses of communicators, `sc:` (plain stream), `scs:` (TLS) and `scu:` (datagrams): read, checked, written.

import { BlockList, isIP } from 'node:net';

export type Scheme = 'sc' | 'scs' | 'scu';

/** A host and port. `host` is an IP address without brackets, or a host name. */
export interface NetworkAddress {
  readonly kind: 'network';
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** Who logs in, in `scs://user:password@host`. */
  readonly user?: string;
  readonly password?: string;
}

/** A Unix socket by its absolute path. */
export interface PathAddress {
  readonly kind: 'path';
  readonly scheme: 'sc' | 'scu';
  readonly path: string;
}

export type Address = NetworkAddress | PathAddress;

/** Thrown for a text that is not an address. The message quotes it, without a password, and says what was expected. */
export class AddressError extends Error {
  constructor(text: string, problem: string) {
    super(`address ${JSON.stringify(hidePassword(text))}: ${problem}`);
    this.name = 'AddressError';
  }
}

/** Ports where they are not given. A plain stream to another machine goes to its communicator's remote listener. */
export const DEFAULT_PORTS = { sc: 4040, scu: 4041, remote: 4042, scs: 4043 } as const;

const SCHEMES: Readonly<Record<string, Scheme>> = {
  sc: 'sc',
  cd: 'sc',
  scs: 'scs',
  cds: 'scs',
  scu: 'scu',
  cdu: 'scu',
};
// The kernel's sockaddr_un holds 108 bytes, one of them the closing NUL.
const pathBytesMax = 107;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const trusted = new BlockList();
trusted.addSubnet('10.0.0.0', 8, 'ipv4');
trusted.addSubnet('172.16.0.0', 12, 'ipv4');
trusted.addSubnet('192.168.0.0', 16, 'ipv4');
trusted.addSubnet('169.254.0.0', 16, 'ipv4');
trusted.addSubnet('fc00::', 7, 'ipv6');
trusted.addSubnet('fe80::', 10, 'ipv6');

function isIn(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether the host is this machine: 127.0.0.0/8, ::1, or the name `localhost`. */
export const isLoopback = (host: string): boolean => host.toLowerCase() === 'localhost' || isIn(loopback, host);

/** Whether the IP address is on this machine or in a private range. A host name is not: it could be anywhere. */
export const isPrivate = (host: string): boolean => isLoopback(host) || isIn(trusted, host);

/**
 * Reads an address.
 *
 *     sc://127.0.0.1:4040   sc:///run/snapcommunicator/communicatord.sock   scs://user:password@host:4043   scu://[::1]
 *
 * `cd:`, `cds:` and `cdu:` mean the same as `sc:`, `scs:` and `scu:`. Without a host it is 127.0.0.1; without a port 4040,
 * 4041 for `scu:`, 4043 for `scs:`, and 4042 for `sc:` to another machine. User, password and path may be percent-encoded.
 *
 * @param options.scheme what a text without a scheme (`127.0.0.1:4040`, `/run/x.sock`) is taken for; without it that is an error
 * @throws AddressError
 */
export function parseAddress(text: string, options: { readonly scheme?: Scheme } = {}): Address {
  const [, word, marked] = /^(scs?|scu|cds?|cdu):(?:\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const bare = text.includes('://') ? undefined : options.scheme;
  const scheme = word === undefined ? bare : SCHEMES[word.toLowerCase()];
  const rest = marked ?? text.trim();
  if (scheme === undefined) {
    throw new AddressError(text, 'expected sc: (plain), scs: (TLS) or scu: (datagrams), as in sc://127.0.0.1:4040');
  }
  if (/[\s\0]/.test(rest)) throw new AddressError(text, 'an address has no blanks in it; write %20 in a path');
  if (/[?#]/.test(rest)) throw new AddressError(text, 'nothing may follow host and port; write %3F and %23 in a path');
  return rest.startsWith('/') ? readPath(text, scheme, rest) : readNetwork(text, scheme, rest);
}

function readPath(text: string, scheme: Scheme, rest: string): PathAddress {
  if (scheme === 'scs') {
    throw new AddressError(
      text,
      'TLS is not spoken on a Unix socket: what it carries never leaves the machine, and file permissions guard it. Write sc: instead',
    );
  }
  const path = decode(text, rest);
  if (path.endsWith('/')) throw new AddressError(text, 'the path of a socket expected, not of a directory');
  if (Buffer.byteLength(path) > pathBytesMax) {
    throw new AddressError(text, `the path of a Unix socket has at most ${pathBytesMax} bytes`);
  }
  return { kind: 'path', scheme, path };
}

function readNetwork(text: string, scheme: Scheme, rest: string): NetworkAddress {
  const at = rest.lastIndexOf('@');
  const [, ipv6, name, portText] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(rest.slice(at + 1).replace(/\/$/, '')) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined)
    throw new AddressError(text, 'expected host:port; an IPv6 address is put in brackets, [::1]:4040');
  if (ipv6 !== undefined && isIP(ipv6) !== 6)
    throw new AddressError(text, `${JSON.stringify(ipv6)} in brackets is not an IPv6 address`);
  if (ipv6 === undefined && host !== '' && !isHost(host)) {
    throw new AddressError(text, `${JSON.stringify(host)} is neither an IP address nor a host name`);
  }
  if (host === '' && scheme === 'scs') throw new AddressError(text, 'scs: needs a host, as in scs://198.51.100.7:4043');
  const known = host === '' ? '127.0.0.1' : host;
  const port = portText === undefined ? defaultPort(scheme, known) : readPort(text, portText);
  return { kind: 'network', scheme, host: known, port, ...(at < 0 ? {} : readLogIn(text, scheme, rest.slice(0, at))) };
}

function readLogIn(text: string, scheme: Scheme, logIn: string): { user: string; password?: string } {
  if (scheme !== 'scs') {
    throw new AddressError(
      text,
      `a user and password would cross the network in the clear on ${scheme}:; only scs: takes them`,
    );
  }
  const colon = logIn.indexOf(':');
  const user = decode(text, colon < 0 ? logIn : logIn.slice(0, colon));
  if (user === '' || user.includes(':')) throw new AddressError(text, 'expected user:password before the @');
  return colon < 0 ? { user } : { user, password: decode(text, logIn.slice(colon + 1)) };
}

function readPort(text: string, portText: string): number {
  const port = Number(portText);
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535) {
    throw new AddressError(text, `${JSON.stringify(portText)} is not a port; expected 1 to 65535`);
  }
  return port;
}

// A dotted text of digits alone would be taken for a host name and asked of the resolver: it is a wrong IPv4 address.
const isHost = (host: string): boolean =>
  isIP(host) === 4 ||
  (host.length <= 253 && !/^[\d.]+$/.test(host) && /^[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)*\.?$/.test(host));

function defaultPort(scheme: Scheme, host: string): number {
  if (scheme !== 'sc') return DEFAULT_PORTS[scheme];
  return isLoopback(host) ? DEFAULT_PORTS.sc : DEFAULT_PORTS.remote;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AddressError(text, 'a % begins an encoded character, as in %40; write %25 for a % itself');
  }
}

/** The address as text that `parseAddress` reads back, with its port; the password only if `withPassword` is set. */
export function formatAddress(address: Address, options: { readonly withPassword?: boolean } = {}): string {
  if (address.kind === 'path') {
    return `${address.scheme}://${address.path.split('/').map(encodeURIComponent).join('/')}`;
  }
  const { scheme, host, port, user, password } = address;
  const secret = password !== undefined && options.withPassword === true ? `:${encodeURIComponent(password)}` : '';
  const logIn = user === undefined ? '' : `${encodeURIComponent(user)}${secret}@`;
  return `${scheme}://${logIn}${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

const SCHEME = /^(?:(?:scs?|scu|cds?|cdu):(?:\/\/)?|[a-z]+:\/\/)/i;

/** The text with what stands between the user and the last `@` replaced, for errors and logs; it need not be an address. */
export function hidePassword(text: string): string {
  const [scheme = ''] = SCHEME.exec(text) ?? [];
  return scheme + text.slice(scheme.length).replace(/^([^:]*):.*@/s, '$1:***@');
}
