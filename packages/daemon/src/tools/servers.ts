// `snapcom servers`: the machines of the cluster, as a table.

import { type AtlasServer, formatSpan, type GraphDocument } from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import { type GraphOptions, loadGraph, TOPOLOGY_OPTION } from './cluster.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Cell, Column, Style } from './output.ts';
import type { Call } from './tool.ts';

type Status = 'up' | 'draining' | 'lost' | 'opaque';

const STYLES: Readonly<Record<Status, Style>> = { up: 'green', draining: 'yellow', lost: 'red', opaque: 'dim' };

const COLUMNS: readonly Column[] = [
  { title: 'SERVER' },
  { title: 'DATA CENTRE' },
  { title: 'STATUS' },
  { title: 'SINCE', align: 'right' },
  { title: 'COST', align: 'right' },
  { title: 'BY' },
  { title: 'LOAD', align: 'right' },
  { title: 'SERVICES', align: 'right' },
  { title: 'VERSION' },
  { title: 'ADDRESS' },
];

export function describe(command: Command): void {
  command
    .argument('[server]', 'only this one; exit code 1 if it cannot be reached')
    .option(...TOPOLOGY_OPTION)
    .addHelpText(
      'after',
      `
COST is that of the way there from the machine that was asked, BY the neighbours with which that way begins. LOAD goes
from 0 (idle) to 100. An opaque one is a daemon of another kind (C++): what is behind it nobody here knows.`,
    );
}

export async function run({ args, options, output }: Call<GraphOptions>): Promise<ExitCode> {
  const [wanted] = args;
  const graph = await loadGraph(options);
  const servers = graph.servers.filter(({ name }) => wanted === undefined || name === wanted.toLowerCase());
  if (options.json) for (const server of servers) output.json({ status: statusOf(server), ...server });
  else if (servers.length > 0) {
    output.fullTable(
      COLUMNS,
      servers.map((server) => cellsOf(server, graph)),
    );
  } else output.say(`no machine is called ${wanted}`);
  return wanted === undefined || servers.some(({ isReachable }) => isReachable) ? EXIT.done : EXIT.no;
}

function statusOf({ isReachable, isDraining, knowledge }: AtlasServer): Status {
  if (!isReachable) return 'lost';
  if (knowledge === 'opaque') return 'opaque';
  return isDraining ? 'draining' : 'up';
}

function cellsOf(server: AtlasServer, { seenFrom, time }: GraphDocument): Cell[] {
  const { name, dataCenter, upSince, lostSince, distance, nextHops, load, services, version, address } = server;
  const status = statusOf(server);
  const since = status === 'lost' ? lostSince : upSince;
  const isDirect = nextHops.length === 1 && nextHops[0] === name;
  return [
    name,
    dataCenter,
    { text: status, style: STYLES[status] },
    since === undefined ? '' : formatSpan(time - since),
    distance === undefined ? '' : String(distance),
    name === seenFrom ? 'here' : isDirect ? 'direct' : nextHops.join(' '),
    load === undefined || status === 'lost' ? '' : String(load),
    String(services.length),
    version ?? '',
    address ?? '',
  ];
}
