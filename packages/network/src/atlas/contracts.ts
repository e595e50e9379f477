// What services understand, and where that does not fit together: instances that list different commands, and commands that
// are sent, not listed and refused.

import { OWN_COMMANDS } from 'snapcommunicator/contract';
import type { GraphDocument } from './document.ts';

/** Every service that uses the library understands these. */
const COMMON: ReadonlySet<string> = new Set(OWN_COMMANDS);

export interface Instance {
  readonly server: string;
  /** Undefined where they are not known. */
  readonly commands: readonly string[] | undefined;
  /** Commands that other instances list and this one does not. */
  readonly missing: readonly string[];
}

export interface ServiceContract {
  readonly service: string;
  readonly instances: readonly Instance[];
  /** Of all instances, by name; those of the protocol left out. */
  readonly commands: readonly string[];
  /** What does not fit, a sentence each. */
  readonly disagreements: readonly string[];
}

/** A flow of messages, as far as it matters here. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly command: string;
}

const SENDERS_MAX = 3;

/** By the name of the service. */
export function contractsOf({ servers }: GraphDocument, flows: readonly Sent[] = []): ServiceContract[] {
  const instances = new Map<string, { server: string; commands: readonly string[] | undefined }[]>();
  for (const { name: server, services, isReachable } of servers) {
    if (!isReachable) continue;
    for (const { name, commands } of services) {
      const own = commands?.filter((command) => !COMMON.has(command));
      const list = instances.get(name);
      if (list === undefined) instances.set(name, [{ server, commands: own }]);
      else list.push({ server, commands: own });
    }
  }
  const unlisted = flowsByService(flows);
  return [...instances]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, list]) => {
      const commands = [...new Set(list.flatMap((instance) => instance.commands ?? []))].sort();
      const full = list.map(({ server, commands: own }) => ({
        server,
        commands: own,
        missing: own === undefined ? [] : commands.filter((command) => !own.includes(command)),
      }));
      // Who lists nothing at all says nothing about what it understands.
      const tells = full.filter((instance) => (instance.commands?.length ?? 0) > 0);
      const disagreements = tells
        .filter(({ missing }) => missing.length > 0)
        .map(({ server, missing }) => `${server} does not list ${missing.join(', ')}, other instances do`);
      if (tells.length > 0) disagreements.push(...strayCommands(service, commands, unlisted.get(service)));
      return { service, instances: full, commands, disagreements };
    });
}

function strayCommands(
  service: string,
  listed: readonly string[],
  sent: Map<string, Set<string>> | undefined,
): string[] {
  return [...(sent ?? [])]
    .filter(([command]) => !listed.includes(command) && !COMMON.has(command))
    .map(([command, senders]) => {
      const named = [...senders].slice(0, SENDERS_MAX).join(', ');
      const more = senders.size > SENDERS_MAX ? ` and ${senders.size - SENDERS_MAX} more` : '';
      return `${named}${more} sends ${command}, which ${service} does not list`;
    });
}

/** Services say so of commands that they do not understand. An answer to what they asked need not be listed, and is taken. */
const REFUSALS: ReadonlySet<string> = new Set(['UNKNOWN', 'INVALID']);

/** Who sends which command to which service, where that service refuses something of it. */
function flowsByService(flows: readonly Sent[]): Map<string, Map<string, Set<string>>> {
  const pair = (from: string, to: string): string => `${serviceOf(from)} ${serviceOf(to)}`;
  const refused = new Set(flows.filter(({ command }) => REFUSALS.has(command)).map(({ from, to }) => pair(to, from)));
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { from, to, command } of flows) {
    if (!refused.has(pair(from, to))) continue;
    const service = serviceOf(to);
    const commands = found.get(service) ?? new Map<string, Set<string>>();
    const senders = commands.get(command) ?? new Set<string>();
    found.set(service, commands.set(command, senders.add(serviceOf(from))));
  }
  return found;
}

const serviceOf = (address: string): string => address.slice(address.indexOf(':') + 1);
