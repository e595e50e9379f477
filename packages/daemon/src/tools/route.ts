// `snapcom route`: the way that a message would take to a service, why that instance, and the next best.

import {
  Atlas,
  type AtlasPath,
  type AtlasServer,
  type GraphDocument,
  type Removal,
} from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import { DAEMON_NAMES } from 'snapcommunicator/wire';
import { type GraphOptions, loadGraph, serverNamed, TOPOLOGY_OPTION } from './cluster.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import { collect } from './option-values.ts';
import type { Output } from './output.ts';
import type { Call } from './tool.ts';

interface RouteOptions extends GraphOptions {
  readonly from?: string;
  readonly without?: readonly string[];
}

/** A machine with the service, as far away as it is. */
interface Instance {
  readonly server: string;
  readonly cost: number;
  readonly load: number;
  readonly isDraining: boolean;
}

interface Route {
  readonly service: string;
  readonly from: string;
  /** Where the message ends; several if they are equally good, of which each sender keeps to one. */
  readonly to: readonly string[];
  readonly cost: number;
  /** Of the first of these machines: several if they cost the same, over which messages are spread. */
  readonly paths: readonly (readonly string[])[];
  readonly why: string;
  /** If a link on it is lost. */
  readonly nextPath: AtlasPath | undefined;
  /** If that machine is lost. */
  readonly nextInstance: AtlasPath | undefined;
  readonly instances: readonly Instance[];
}

export function describe(command: Command): void {
  command
    .argument('<service>', 'whom the message is for: SERVICE, or SERVER:SERVICE')
    .option('--from <server>', 'where it begins; default: the machine that is asked')
    .option('--without <server>', 'as if this machine were gone; may be repeated', collect)
    .option(...TOPOLOGY_OPTION)
    .addHelpText(
      'after',
      `
The way as it follows from what all machines say of their links: "snapcom trace" sends a probe along it. A sender keeps to
the instance that it has for as long as that can be reached and it goes on sending.

Examples:
  snapcom route images
  snapcom route db --from web1 --without db1`,
    );
}

export async function run({ args, options, output }: Call<RouteOptions>): Promise<ExitCode> {
  const graph = await loadGraph(options);
  const from = serverNamed(graph, options.from ?? graph.seenFrom);
  const removals = (options.without ?? []).map(
    (name): Removal => ({ kind: 'server', server: serverNamed(graph, name) }),
  );
  const route = findRoute(graph, args[0] as string, from, removals);
  if (options.json) {
    const { nextPath = null, nextInstance = null, ...rest } = route;
    output.json({ ...rest, nextPath, nextInstance });
  } else print(output, route);
  return EXIT.done;
}

/** @throws ToolError if nobody has the service, or there is no way to whoever has */
function findRoute(graph: GraphDocument, address: string, from: string, removals: readonly Removal[]): Route {
  const atlas = new Atlas(graph, ...removals);
  if (atlas.server(from) === undefined)
    throw new ToolError(EXIT.noService, `${from} is where it begins: it cannot be gone`);
  const at = address.lastIndexOf(':');
  const service = address.slice(at + 1);
  const holders = holdersOf(atlas.document, service, at < 0 ? undefined : serverNamed(graph, address.slice(0, at)));
  const instances = holders.flatMap(({ name, load = 0, isDraining }): Instance[] => {
    const cost = atlas.cost(from, name);
    return cost === undefined ? [] : [{ server: name, cost, load, isDraining }];
  });
  instances.sort(compareInstances);
  const [best] = instances;
  if (best === undefined) throw new ToolError(EXIT.noService, whyNot(address, from, holders));
  const equal = instances.filter((instance) => compareInstances(instance, best) === 0);
  const other = instances.find((instance) => !equal.includes(instance));
  return {
    service: address,
    from,
    to: equal.map(({ server }) => server),
    cost: best.cost,
    paths: atlas.shortest(from, best.server).map(({ servers }) => servers),
    why: whyOf(equal, instances, at >= 0),
    nextPath: best.server === from ? undefined : atlas.nextBest(from, best.server),
    nextInstance: other && atlas.shortest(from, other.server)[0],
    instances,
  };
}

function holdersOf({ servers }: GraphDocument, service: string, server: string | undefined): AtlasServer[] {
  return servers.filter(
    ({ name, services }) =>
      (server === undefined ? !DAEMON_NAMES.has(service) : name === server) &&
      (DAEMON_NAMES.has(service) || services.some((each) => each.name === service)),
  );
}

/** As the router chooses: who is draining last, then the nearest, of equally near ones the less loaded. */
const compareInstances = (a: Instance, b: Instance): number =>
  Number(a.isDraining) - Number(b.isDraining) || a.cost - b.cost || a.load - b.load;

function whyNot(address: string, from: string, holders: readonly AtlasServer[]): string {
  if (holders.length === 0) return `no machine has ${address}`;
  return `there is no way from ${from} to ${holders.map(({ name }) => name).join(' or ')}`;
}

function whyOf(equal: readonly Instance[], instances: readonly Instance[], isNamed: boolean): string {
  const [best] = equal as readonly [Instance, ...Instance[]];
  if (isNamed) return 'that machine was asked for';
  if (instances.length === 1) return `${best.server} has the only instance`;
  if (equal.length > 1) {
    return `equally near and equally loaded are ${equal.map(({ server }) => server).join(', ')}: each sender keeps to one of them`;
  }
  const others = instances.filter((instance) => instance !== best);
  const [next] = others as [Instance];
  if (best.cost === 0) return 'an instance is on the machine itself';
  if (next.isDraining && next.cost <= best.cost) return `${next.server} is nearer, but draining`;
  if (next.cost === best.cost)
    return `as near as ${next.server}, and less loaded: ${best.load} instead of ${next.load}`;
  return `the nearest of ${instances.length} instances: ${next.server} costs ${next.cost}`;
}

function print(output: Output, route: Route): void {
  const { paths, cost, why, to, service, nextPath, nextInstance } = route;
  const row = (what: string, text: string): void => output.line(`${output.paint('bold', what.padEnd(9))}${text}`);
  row('to', `${service} on ${to[0]}, cost ${cost}`);
  row('path', arrows(paths[0] ?? []));
  for (const path of paths.slice(1)) row('  or', `${arrows(path)}  at the same cost: messages are spread by sender`);
  row('why', why);
  if (nextPath !== undefined) row('next', `${arrows(nextPath.servers)}  cost ${nextPath.cost}, if a link is lost`);
  else if (paths[0] !== undefined && paths[0].length > 1 && paths.length === 1)
    row('next', 'no other way to that machine');
  if (nextInstance !== undefined) {
    row('next', `${arrows(nextInstance.servers)}  cost ${nextInstance.cost}, if ${to[0]} is lost`);
  }
}

const arrows = (servers: readonly string[]): string => servers.join(' → ');
