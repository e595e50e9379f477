// All commands of the daemon, each room adding its own.

import type { Core } from '../bus/core.ts';
import { count, total } from '../bus/counters.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { Keeping } from '../bus/keeping.ts';
import type { Registration } from '../bus/registration.ts';
import type { Connection } from '../connections/connection.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import type { Links } from '../links/links.ts';
import type { ClockStatus } from '../machine/clock-status.ts';
import { VERSION } from '../machine/version.ts';
import { type Configuration, formatEndpoint } from '../options/index.ts';
import { addControlCommands } from './control.ts';
import { addGraphCommands } from './graph.ts';
import { addLoadCommands, LoadListeners } from './load.ts';
import { addMessageCommands } from './messages.ts';
import { CommandRunner } from './runner.ts';
import { addSessionCommands } from './session.ts';
import { addStatusCommands } from './status.ts';

export interface CommandParts {
  readonly core: Core;
  readonly configuration: Configuration;
  readonly registration: Registration;
  readonly keeping: Keeping;
  readonly clock: ClockStatus;
  readonly connectionCount: () => number;
  readonly delivery: () => Delivery;
  readonly legacy: () => LegacyLinks;

  readonly graph: () => GraphSide;
  readonly links: () => Links;
  readonly leave: (connection: Connection) => void;
  readonly stop: (reason: string) => void;
}

export interface DaemonCommands {
  readonly runner: CommandRunner;
  readonly loads: LoadListeners;
  /** The figures of DAEMON_REPORT. */
  readonly report: () => Record<string, string | number>;
}

export function createCommands(parts: CommandParts): DaemonCommands {
  const { core, configuration, registration, clock } = parts;
  const { server, services, speaker, myAddress, counters, brake, log, taps } = core;
  const runner = new CommandRunner({
    // From another machine it was checked there, and is as good as the links.
    isPrivileged: ({ connection, isRemote }) =>
      configuration.compatControl ||
      connection?.listener === 'unix' ||
      connection?.listener === 'secure' ||
      (isRemote === true && parts.graph().areLinksProved()),
    complained: ({ connection, message: { command } }, problem) => {
      count(counters.invalid, 'PARAMETERS');
      brake.run(`command ${connection?.service ?? ''}`, (skipped) =>
        log.lines.warn({ service: connection?.service || undefined, command, problem, skipped }, 'command refused'),
      );
    },
  });
  const loads = new LoadListeners({
    speaker,
    myAddress,
    intervalMs: configuration.loadavgInterval,
    tellDaemon: (name, command, values) => {
      // A C++ daemon tells its load over its link anyway.
      if (!parts.legacy().has(name)) parts.delivery().tell(`${name}:communicatord`, command, values);
    },
    serverAt: (ip) => parts.graph().serverAt(ip),
    isReachable: (name) => parts.graph().isReachable(name),
  });
  const report = (): Record<string, string | number> => daemonReport(parts);
  const [secure] = configuration.secureListen;
  addSessionCommands(runner, { registration, leave: parts.leave });
  addStatusCommands(runner, {
    server,
    services,
    clock,
    report,
    publicIp: configuration.remoteListen.length > 0 ? myAddress : undefined,
    secureIp: secure === undefined ? undefined : formatEndpoint(secure),
    graph: parts.graph,
  });
  addLoadCommands(runner, loads, myAddress);
  addMessageCommands(runner, {
    server,
    delivery: parts.delivery,
    confirmations: () => parts.graph().confirmations,
    broadcast: (scope, line) => parts.graph().broadcast(scope, line),
    isHere: (service) => core.table.destinationOf(service) !== undefined,
  });
  addGraphCommands(runner, () => parts.graph().view, configuration.maxMessageSize);
  const { stop, graph, delivery, legacy } = parts;
  addControlCommands(runner, { log, taps, stop, graph, links: parts.links, delivery, legacy });
  return { runner, loads, report };
}

function daemonReport({ core, keeping, connectionCount, graph, links }: CommandParts): Record<string, string | number> {
  const { server, startedAt, services, recorder, counters, inner } = core;
  const { refused, dropped, invalid, expired, unknown } = counters;
  const reasons = {
    refused: Object.fromEntries(refused),
    dropped: Object.fromEntries(dropped),
    invalid: Object.fromEntries(invalid),
    links: links().refused,
    frames: graph().framesRefused(),
  };
  return {
    server_name: server,
    version: VERSION,
    pid: process.pid,
    up_since: startedAt,
    services: services.presentCount,
    connections: connectionCount(),
    accepted: recorder.nextNumber - total(refused),
    kept: keeping.keeper.waitingCount,
    kept_bytes: keeping.keeper.heldBytes,
    expired,
    refused: total(refused),
    dropped: total(dropped),
    unknown,
    invalid: total(invalid),
    reasons: JSON.stringify(reasons),
    memory_bytes: process.memoryUsage.rss(),
    inner_loop: inner.kind,
  };
}
