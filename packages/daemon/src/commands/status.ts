// Commands that ask how things are: services, cluster, clock, addresses, the daemon itself.

import type { Connection } from '../connections/connection.ts';
import type { Services } from '../bus/services.ts';
import type { Speaker } from '../bus/speaker.ts';
import type { ClockStatus } from '../machine/clock-status.ts';
import type { CommandRunner } from './runner.ts';

export interface StatusParts {
  readonly server: string;
  readonly services: Services;
  readonly speaker: Speaker;
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
    answer('STATUS', OWN_NAMES.has(service) ? { cache: 'no', service, status: 'up', server_name: server } : services.status(service));
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

  runner.on('LIST_SERVICES', ({ details }, { answer }) => {
    const known = services.list();
    const list = known.filter(({ connection }) => connection !== undefined).map(({ name }) => `${server}:${name}`).join(',');
    answer('SERVICES', { list, details: details ? JSON.stringify(known.map((service) => describe(server, service))) : undefined });
  });

  runner.on('PUBLIC_IP', (_values, { answer }) => answer('SERVER_PUBLIC_IP', { public_ip: parts.publicIp, secure_ip: parts.secureIp }));

  runner.on('DAEMON_STATUS', (_values, { answer }) => answer('DAEMON_REPORT', parts.report()));
}

/** One row of `snapcom services`. */
function describe(server: string, { name, upSince, downSince, connection }: ReturnType<Services['list']>[number]): Record<string, unknown> {
  const isUp = connection !== undefined;
  return {
    server,
    service: name,
    status: isUp ? 'up' : 'down',
    up_since: upSince,
    down_since: downSince,
    listener: connection?.listener,
    commands: [...((connection as Connection | undefined)?.commands ?? [])].sort(),
    delivered: connection?.destination?.delivered.lines,
    delivered_bytes: connection?.destination?.delivered.bytes,
    queued_bytes: connection?.destination?.queuedBytes,
  };
}
