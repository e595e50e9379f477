// `snapcom status`: is this daemon, its cluster and the clock well; made for people and for monitoring.

import { type Health, healthOf } from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import {
  type Communicator,
  CommunicatorError,
  communicatord,
  type Flag,
  flagTitle,
  type MessageOf,
} from 'snapcommunicator';
import { URGENT_PRIORITY } from 'snapcommunicator/contract';
import { askGraph } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { askAll } from './flag.ts';
import type { Output } from './output.ts';
import { formatAge, formatBytes, formatCount, plural } from './text.ts';
import type { Call } from './tool.ts';

type Report = MessageOf<typeof communicatord, 'DAEMON_REPORT'>['parameters'];

interface Cluster {
  readonly well: boolean;
  readonly up: boolean;
  readonly complete: boolean;
  readonly machines: number;
}

interface Clock {
  readonly well: boolean;
  /** `verified`, `no_ntp`, `checking`, `invalid`. */
  readonly state: string;
}

const CLOCK_TEXTS: Readonly<Record<string, string>> = {
  verified: 'synchronised',
  no_ntp: 'nothing here tells whether it is synchronised (no_ntp)',
  checking: 'not synchronised yet',
  invalid: 'not synchronised',
};
const answerMsMax = 5000;
const FLAGS_SHOWN = 5;

export function describe(command: Command): void {
  command.addHelpText(
    'after',
    `
Exit code 0 if the daemon answers, the cluster is up and complete, nothing is wrong in the graph and the clock can be
trusted, and no flag of a priority from ${URGENT_PRIORITY} on is up; 1 if it answers and something is not well; 3 if there is no daemon.`,
  );
}

export async function run({ options, output }: Call): Promise<ExitCode> {
  const { report, cluster, clock, graph, flags } = await withConnection({ to: options.to }, async (bus) => ({
    report: (await bus.request(communicatord, 'DAEMON_STATUS')).parameters,
    cluster: await askCluster(bus),
    clock: await askClock(bus),
    graph: healthOf(await askGraph(bus)),
    flags: await askFlags(bus),
  }));
  const urgent = flags.filter(({ priority }) => priority >= URGENT_PRIORITY);
  const isWell = cluster.well && clock.well && graph.isWell && urgent.length === 0;
  if (options.json) {
    const { correlation_id: _ours, reasons, ...counts } = report as Report & { correlation_id?: string };
    output.json({
      well: isWell,
      daemon: { ...counts, reasons: parsed(reasons) },
      cluster,
      graph: graphJson(graph),
      clock,
      flags: { well: urgent.length === 0, up: flags.length, urgent: urgent.length },
    });
  } else print(output, { report, cluster, graph, clock, flags });
  return isWell ? EXIT.done : EXIT.no;
}

/** Both answers bear the id of the request; the second comes when nobody waits for it any more, but comes. */
async function askCluster(bus: Communicator): Promise<Cluster> {
  const complete = new Promise<boolean>((resolve) => {
    bus.on('CLUSTER_COMPLETE', () => resolve(true));
    bus.on('CLUSTER_INCOMPLETE', () => resolve(false));
  });
  const answer = await bus.request(communicatord, 'CLUSTER_STATUS', {}, { timeout: answerMsMax });
  const up = answer.command === 'CLUSTER_UP';
  // The daemon handles what we ask in order, so behind this answer the second one has come.
  await bus.request('', 'ALIVE', {}, { timeout: answerMsMax });
  const isComplete = await Promise.race([complete, Promise.resolve(false)]);
  return { well: up && isComplete, up, complete: isComplete, machines: answer.parameters.neighbors_count };
}

async function askClock(bus: Communicator): Promise<Clock> {
  const answer = await bus.request(communicatord, 'CLOCK_STATUS', {}, { timeout: answerMsMax });
  if (answer.command === 'CLOCK_STABLE') return { well: true, state: answer.parameters.clock_resolution };
  return { well: false, state: answer.parameters.clock_error };
}

const graphJson = ({ isWell, summary, problems, notes }: Health): object => ({
  well: isWell,
  summary,
  problems,
  notes,
});

/** The flags of the cluster; a daemon that knows no such thing has none. */
async function askFlags(bus: Communicator): Promise<readonly Flag[]> {
  try {
    return (await askAll(bus)).flags;
  } catch (error) {
    if (error instanceof CommunicatorError && error.code === 'INVALID_MESSAGE') return [];
    throw error;
  }
}

interface Findings {
  readonly report: Report;
  readonly cluster: Cluster;
  readonly graph: Health;
  readonly clock: Clock;
  readonly flags: readonly Flag[];
}

function print(output: Output, { report, cluster, graph, clock, flags }: Findings): void {
  const verdict = (isWell: boolean): string =>
    isWell ? output.paint('green', 'well    ') : output.paint('red', 'NOT WELL');
  const row = (what: string, isWell: boolean, text: string): void =>
    output.line(`${what.padEnd(8)} ${verdict(isWell)}  ${text}`);
  const more = (text: string): void => output.line(`${' '.repeat(19)}${text}`);
  const { server_name: server, version, pid, services, connections, memory_bytes: memory } = report;
  const age = formatAge(Date.now() / 1000 - report.up_since);
  row('daemon', true, `${server}, version ${version}, process ${pid}, up ${age}, ${formatBytes(memory)}`);
  more(`${plural(services, 'service')}, ${plural(connections, 'connection')}`);
  const { accepted, kept, expired, refused, dropped, unknown, invalid } = report;
  more(`messages: ${formatCount(accepted)} accepted, ${formatCount(kept)} waiting for their service`);
  more(
    `          ${Object.entries({ expired, refused, dropped, unknown, invalid })
      .map(([what, count]) => `${formatCount(count)} ${what}`)
      .join(', ')}`,
  );
  for (const [kind, reasons] of Object.entries(parsed(report.reasons))) {
    const list = Object.entries(reasons ?? {}).map(([reason, count]) => `${reason} ${formatCount(count)}`);
    if (list.length > 0) more(`          ${kind}: ${list.join(', ')}`);
  }
  const state = `${cluster.up ? 'up' : 'down'}, ${cluster.complete ? 'complete' : 'incomplete'}`;
  row('cluster', cluster.well, `${state}: ${plural(cluster.machines, 'machine')} known`);
  row('graph', graph.isWell, graph.summary);
  for (const text of [...graph.problems, ...graph.notes]) more(text);
  row('clock', clock.well, CLOCK_TEXTS[clock.state] ?? clock.state);
  const isCalm = flags.every(({ priority }) => priority < URGENT_PRIORITY);
  row('flags', isCalm, flags.length === 0 ? 'none is up' : `${plural(flags.length, 'flag')} up: see snapcom flag list`);
  for (const flag of flags.slice(0, FLAGS_SHOWN)) more(`${flagTitle(flag)} on ${flag.server}: ${flag.message}`);
}

function parsed(reasons: string): Record<string, Record<string, number> | null> {
  try {
    const value: unknown = JSON.parse(reasons);
    return typeof value === 'object' && value !== null ? (value as Record<string, Record<string, number> | null>) : {};
  } catch {
    return {};
  }
}
