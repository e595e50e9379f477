// `snapcom services`: the services of the cluster, as a table: what is where, since when, what it understands.

import { contractsOf, type GraphDocument } from '@snapcommunicator/network/atlas';
import { type GoneService, goneServices, machinesOf, readHistory, readTraffic } from '@snapcommunicator/network/story';
import type { Command } from 'commander';
import { type Communicator, parseAddress } from 'snapcommunicator';
import { askEach, askGraph, othersIn } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import type { Cell, Column, Output } from './output.ts';
import { formatAge, formatCount } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';
import { askJson, hear } from './witnesses.ts';

/** What the daemon says about a service; an older or newer one may leave out anything but the names. */
interface Row {
  readonly server: string;
  readonly service: string;
  readonly status?: string;
  readonly up_since?: number;
  readonly down_since?: number;
  readonly listener?: string;
  readonly commands?: readonly string[];
  readonly delivered?: number;
}

interface ServicesOptions extends CommonOptions {
  readonly check?: boolean;
}

/** What every service understands says nothing about it. */
const OF_PROTOCOL = new Set(
  'ABSOLUTELY ALIVE COMMANDS DISCONNECTING HELP INVALID QUITTING READY SERVICE_UNAVAILABLE TRANSMISSION_REPORT UNKNOWN'.split(
    ' ',
  ),
);
const answerMsMax = 5000;
/** Who answers later is shown as the own daemon knows it. */
const detailMsMax = 2000;
const rowsMax = 200_000;

const COLUMNS: readonly Column[] = [
  { title: 'SERVICE' },
  { title: 'SERVER' },
  { title: 'STATUS' },
  { title: 'SINCE' },
  { title: 'LISTENER' },
  { title: 'DELIVERED', align: 'right' },
  { title: 'COMMANDS' },
];

export function describe(command: Command): void {
  command
    .argument('[service]', 'only this one; exit code 1 if it is not up')
    .option('--check', 'tell where services do not agree on commands; exit code 1 if one does not')
    .addHelpText(
      'after',
      `
SINCE, and DELIVERED, the lines that went to a service since it connected, come from the daemon of its machine. COMMANDS
leaves out those that every service understands; --json has them all. A service is lost with its machine; one that went
away while its machine stayed, and is nowhere else, is gone, as long as the history of the daemon has it, which tells only
over the Unix socket and scs:. --check names instances that list less than others of the same name, and commands that are
sent just now, not listed, and refused (for that it needs the privilege of "snapcom top").`,
    );
}

export async function run({ args, options, output }: Call<ServicesOptions>): Promise<ExitCode> {
  const [name] = args;
  if (options.check) return check(name, options, output);
  const all = await withConnection({ to: options.to }, askCluster);
  const rows = all.filter(({ service }) => name === undefined || service === name);
  if (options.json) for (const row of rows) output.json(row);
  else if (rows.length > 0)
    output.table(
      COLUMNS,
      rows.map((row) => cellsOf(row, Date.now() / 1000)),
    );
  else output.say(name === undefined ? 'no services are connected' : `${name} is not known here`);
  return name === undefined || rows.some(({ status }) => status === 'up') ? EXIT.done : EXIT.no;
}

/** Says where what services list, and what they are sent, does not fit together. */
async function check(name: string | undefined, options: ServicesOptions, output: Output): Promise<ExitCode> {
  const contracts = await withConnection({ to: options.to }, async (bus) => {
    const graph = await askGraph(bus);
    const heard = await Promise.all(
      machinesOf(graph).map((machine) =>
        hear(machine, (server) => askJson(bus, server, 'TRAFFIC', { count: 1000 }, readTraffic, detailMsMax)),
      ),
    );
    const flows = heard.flatMap((one) => ('answer' in one ? one.answer.value.flows : []));
    return contractsOf(graph, flows).filter(({ service }) => name === undefined || service === name);
  });
  const wrong = contracts.filter(({ disagreements }) => disagreements.length > 0);
  if (options.json) for (const contract of contracts) output.json(contract);
  else
    for (const { service, disagreements } of wrong)
      for (const text of disagreements) output.line(`${service}: ${text}`);
  if (!options.json && wrong.length === 0) output.say('all services agree on what they list and are sent');
  return wrong.length === 0 ? EXIT.done : EXIT.no;
}

/** What each daemon says of its services; of those that do not answer, or are of another kind, what the own one knows. */
async function askCluster(bus: Communicator): Promise<Row[]> {
  const [known, graph] = await Promise.all([askServices(bus, '', answerMsMax), askGraph(bus)]);
  const gone = await askGone(bus, graph);
  const answers = await askEach(othersIn(graph), async (server) => {
    const rows = await askServices(bus, server, detailMsMax);
    return [server, rows.filter((row) => row.server === server)] as const;
  });
  const answered = new Map(answers);
  const rows = [...known.filter(({ server }) => !answered.has(server)), ...[...answered.values()].flat()];
  const listed = new Set(rows.map(({ server, service }) => `${server}:${service}`));
  for (const { name: server, isReachable, services } of graph.servers) {
    if (answered.has(server) || server === bus.server) continue;
    for (const { name: service, commands } of services) {
      if (listed.has(`${server}:${service}`)) continue;
      rows.push({ server, service, status: isReachable ? 'up' : 'lost', ...(commands !== undefined && { commands }) });
    }
  }
  for (const { service, server, since } of gone)
    if (!listed.has(`${server}:${service}`)) rows.push({ server, service, status: 'gone', down_since: since });
  return rows.sort((a, b) => compare(a.service, b.service) || compare(a.server, b.server));
}

/** The history takes a privilege that the list of services does not take: without it nothing is known of what went away. */
async function askGone(bus: Communicator, graph: GraphDocument): Promise<GoneService[]> {
  // Plain TCP as a rule has none, and each question that is refused is told in the daemon's log.
  const { scheme, kind } = parseAddress(bus.registration?.address ?? '');
  if (kind === 'network' && scheme === 'sc') return [];
  try {
    const { value } = await askJson(bus, '', 'HISTORY', {}, readHistory, detailMsMax);
    return goneServices(graph, value.events);
  } catch {
    return [];
  }
}

/** All pages of what a daemon knows. */
async function askServices(bus: Communicator, server: string, timeout: number): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | undefined;
  do {
    const parameters = { details: 'true', ...(after !== undefined && { after }) };
    const target = server === '' ? '' : `${server}:communicatord`;
    const answer = await bus.request(target, 'LIST_SERVICES', parameters, { timeout });
    rows.push(...readRows(answer.parameters['details']));
    after = answer.parameters['next'];
  } while (after !== undefined && rows.length < rowsMax);
  return rows;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function readRows(details: string | undefined): Row[] {
  try {
    const rows: unknown = JSON.parse(details ?? '');
    if (Array.isArray(rows)) return rows.filter((row): row is Row => typeof (row as Row | null)?.service === 'string');
  } catch {
    // Said below.
  }
  throw new ToolError(EXIT.refused, 'the communicator gives no details of its services: is it one of this project?');
}

function cellsOf(row: Row, now: number): Cell[] {
  const { service, server, status = 'unknown', listener = '', commands = [], delivered } = row;
  const since = status === 'up' ? row.up_since : row.down_since;
  return [
    service,
    server,
    { text: status, style: status === 'up' ? 'green' : 'red' },
    since === undefined ? '' : formatAge(now - since),
    listener,
    delivered === undefined ? '' : formatCount(delivered),
    commands.filter((command) => !OF_PROTOCOL.has(command)).join(' '),
  ];
}
