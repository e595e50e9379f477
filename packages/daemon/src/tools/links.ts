// `snapcom links`: the links between machines, with cost, round-trip time and what goes over them.

import { type AtlasLink, formatMs, formatRate, formatSpan, type GraphDocument } from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import { type GraphOptions, loadGraph, serverNamed, TOPOLOGY_OPTION } from './cluster.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Cell, Column } from './output.ts';
import { formatBytes, formatCount } from './text.ts';
import type { Call } from './tool.ts';

const COLUMNS: readonly Column[] = [
  { title: 'FROM' },
  { title: 'TO' },
  { title: 'STATE' },
  { title: 'COST', align: 'right' },
  { title: 'ROUND TRIP', align: 'right' },
  { title: 'MESSAGES →', align: 'right' },
  { title: '←', align: 'right' },
  { title: 'BYTES →', align: 'right' },
  { title: '←', align: 'right' },
  { title: 'DROPPED', align: 'right' },
  { title: 'UP', align: 'right' },
  { title: 'KIND' },
];

export function describe(command: Command): void {
  command
    .argument('[server]', 'only those of this machine')
    .option(...TOPOLOGY_OPTION)
    .addHelpText(
      'after',
      `
COST is what the way over the link counts; where both ends say something else, from → to / back. MESSAGES and BYTES are a
second's, over the last seconds. DROPPED counts messages for which there was no room in the link's queue; they were sent
again. A link that is half is advertised by one end only: nothing goes over it.`,
    );
}

export async function run({ args, options, output }: Call<GraphOptions>): Promise<ExitCode> {
  const graph = await loadGraph(options);
  const [wanted] = args;
  const server = wanted === undefined ? undefined : serverNamed(graph, wanted);
  const links = graph.links.filter(({ from, to }) => server === undefined || from === server || to === server);
  if (options.json) for (const link of links) output.json(link);
  else if (links.length > 0) {
    output.fullTable(
      COLUMNS,
      links.map((link) => cellsOf(link, graph)),
    );
  } else output.say(server === undefined ? 'there are no links' : `${server} has no links`);
  return EXIT.done;
}

function cellsOf(link: AtlasLink, { time }: GraphDocument): Cell[] {
  const { from, to, state, cost, costBack, roundTripMs, rates, counts, upSince, kind, isSecure, isOpaque } = link;
  const traits = [kind === 'network' ? '' : 'data centre', isSecure ? 'TLS' : '', isOpaque ? 'opaque' : ''];
  const bytes = (perSecond: number | undefined): string =>
    perSecond === undefined ? '' : `${formatBytes(Math.round(perSecond))}/s`;
  const messages = (perSecond: number | undefined): string => (perSecond === undefined ? '' : formatRate(perSecond));
  return [
    from,
    to,
    { text: state, style: state === 'up' ? 'green' : state === 'coming' ? 'yellow' : 'red' },
    costBack === undefined ? String(cost) : `${cost}/${costBack}`,
    roundTripMs === undefined ? '' : formatMs(roundTripMs),
    messages(rates?.messagesOut),
    messages(rates?.messagesIn),
    bytes(rates?.bytesOut),
    bytes(rates?.bytesIn),
    counts === undefined ? '' : formatCount(counts.dropped),
    upSince === undefined ? '' : formatSpan(time - upSince),
    traits.filter((trait) => trait !== '').join(', '),
  ];
}
