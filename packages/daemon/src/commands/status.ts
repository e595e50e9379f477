// Commands that ask how things are: services, cluster, clock, addresses, the daemon itself.

import type { KnownService, Services } from '../bus/services.ts';
import type { ClockStatus } from '../machine/clock-status.ts';
import type { CommandRunner } from './runner.ts';

export interface StatusParts {
  readonly server: string;
  readonly services: Services;
  readonly clock: ClockStatus;
  readonly publicIp: string | undefined;
  readonly secureIp: string | undefined;
  /** What `snapcom status` shows. */
  readonly report: () => Record<string, string | number | undefined>;
}

/** A service that is this daemon itself. */
const OWN_NAMES = new Set(['communicatord', 'snapcommunicator']);

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
      OWN_NAMES.has(service) ? { cache: 'no', service, status: 'up', server_name: server } : services.status(service),
    );
  });

  // A cluster of one: this machine is known and can be reached.
  runner.on('CLUSTER_STATUS', (_values, { answer }) => {
    answer('CLUSTER_UP', { neighbors_count: 1 });
    answer('CLUSTER_COMPLETE', { neighbors_count: 1 });
  });

  runner.on('CLOCK_STATUS', (_values, { answer }) => {
    const status = clock.current;
    if ('resolution' in status) answer('CLOCK_STABLE', { cache: 'no', clock_resolution: status.resolution });
    else answer('CLOCK_UNSTABLE', { cache: 'no', clock_error: status.error });
  });

  runner.on('LIST_SERVICES', ({ details, after }, { answer }) => {
    const known = services.list().filter(({ name }) => after === undefined || name > after);
    const { page, next } = firstPage(server, known, details);
    const list = page
      .filter(({ status }) => status === 'up')
      .map(({ service }) => `${server}:${service}`)
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

/** As many services as fit into one answer, and the name after which the next page begins. */
function firstPage(
  server: string,
  known: readonly KnownService[],
  isDetailed: boolean,
): { page: ServiceRow[]; next: string | undefined } {
  const page: ServiceRow[] = [];
  let bytes = 0;
  for (const service of known) {
    if (bytes > PAGE_BYTES) return { page, next: page.at(-1)?.service };
    const row = describe(server, service);
    bytes += isDetailed ? JSON.stringify(row).length : server.length + service.name.length + 2;
    page.push(row);
  }
  return { page, next: undefined };
}

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
