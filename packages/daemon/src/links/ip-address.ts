// IP addresses with ports, as daemons tell them to each other: read, compared, written.

import { isIP, isIPv4 } from 'node:net';
import { type Endpoint, formatEndpoint, isUnspecified } from '../options/addresses.ts';

/** The host as everybody writes it: a socket of both families calls 10.0.0.5 ::ffff:10.0.0.5. */
export const plainHost = (host = ''): string => host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '');

/** `10.0.0.5:4042` or `[fd00::5]:4042`, if it could be the address of another machine; undefined for anything else. */
export function readEndpoint(text: string): Endpoint | undefined {
  const [, v6, v4, digits] = /^(?:\[([0-9a-f:.]{2,45})\]|([\d.]{7,15})):(\d{1,5})$/i.exec(text) ?? [];
  const host = (v6 ?? v4 ?? '').toLowerCase();
  const port = Number(digits);
  if (isIP(host) === 0 || !(port >= 1 && port <= 65_535) || isUnspecified(host) || isMulticast(host)) return undefined;
  return { host, port };
}

const isMulticast = (host: string): boolean => /^(?:22[4-9]|23\d|255)\.|^ff/i.test(host);

/** Below 0 if the first is the smaller one: by family, then the number of the address, then the port. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const [first, second] = [addressNumber(a.host), addressNumber(b.host)];
  if (first !== second) return first < second ? -1 : 1;
  return a.port - b.port;
}

/** An IP address as a number; those of IPv4 come first. */
function addressNumber(host: string): bigint {
  if (isIPv4(host)) return host.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  // The URL parser writes an IPv6 address in its shortest form, in hexadecimal throughout.
  const [, short = ''] = /^\[(.*)\]$/.exec(new URL(`http://[${host}]`).hostname) ?? [];
  const [left = '', right] = short.split('::').map((half) => half.split(':').filter((word) => word !== ''));
  const head = left as readonly string[];
  const tail = right ?? [];
  const words = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return words.reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 1n << 128n);
}

export { formatEndpoint };
