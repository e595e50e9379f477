// Where the communicator is: the address that was given, else the environment, else the places where daemons listen.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, DEFAULT_PORTS, parseAddress } from '../transport/address.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The name of a daemon's socket in its runtime directory. */
export const SOCKET_NAME = 'communicatord.sock';

/** The Unix sockets on which a daemon may listen, best first; not all need exist. */
export function defaultSocketPaths(environment: Environment): string[] {
  const directories = [
    environment['RUNTIME_DIRECTORY']?.split(':')[0],
    environment['XDG_RUNTIME_DIR'],
    '/run/snapcommunicator',
    '/run/communicator',
  ];
  return directories
    .filter((directory): directory is string => directory !== undefined && directory !== '')
    .map((directory) => join(directory, SOCKET_NAME));
}

/**
 * The addresses to try, in this order. Looked at anew for each attempt: a daemon that starts later makes its socket then.
 * @param given what the program asked for; several are tried one after the other
 * @throws AddressError
 */
export function candidateAddresses(
  given: string | Address | readonly (string | Address)[] | undefined,
  environment: Environment = process.env,
  exists: (path: string) => boolean = existsSync,
): Address[] {
  const wanted = given ?? (environment['SNAPCOMMUNICATOR'] || undefined);
  if (wanted !== undefined) {
    const list = typeof wanted === 'string' ? wanted.split(',') : Array.isArray(wanted) ? wanted : [wanted];
    return (list as readonly (string | Address)[]).map((one) => (typeof one === 'string' ? parseAddress(one) : one));
  }
  const paths = defaultSocketPaths(environment).filter(exists);
  return [
    ...paths.map((path): Address => ({ kind: 'path', scheme: 'sc', path })),
    { kind: 'network', scheme: 'sc', host: '127.0.0.1', port: DEFAULT_PORTS.sc },
  ];
}
