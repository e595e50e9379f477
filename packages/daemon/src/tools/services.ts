// `snapcom services`: the services that are here or belong here, as a table.

import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import type { Cell, Column } from './output.ts';
import { formatAge, formatCount } from './text.ts';
import type { Call } from './tool.ts';

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

/** What every service understands says nothing about it. */
const OF_PROTOCOL = new Set(
  'ABSOLUTELY ALIVE COMMANDS DISCONNECTING HELP INVALID QUITTING READY SERVICE_UNAVAILABLE TRANSMISSION_REPORT UNKNOWN'.split(
    ' ',
  ),
);
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
  command.argument('[service]', 'only this one; exit code 1 if it is not up').addHelpText(
    'after',
    `
DELIVERED counts the lines that went to the service since it connected. COMMANDS leaves out those that every service
understands; --json has them all.`,
  );
}

export async function run({ args, options, output }: Call): Promise<ExitCode> {
  const [name] = args;
  const answer = await withConnection({ to: options.to }, (bus) => bus.request('', 'LIST_SERVICES', { details: true }));
  const rows = readRows(answer.parameters['details']).filter(({ service }) => name === undefined || service === name);
  if (options.json) for (const row of rows) output.json(row);
  else if (rows.length > 0)
    output.table(
      COLUMNS,
      rows.map((row) => cellsOf(row, Date.now() / 1000)),
    );
  else output.say(name === undefined ? 'no services are connected' : `${name} is not known here`);
  return name === undefined || rows.some(({ status }) => status === 'up') ? EXIT.done : EXIT.no;
}

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
