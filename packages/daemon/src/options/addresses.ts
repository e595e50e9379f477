// The types of addresses in options: where to listen, whom to connect to, which networks to trust.

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import {
  type Address,
  formatAddress,
  isLoopback,
  isPrivate,
  type NetworkAddress,
  parseAddress,
  type Scheme,
} from 'snapcommunicator';
import { ParameterType, type Reading } from 'snapcommunicator/contract';

/** Where a socket listens or is reached. */
export interface Endpoint {
  /** An IP address, without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** Where the console listens. */
export interface ConsoleEndpoint extends Endpoint {
  /** HTTPS. */
  readonly isSecure: boolean;
}

/** An address whose port may be left to a default. */
export interface MachineAddress {
  readonly host: string;
  readonly port: number | undefined;
}

/** Another daemon that is to be connected to. */
export interface Neighbor extends NetworkAddress {
  /** What a message over this link costs, from 1 to 65535; absent: as measured. */
  readonly cost?: number;
}

/** A range of addresses, `10.0.0.0/8`. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

export const PORTS = { local: 4040, signal: 4041, remote: 4042, secure: 4043, console: 4044 } as const;

/** `127.0.0.1:4040`, `[::1]:4040`. */
export const formatEndpoint = ({ host, port }: Endpoint): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

const required = <T>(rules: ConstructorParameters<typeof ParameterType<T>>[0]): ParameterType<T, 'required'> =>
  new ParameterType<T, 'required'>(rules, 'required');

/** The address, or undefined where the text is none. */
function addressOf(text: string, scheme: Scheme): Address | undefined {
  try {
    return parseAddress(text, { scheme });
  } catch {
    return undefined;
  }
}

/**
 * A host and port. What the library's reader of addresses does not have is added here: an IPv6 address without brackets,
 * port 0, and that the port where none is given depends on the option. The host is never left out: `:4040` means this
 * machine to some and every machine to others.
 */
function readNetwork(text: string, scheme: Scheme, defaultPort: number): NetworkAddress | undefined {
  const bracketed = isIPv6(text) ? `[${text}]` : text;
  if (/^(?:[a-z]+:\/\/)?(?:[^@]*@)?(?::\d*|\/)?$/i.test(bracketed)) return undefined;
  const [, port] = /:(\d{1,5})\/?$/.exec(bracketed) ?? [];
  const isAnyPort = port !== undefined && Number(port) === 0;
  const address = addressOf(isAnyPort ? bracketed.replace(/:0+\/?$/, '') : bracketed, scheme);
  if (address?.kind !== 'network') return undefined;
  return { ...address, port: isAnyPort ? 0 : port === undefined ? defaultPort : address.port };
}

/** Listeners need an IP address; `localhost` is the one of IPv4. */
const listenHost = (host: string): string | undefined =>
  host.toLowerCase() === 'localhost' ? '127.0.0.1' : isIP(host) === 0 ? undefined : host;

/** `127.0.0.1:4040`, `[::1]:4040`, `127.0.0.1`, with or without its scheme. */
export function endpoint(scheme: 'sc' | 'scu', defaultPort: number): ParameterType<Endpoint, 'required'> {
  const description = `an address such as 127.0.0.1:${defaultPort}`;
  return required<Endpoint>({
    description,
    read(text) {
      const address = readNetwork(text, scheme, defaultPort);
      const host = listenHost(address?.host ?? '');
      if (address === undefined || host === undefined || address.user !== undefined) return { expected: description };
      if (address.scheme !== scheme) {
        return { expected: `${description}; ${address.scheme}: is for another listener` };
      }
      return { value: { host, port: address.port } };
    },
    write: formatEndpoint,
  });
}

/** `127.0.0.1:4044`, `http://127.0.0.1:4044`, `https://10.0.0.5:4044`. */
export function consoleEndpoint(): ParameterType<ConsoleEndpoint, 'required'> {
  const description = `an address such as 127.0.0.1:${PORTS.console} or https://192.0.2.1:${PORTS.console}`;
  return required<ConsoleEndpoint>({
    description,
    read(text) {
      const [, scheme = '', rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text) ?? [];
      const address = /^[a-z]+:\/\//i.test(rest) ? undefined : readNetwork(rest, 'sc', PORTS.console);
      const host = listenHost(address?.host ?? '');
      if (address === undefined || host === undefined || address.user !== undefined) return { expected: description };
      return { value: { host, port: address.port, isSecure: scheme.toLowerCase() === 'https' } };
    },
    write: (address) => (address.isSecure ? `https://${formatEndpoint(address)}` : formatEndpoint(address)),
  });
}

/** `10.0.0.5` or `10.0.0.5:4042`. */
export function machineAddress(): ParameterType<MachineAddress, 'required'> {
  const description = 'an IP address, with or without a port';
  return required<MachineAddress>({
    description,
    read(text) {
      const address = text.includes('/') ? undefined : readNetwork(text, 'sc', 0);
      if (address === undefined || address.user !== undefined || isIP(address.host) === 0)
        return { expected: description };
      return { value: { host: address.host, port: address.port === 0 ? undefined : address.port } };
    },
    write: ({ host, port }) => (port === undefined ? host : formatEndpoint({ host, port })),
  });
}

const SECURE_PATH =
  'an IP address: a socket file does not leave the machine, so TLS has nothing to protect there (use unix_listen)';
const isSecurePath = (text: string): boolean => /^(?:scs|cds):(?:\/\/\/|\/(?!\/))/i.test(text);

/** `scs://address:port`, and as C++ files have it `cds://user:password@address:port`. */
export function secureEndpoint(): ParameterType<NetworkAddress, 'required'> {
  const description = `an address such as scs://192.0.2.1:${PORTS.secure}`;
  return required<NetworkAddress>({
    description,
    read(text) {
      if (isSecurePath(text)) return { expected: SECURE_PATH };
      const address = readNetwork(text, 'scs', PORTS.secure);
      const host = listenHost(address?.host ?? '');
      if (address?.scheme !== 'scs' || host === undefined) return { expected: description };
      return { value: { ...address, host } };
    },
    write: (address) => formatAddress(address, { withPassword: true }),
  });
}

/** `10.0.0.5`, `10.0.0.5:4042`, `scs://user@198.51.100.7:4043`, each with `;cost=20` behind it if need be. */
export function neighbor(): ParameterType<Neighbor, 'required'> {
  const description = 'an address such as 10.0.0.5, 10.0.0.5:4042;cost=20 or scs://user@198.51.100.7:4043';
  return required<Neighbor>({
    description,
    read: (text) => readNeighbor(text, description),
    write: ({ cost, ...address }) => {
      // A host may be called `sc`: only an IP address goes without its scheme.
      const isPlain = address.scheme === 'sc' && isIP(address.host) !== 0;
      const text = isPlain ? formatEndpoint(address) : formatAddress(address, { withPassword: true });
      return cost === undefined ? text : `${text};cost=${cost}`;
    },
  });
}

function readNeighbor(text: string, description: string): Reading<Neighbor> {
  if (isSecurePath(text)) return { expected: SECURE_PATH };
  const [first = '', ...items] = text.split(';').map((item) => item.trim());
  const isSecure = /^(?:scs|cds):/i.test(first);
  const address = readNetwork(first, 'sc', isSecure ? PORTS.secure : PORTS.remote);
  if (address === undefined || address.scheme === 'scu' || address.port === 0) return { expected: description };
  let value: Neighbor = address;
  for (const item of items) {
    const [, digits] = /^cost=(\d{1,5})$/.exec(item) ?? [];
    const cost = Number(digits);
    if (!(cost >= 1 && cost <= 65_535)) return { expected: `${description}; a cost is from 1 to 65535` };
    value = { ...address, cost };
  }
  return { value };
}

/** The path of a Unix socket, `/run/…/x.sock`, with or without its scheme. */
export function socketPath(scheme: 'sc' | 'scu'): ParameterType<string, 'required'> {
  const description = 'an absolute path of at most 107 bytes, without blanks';
  return required<string>({
    description,
    read(text) {
      if (isSecurePath(text)) return { expected: SECURE_PATH };
      // Only behind a scheme does a percent sign mean something.
      const address = addressOf(text.startsWith('/') ? text.replaceAll('%', '%25') : text, scheme);
      const isPath = address?.kind === 'path' && address.scheme === scheme;
      return isPath ? { value: address.path } : { expected: description };
    },
    write: (path) => (/[\s?#]/.test(path) ? formatAddress({ kind: 'path', scheme, path }) : path),
  });
}

/** `10.0.0.0/8`, or one address. */
export function network(): ParameterType<Network, 'required'> {
  const description = 'a network such as 10.0.0.0/8';
  return required<Network>({
    description,
    read(text) {
      const [, address = '', digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
      const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
      const prefix = digits === undefined ? bits : Number(digits);
      return prefix >= 0 && prefix <= bits ? { value: { address, prefix } } : { expected: description };
    },
    write: ({ address, prefix }) => `${address}/${prefix}`,
  });
}

/** Loopback and private ranges: where plain links are taken from unless the configuration says otherwise. */
export const TRUSTED_BY_DEFAULT: readonly Network[] = [
  { address: '127.0.0.0', prefix: 8 },
  { address: '::1', prefix: 128 },
  { address: '10.0.0.0', prefix: 8 },
  { address: '172.16.0.0', prefix: 12 },
  { address: '192.168.0.0', prefix: 16 },
  { address: '169.254.0.0', prefix: 16 },
  { address: 'fc00::', prefix: 7 },
  { address: 'fe80::', prefix: 10 },
];

/** A set of networks to look IP addresses up in. */
export function networkSet(networks: readonly Network[]): (host: string) => boolean {
  const ranges = new BlockList();
  for (const { address, prefix } of networks) ranges.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return (host) => {
    // A socket of both families calls 10.0.0.5 ::ffff:10.0.0.5.
    const address = host.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(address) !== 0 && ranges.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  };
}

/** Whether the address means all addresses of this machine. */
export const isUnspecified = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host);

/** Whether anybody on the Internet might reach this address. A host name is not looked up: it does not count as public. */
export const isPublic = (host: string): boolean => isIP(host) !== 0 && !isPrivate(host) && !isUnspecified(host);

export { isLoopback };
