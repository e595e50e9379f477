// Commands that ask how things are: services, cluster, clock, addresses, the daemon itself.

import type { RemoteService } from '@snapcommunicator/network/router';
import { DAEMON_NAMES } from 'snapcommunicator/wire';
import type { KnownService, Services } from '../bus/services.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { ClockStatus } from '../machine/clock-status.ts';
import type { CommandRunner } from './runner.ts';

export interface StatusParts {
  readonly server: string;
  readonly services: Services;
  readonly clock: ClockStatus;
  readonly publicIp: string | undefined;
  readonly secureIp: string | undefined;
  /** What `snapcom status` shows. */
  readonly graph: () => GraphSide;
  readonly report: () => Record<string, string | number | undefined>;
}

export function addStatusCommands(runner: CommandRunner, parts: StatusParts): void {
  const { server, services, clock } = parts;

  runner.on('SERVICE_STATUS', ({ service, watch }, { connection, answer }) => {
    if (connection !== undefined && watch === 'no') services.unwatch(connection, service);
    if (connection !== undefined && watch === 'cluster' && !services.watch(connection, service)) {
      answer('INVALID', { command: 'SERVICE_STATUS', message: 'too many services are watched (max_services)' });
      return;
    }
    answer(
      'STATUS',
      DAEMON_NAMES.has(service)
        ? { cache: 'no', service, status: 'up', server_name: server }
        : watch === 'cluster'
          ? services.statusAnywhere(service)
          : services.status(service),
    );
  });

  runner.on('CLUSTER_STATUS', (_values, { answer }) => {
    for (const { command, values } of parts.graph().cluster.words()) answer(command, values);
  });

  runner.on('CLOCK_STATUS', (_values, { answer }) => {
    const status = clock.current;
    if ('resolution' in status) answer('CLOCK_STABLE', { cache: 'no', clock_resolution: status.resolution });
    else answer('CLOCK_UNSTABLE', { cache: 'no', clock_error: status.error });
  });

  runner.on('LIST_SERVICES', ({ details, after }, { answer }) => {
    const here = services.list().map((known) => describe(server, known));
    const elsewhere = parts.graph().services().map(describeElsewhere);
    const { page, next } = firstPage([...here, ...elsewhere].sort(byName), after, details);
    const list = page
      .filter(({ status }) => status === 'up')
      .map((row) => `${row.server}:${row.service}`)
      .join(',');
    answer('SERVICES', { list, details: details ? JSON.stringify(page) : undefined, next });
  });

  runner.on('PUBLIC_IP', (_values, { answer }) =>
    answer('SERVER_PUBLIC_IP', { public_ip: parts.publicIp, secure_ip: parts.secureIp }),
  );

  runner.on('DAEMON_STATUS', (_values, { answer }) => answer('DAEMON_REPORT', parts.report()));
}

/** An answer holds about so many bytes; the rest is asked for with `after`. */
const PAGE_BYTES = 262_144;

interface ServiceRow {
  readonly server: string;
  readonly service: string;
  readonly status: 'up' | 'down';
  readonly [column: string]: unknown;
}

const keyOf = ({ service, server }: ServiceRow): string => `${service} ${server}`;

const byName = (a: ServiceRow, b: ServiceRow): number => (keyOf(a) < keyOf(b) ? -1 : 1);

/** As many services as fit into one answer, and the text after which the next page begins. */
function firstPage(
  rows: readonly ServiceRow[],
  after: string | undefined,
  isDetailed: boolean,
): { page: ServiceRow[]; next: string | undefined } {
  const page: ServiceRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (after !== undefined && keyOf(row) <= after) continue;
    const last = page.at(-1);
    if (bytes > PAGE_BYTES && last !== undefined) return { page, next: keyOf(last) };
    bytes += isDetailed ? JSON.stringify(row).length : row.server.length + row.service.length + 2;
    page.push(row);
  }
  return { page, next: undefined };
}

/** What is known of a service of another machine. */
const describeElsewhere = ({ server, service, commands }: RemoteService): ServiceRow => ({
  server,
  service,
  status: 'up',
  commands: commands === '' ? [] : commands.split(','),
});

/** One row of `snapcom services`. */
function describe(server: string, { name, upSince, downSince, connection }: KnownService): ServiceRow {
  const isUp = connection !== undefined;
  return {
    server,
    service: name,
    status: isUp ? 'up' : 'down',
    up_since: upSince,
    down_since: downSince,
    listener: connection?.listener,
    commands: [...(connection?.commands ?? [])].sort(),
    delivered: connection?.destination?.delivered.lines,
    delivered_bytes: connection?.destination?.delivered.bytes,
    queued_bytes: connection?.destination?.queuedBytes,
  };
}
