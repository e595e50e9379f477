// A message by hand: from the fields of a form to a message, and what is wrong with it in words.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { COMMAND, encodeMessage, isAddress, type Message, NAME, WireError } from 'snapcommunicator/wire';

export interface Draft {
  /** `images` or `db2:images`. */
  readonly to: string;
  readonly command: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  /** If the service is not there: `no` refuses, else the daemon keeps it for a while. */
  readonly isKept: boolean;
}

export type Composed =
  | { readonly message: Pick<Message, 'server' | 'service' | 'command' | 'parameters'>; readonly line: string }
  | { readonly field: 'to' | 'command' | 'parameters'; readonly problem: string };

export function compose({ to, command, parameters, isKept }: Draft): Composed {
  const [server, service] = splitAddress(to.trim());
  if (service === '') return { field: 'to', problem: 'Whom is it for? A service, such as images, or db2:images.' };
  if (!isAddress(service) || (server !== '' && !isAddress(server)))
    return {
      field: 'to',
      problem: `${to} is no address: names have letters, digits and _, as in images or db2:images.`,
    };
  if (command === '') return { field: 'command', problem: 'What is it to do? A command, such as PING.' };
  if (!COMMAND.test(command))
    return { field: 'command', problem: `${command} is no command: capital letters, digits and _, as in RESIZE_ALL.` };
  const given: Record<string, string> = {};
  for (const { name, value } of parameters) {
    if (name === '' && value === '') continue;
    if (!NAME.test(name))
      return {
        field: 'parameters',
        problem: `${JSON.stringify(name)} is no name of a parameter: letters, digits and _.`,
      };
    given[name] = value;
  }
  const all = isKept || 'cache' in given ? given : { ...given, cache: 'no;reply' };
  const message = { server, service, command, parameters: all };
  try {
    return { message, line: encodeMessage(message) };
  } catch (error) {
    if (error instanceof WireError) return { field: 'parameters', problem: error.message };
    throw error;
  }
}

export function splitAddress(address: string): [server: string, service: string] {
  const colon = address.indexOf(':');
  return colon < 0 ? ['', address] : [address.slice(0, colon), address.slice(colon + 1)];
}

/** Whom one may send to: each service, and each instance where there are several. */
export function addressesIn({ servers }: GraphDocument): string[] {
  const found = new Map<string, string[]>();
  for (const { name: server, services, isReachable } of servers)
    if (isReachable) for (const { name } of services) found.set(name, [...(found.get(name) ?? []), server]);
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([service, on]) => [service, ...(on.length > 1 ? on.map((server) => `${server}:${service}`) : [])]);
}

/** The commands that whoever is addressed lists; of everybody if that is nobody. */
export function commandsFor({ servers }: GraphDocument, to: string): string[] {
  const [server, service] = splitAddress(to.trim());
  const listed = (isMeant: (server: string, service: string) => boolean): string[] => [
    ...new Set(
      servers.flatMap((each) =>
        each.services.flatMap(({ name, commands = [] }) => (isMeant(each.name, name) ? commands : [])),
      ),
    ),
  ];
  const meant = listed((name, each) => each === service && (server === '' || server === name));
  return (meant.length > 0 ? meant : listed(() => true)).sort();
}
