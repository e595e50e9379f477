// `snapcom what-if`: who would lose whom without a machine or a link.

import {
  Atlas,
  type Detour,
  detoursWithout,
  type GraphDocument,
  lossWithout,
  type PartLoss,
  partLosses,
  type Removal,
} from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import { type GraphOptions, loadGraph, serverNamed, TOPOLOGY_OPTION } from './cluster.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { collect } from './option-values.ts';
import type { Output } from './output.ts';
import { plural } from './text.ts';
import type { Call } from './tool.ts';

interface WhatIfOptions extends GraphOptions {
  readonly without?: readonly string[];
}

/** Ways are compared between all of at most so many machines. */
const DETOUR_SERVERS_MAX = 500;
const DETOURS_TOLD_MAX = 5;

export function describe(command: Command): void {
  command
    .option('--without <what>', 'a machine, or a link as alpha-beta; may be repeated', collect)
    .option(...TOPOLOGY_OPTION)
    .addHelpText(
      'after',
      `
Exit code 1 if some of those that remain would lose others. Services that run nowhere but on the machine itself are told,
and are no loss of that kind: whoever takes a machine away knows that it goes.

Examples:
  snapcom what-if --without db2
  snapcom what-if --without alpha-beta --without alpha-gamma`,
    );
}

export async function run({ options, output }: Call<WhatIfOptions>): Promise<ExitCode> {
  const { without = [] } = options;
  if (without.length === 0)
    throw usageError('without what? Give --without SERVER, or --without SERVER-SERVER for a link');
  const graph = await loadGraph(options);
  const removals = without.map((text) => readRemoval(graph, text));
  const { parts, services } = lossWithout(graph, ...removals);
  const losses = partLosses(graph, parts);
  const detours = detoursWithout(graph, removals, DETOUR_SERVERS_MAX);
  if (options.json)
    output.json({ without, losesAnybody: losses.length > 0, parts: losses, servicesGone: services, costlier: detours });
  else print(output, without, losses, services, detours);
  return losses.length > 0 ? EXIT.no : EXIT.done;
}

/** A machine, or a link by its two ends. @throws ToolError */
export function readRemoval(graph: GraphDocument, text: string): Removal {
  const isServer = graph.servers.some(({ name }) => name === text || name === text.toLowerCase());
  const [from = '', to, ...more] = text.split(/[-–,:]/);
  if (isServer || to === undefined) return { kind: 'server', server: serverNamed(graph, text) };
  if (more.length > 0) throw usageError(`${text} is neither a machine nor a link such as alpha-beta`);
  const ends = [serverNamed(graph, from), serverNamed(graph, to)] as const;
  if (new Atlas(graph).linksBetween(...ends).length === 0)
    throw usageError(`there is no link between ${ends.join(' and ')}`);
  return { kind: 'link', ends };
}

function print(
  output: Output,
  without: readonly string[],
  losses: readonly PartLoss[],
  services: readonly string[],
  detours: readonly Detour[],
): void {
  const what = without.join(' and ');
  if (losses.length === 0) output.line(`without ${what}: ${output.paint('green', 'nobody loses anybody')}`);
  else output.line(`without ${what}: ${output.paint('red', `the cluster falls into ${losses.length} parts`)}`);
  for (const { servers, loses, services: missing } of losses) {
    const verb = servers.length === 1 ? 'loses' : 'lose';
    output.line(`  ${servers.join(' ')}  ${output.paint('red', verb)}  ${loses.join(' ')}`);
    if (missing.length > 0)
      output.line(`      and with them the ${missing.length === 1 ? 'service' : 'services'} ${missing.join(' ')}`);
  }
  if (services.length > 0) output.line(`  gone with it, for nowhere else is an instance: ${services.join(' ')}`);
  for (const { from, to, cost, before } of detours.slice(0, DETOURS_TOLD_MAX)) {
    output.line(`  ${from} – ${to} costs ${cost} instead of ${before}`);
  }
  const untold = detours.length - DETOURS_TOLD_MAX;
  if (untold > 0) output.line(`  and ${plural(untold, 'other way')} would cost more`);
}
