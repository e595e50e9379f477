// All commands of the daemon, each room adding its own.

import { incarnationOf, nodeOf } from '@snapcommunicator/network/frame';
import type { Core } from '../bus/core.ts';
import { count, total } from '../bus/counters.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { Keeping } from '../bus/keeping.ts';
import type { LedgerBook } from '../bus/ledger.ts';
import type { Registration } from '../bus/registration.ts';
import type { Connection } from '../connections/connection.ts';
import type { Flags } from '../flags/flags.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import type { Links } from '../links/links.ts';
import type { ClockStatus } from '../machine/clock-status.ts';
import { VERSION } from '../machine/version.ts';
import { type Configuration, formatEndpoint } from '../options/index.ts';
import { RecordReader } from '../recorder/reader.ts';
import { TrafficMeter } from '../recorder/traffic.ts';
import { addControlCommands } from './control.ts';
import { addFlagCommands } from './flags.ts';
import { addGraphCommands } from './graph.ts';
import { addLoadCommands, LoadListeners } from './load.ts';
import { addMessageCommands } from './messages.ts';
import { addRecordCommands } from './records.ts';
import { Rights } from './rights.ts';
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
  readonly flags: () => Flags;
  readonly ledger: LedgerBook;

  readonly graph: () => GraphSide;
  readonly links: () => Links;
  readonly leave: (connection: Connection) => void;
  readonly stop: (reason: string) => void;
  /** Reads certificates, passwords and credentials again. */
  readonly reload: () => Promise<void>;
}

export interface DaemonCommands {
  readonly runner: CommandRunner;
  readonly rights: Rights;
  readonly loads: LoadListeners;
  /** The figures of DAEMON_REPORT. */
  readonly report: () => Record<string, string | number>;
}

export function createCommands(parts: CommandParts): DaemonCommands {
  const { core, configuration, registration, clock } = parts;
  const { server, services, speaker, myAddress, counters, brake, log, taps } = core;
  const rights = new Rights(configuration, () => parts.graph().areLinksProved());
  const runner = new CommandRunner({
    refusal: rights.refusal,
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
  addSessionCommands(runner, { registration, leave: parts.leave, namingRefusal: rights.namingRefusal });
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
  addFlagCommands(runner, parts.flags);
  addRecordCommands(runner, {
    reader: new RecordReader({
      recorder: core.recorder,
      payloads: core.payloads,
      node: nodeOf(core.instance),
      incarnation: incarnationOf(core.instance),
      ageMsMax: configuration.recorderAge,
      neighbourOn: (port) => parts.graph().events.neighbourOn(port),
    }),
    traffic: new TrafficMeter({
      recorder: core.recorder,
      history: core.history,
      links: () => parts.graph().view.traffic(),
      now: core.now,
    }),
    history: core.history,
    ledger: parts.ledger,
    flush: () => core.output.flushAll(),
    messageBytesMax: configuration.maxMessageSize,
  });
  const { stop, reload, graph, delivery, legacy } = parts;
  addControlCommands(runner, { log, taps, stop, reload, graph, links: parts.links, delivery, legacy });
  return { runner, rights, loads, report };
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
    accepted: recorder.messageCount - counters.commands - total(refused),
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
