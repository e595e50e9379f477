// What a daemon tells the others of a C++ peer: one fact of its link state for each, and what is read from it.
//
//     opaque.<server> = address since services heard servers     lists comma-separated, `-` for an empty one

import { NAME } from 'snapcommunicator/wire';

/** What is behind a link to a C++ daemon, as far as it is known. */
export interface OpaqueFact {
  /** Its name, in lower case. */
  readonly server: string;
  /** `IP:port`. */
  readonly address: string;
  /** Unix seconds at which the link came up. */
  readonly since: number;
  /** Services that it has. */
  readonly services: readonly string[];
  /** Services that it has heard of. */
  readonly heardOf: readonly string[];
  /** Daemons from which messages came over this link: answers to them find the way back. */
  readonly servers: readonly string[];
}

const PREFIX = 'opaque.';
/** Of each list; a fact has a limited length. */
const LIST_LENGTH_MAX = 10_000;

export const opaqueKey = (server: string): string => PREFIX + server;

export function writeOpaque({ address, since, services, heardOf, servers }: OpaqueFact): string {
  return [address, String(since), ...[services, heardOf, servers].map(writeList)].join(' ');
}

/** The fact of that key, or undefined if it is none of a C++ peer. */
export function readOpaque(key: string, value: string): OpaqueFact | undefined {
  const server = key.slice(PREFIX.length);
  if (!key.startsWith(PREFIX) || !NAME.test(server)) return undefined;
  const [address = '', since = '', services = '', heardOf = '', servers = ''] = value.split(' ');
  return {
    server,
    address,
    since: /^\d{1,12}$/.test(since) ? Number(since) : 0,
    services: readList(services),
    heardOf: readList(heardOf),
    servers: readList(servers),
  };
}

function writeList(names: readonly string[]): string {
  let text = '';
  for (const name of names) {
    if (text.length + name.length >= LIST_LENGTH_MAX) break;
    text += text === '' ? name : `,${name}`;
  }
  return text === '' ? '-' : text;
}

const readList = (text: string): string[] => text.split(',').filter((name) => NAME.test(name));
