// The types of addresses in options: where to listen, whom to connect to, which networks to trust.

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { ParameterType, type Reading } from 'snapcommunicator/contract';

/** Where a socket listens or is reached. */
export interface Endpoint {
  /** An IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** An endpoint whose port may be left to a default. */
export interface MachineAddress {
  readonly host: string;
  readonly port: number | undefined;
}

/** A TLS listener. Files of C++ daemons put who may log in into the address. */
export interface SecureEndpoint extends Endpoint {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Another daemon that is to be connected to. */
export interface Neighbor {
  readonly scheme: 'sc' | 'scs';
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** What a message over this link costs; undefined: as measured. */
  readonly cost: number | undefined;
}

/** A range of addresses, `10.0.0.0/8`. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

export const PORTS = { local: 4040, signal: 4041, remote: 4042, secure: 4043, console: 4044 } as const;

interface Parts {
  readonly scheme: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

const SCHEMES: Readonly<Record<string, string>> = { cd: 'sc', cds: 'scs', cdu: 'scu' };
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const PLAIN = '^(?:([a-z]{1,8})://)?';
const WITH_USER = new RegExp(`${PLAIN}(?:(.*)@)?(\\[[^\\]]*\\]|[^:/@[\\]]*)(?::(\\d{1,5}))?/?$`, 's');

/** Takes `[scheme://][user[:password]@]host[:port]` apart. Whether the host is one is for the caller to see. */
function readParts(text: string): Parts | undefined {
  if (isIPv6(text)) return { scheme: undefined, user: undefined, password: undefined, host: text, port: undefined };
  const [, scheme, login, bracketed = '', digits] = WITH_USER.exec(text) ?? [];
  const host = bracketed.startsWith('[') ? bracketed.slice(1, -1) : bracketed;
  if (host === '' || (bracketed.startsWith('[') && !isIPv6(host))) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 65_535) return undefined;
  const colon = login?.indexOf(':') ?? -1;
  return {
    scheme: scheme === undefined ? undefined : (SCHEMES[scheme] ?? scheme),
    user: decode(colon < 0 ? login : login?.slice(0, colon)),
    password: decode(colon < 0 ? undefined : login?.slice(colon + 1)),
    host,
    port,
  };
}

/** Turns `%40` back; text that is not encoded stays as it is. */
function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host);
export const formatEndpoint = ({ host, port }: Endpoint): string => `${bracketed(host)}:${port}`;
const formatLogin = (user: string | undefined, password: string | undefined): string => {
  if (user === undefined) return '';
  return `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}@`;
};

/** An IP address from its text; `localhost` is the one of IPv4. */
function addressOf(host: string): string | undefined {
  return host === 'localhost' ? '127.0.0.1' : isIP(host) === 0 ? undefined : host;
}

/** `127.0.0.1:4040`, `[::1]:4040`, `127.0.0.1`, with or without its scheme. */
export function endpoint(scheme: 'sc' | 'scu' | 'http', defaultPort: number): ParameterType<Endpoint, 'required'> {
  const description = `an address such as 127.0.0.1:${defaultPort}`;
  return new ParameterType<Endpoint, 'required'>(
    {
      description,
      read(text) {
        const parts = readParts(text);
        const host = addressOf(parts?.host ?? '');
        if (parts === undefined || host === undefined || parts.user !== undefined) return { expected: description };
        if (parts.scheme !== undefined && parts.scheme !== scheme) {
          return { expected: `${description}; ${parts.scheme}: is not a scheme of this listener` };
        }
        return { value: { host, port: parts.port ?? defaultPort } };
      },
      write: formatEndpoint,
    },
    'required',
  );
}

/** `10.0.0.5` or `10.0.0.5:4042`. */
export function machineAddress(): ParameterType<MachineAddress, 'required'> {
  const description = 'an IP address, with or without a port';
  return new ParameterType<MachineAddress, 'required'>(
    {
      description,
      read(text) {
        const parts = readParts(text);
        const host = addressOf(parts?.host ?? '');
        if (parts === undefined || host === undefined || parts.scheme !== undefined || parts.user !== undefined) {
          return { expected: description };
        }
        return { value: { host, port: parts.port } };
      },
      write: ({ host, port }) => (port === undefined ? host : formatEndpoint({ host, port })),
    },
    'required',
  );
}

/** `scs://address:port`, and as C++ files have it `cds://user:password@address:port`. */
export function secureEndpoint(): ParameterType<SecureEndpoint, 'required'> {
  const description = `an address such as scs://192.0.2.1:${PORTS.secure}`;
  return new ParameterType<SecureEndpoint, 'required'>(
    {
      description,
      read(text) {
        if (isPathOf('scs', text)) return { expected: SECURE_PATH };
        const parts = readParts(text);
        const host = addressOf(parts?.host ?? '');
        if (parts === undefined || host === undefined || (parts.scheme ?? 'scs') !== 'scs') {
          return { expected: description };
        }
        return { value: { host, port: parts.port ?? PORTS.secure, user: parts.user, password: parts.password } };
      },
      write: ({ host, port, user, password }) =>
        `scs://${formatLogin(user, password)}${formatEndpoint({ host, port })}`,
    },
    'required',
  );
}

const SECURE_PATH =
  'an IP address: a socket file does not leave the machine, so TLS has nothing to protect there (use unix_listen)';
const isPathOf = (scheme: string, text: string): boolean => {
  const [, found] = /^([a-z]+):(?:\/\/)?\//.exec(text) ?? [];
  return found !== undefined && (SCHEMES[found] ?? found) === scheme;
};

/** `10.0.0.5`, `10.0.0.5:4042`, `scs://user@198.51.100.7:4043`, each with `;cost=20` behind it if need be. */
export function neighbor(): ParameterType<Neighbor, 'required'> {
  const description = 'an address such as 10.0.0.5, 10.0.0.5:4042;cost=20 or scs://user@198.51.100.7:4043';
  return new ParameterType<Neighbor, 'required'>(
    { description, read: (text) => readNeighbor(text, description), write: formatNeighbor },
    'required',
  );
}

function readNeighbor(text: string, description: string): Reading<Neighbor> {
  if (isPathOf('scs', text)) return { expected: SECURE_PATH };
  const [address = '', ...items] = text.split(';').map((item) => item.trim());
  const parts = readParts(address);
  const scheme = parts?.scheme ?? 'sc';
  if (parts === undefined || (scheme !== 'sc' && scheme !== 'scs')) return { expected: description };
  const isAddress = isIP(parts.host) !== 0 || (HOST_NAME.test(parts.host) && !/^[\d.]+$/.test(parts.host));
  if (!isAddress || parts.port === 0) return { expected: description };
  let cost: number | undefined;
  for (const item of items) {
    const [, digits] = /^cost=(\d{1,5})$/.exec(item) ?? [];
    cost = Number(digits);
    if (!(cost >= 1 && cost <= 65_535)) return { expected: `${description}; a cost is from 1 to 65535` };
  }
  const port = parts.port ?? (scheme === 'scs' ? PORTS.secure : PORTS.remote);
  return { value: { scheme, host: parts.host, port, user: parts.user, password: parts.password, cost } };
}

function formatNeighbor({ scheme, host, port, user, password, cost }: Neighbor): string {
  const prefix = scheme === 'sc' && user === undefined ? '' : `${scheme}://`;
  const suffix = cost === undefined ? '' : `;cost=${cost}`;
  return `${prefix}${formatLogin(user, password)}${formatEndpoint({ host, port })}${suffix}`;
}

/** What the kernel takes as the name of a Unix socket, without the NUL at its end. */
const unixPathBytesMax = 107;

/** The path of a Unix socket, `/run/…/x.sock`, with or without its scheme. */
export function socketPath(scheme: 'sc' | 'scu'): ParameterType<string, 'required'> {
  const description = `an absolute path of at most ${unixPathBytesMax} bytes`;
  return new ParameterType<string, 'required'>(
    {
      description,
      read(text) {
        if (isPathOf('scs', text)) return { expected: SECURE_PATH };
        const [, found, path = ''] = /^(?:([a-z]+):(?:\/\/)?)?(\/.+)$/s.exec(text) ?? [];
        const isOfScheme = found === undefined || (SCHEMES[found] ?? found) === scheme;
        const isPath = path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= unixPathBytesMax;
        return isOfScheme && isPath && !path.endsWith('/') ? { value: path } : { expected: description };
      },
      write: (path) => path,
    },
    'required',
  );
}

/** `10.0.0.0/8`, or one address. */
export function network(): ParameterType<Network, 'required'> {
  const description = 'a network such as 10.0.0.0/8';
  return new ParameterType<Network, 'required'>(
    {
      description,
      read(text) {
        const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
        const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
        const prefix = digits === undefined ? bits : Number(digits);
        return prefix >= 0 && prefix <= bits ? { value: { address, prefix } } : { expected: description };
      },
      write: ({ address, prefix }) => `${address}/${prefix}`,
    },
    'required',
  );
}

export const LOOPBACK: readonly Network[] = [
  { address: '127.0.0.0', prefix: 8 },
  { address: '::1', prefix: 128 },
];
export const PRIVATE: readonly Network[] = [
  { address: '10.0.0.0', prefix: 8 },
  { address: '172.16.0.0', prefix: 12 },
  { address: '192.168.0.0', prefix: 16 },
  { address: '169.254.0.0', prefix: 16 },
  { address: 'fc00::', prefix: 7 },
  { address: 'fe80::', prefix: 10 },
];

/** A set of networks to look addresses up in. */
export function networkSet(networks: readonly Network[]): (host: string) => boolean {
  const ranges = new BlockList();
  for (const { address, prefix } of networks) ranges.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return (host) => {
    const address = host.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(address) !== 0 && ranges.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  };
}

export const isLoopback = networkSet(LOOPBACK);
export const isUnspecified = networkSet([
  { address: '0.0.0.0', prefix: 32 },
  { address: '::', prefix: 128 },
]);
const isPrivate = networkSet([...LOOPBACK, ...PRIVATE]);
/** Whether anybody on the Internet might reach this address. A host name is not looked up: it counts as private. */
export const isPublic = (host: string): boolean => isIP(host) !== 0 && !isPrivate(host) && !isUnspecified(host);
