// How daemons introduce themselves to a C++ daemon, and it to them: the parameters of CONNECT and ACCEPT without a graph.

import { NAME } from 'snapcommunicator/wire';

/** What a daemon says of itself, once. */
export interface Introduction {
  /** Its name, in lower case. */
  readonly server: string;
  /** `IP:port` of its remote listener. */
  readonly address: string;
  /** Services that run on it, or belong on it. */
  readonly services: readonly string[];
  /** Services that run on others that it knows. */
  readonly heardOf: readonly string[];
  /** Addresses of other daemons, `IP:port`. */
  readonly neighbors: readonly string[];
}

/** Why an introduction cannot be taken. */
export type IntroductionFault = 'malformed' | 'version';

/** Entries of one list that are taken; what a peer says beyond is passed over. */
export const LIST_COUNT_MAX = 1000;
const ADDRESS = /^(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]{1,253}):\d{1,5}$/;

type Texts = Readonly<Record<string, string | undefined>>;

/** The parameters that say it, those without anything to say left out. CONNECT bears the version as well. */
export function introduce(
  command: 'CONNECT' | 'ACCEPT',
  { server, address, services, heardOf, neighbors }: Introduction,
): Record<string, string> {
  const parameters: Record<string, string> = { my_address: address, server_name: server };
  if (command === 'CONNECT') parameters['version'] = '1';
  for (const [name, list] of Object.entries({ services, heard_of: heardOf, neighbors })) {
    if (list.length > 0) parameters[name] = list.slice(0, LIST_COUNT_MAX).join(',');
  }
  return parameters;
}

/** Reads what a peer says of itself. Entries of lists that are no names or addresses are passed over. */
export function readIntroduction(command: string, parameters: Texts): Introduction | IntroductionFault {
  const { version, server_name: server = '', my_address: address = '' } = parameters;
  if (command === 'CONNECT' && version !== '1') return version === undefined ? 'malformed' : 'version';
  if (!NAME.test(server) || !ADDRESS.test(address)) return 'malformed';
  return {
    server: server.toLowerCase(),
    address,
    services: readList(parameters['services'], NAME),
    heardOf: readList(parameters['heard_of'], NAME),
    neighbors: readList(parameters['neighbors'], ADDRESS),
  };
}

/** `10.0.0.1` of `10.0.0.1:4042`: C++ daemons call each other so in `broadcast_informed_neighbors`. */
export function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  const host = colon < 0 ? address : address.slice(0, colon);
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function readList(text: string | undefined, entry: RegExp): string[] {
  if (text === undefined || text === '') return [];
  const entries = text.split(',', LIST_COUNT_MAX).map((one) => one.trim());
  return [...new Set(entries.filter((one) => entry.test(one)))];
}
