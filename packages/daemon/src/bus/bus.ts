// The bus: wires connections, switch, delivery and commands together. Nothing is decided here.

import type { Message } from 'snapcommunicator/wire';
import { createCommands } from '../commands/index.ts';
import type { Caller, LineDetails } from '../commands/runner.ts';
import type { Connection } from '../connections/connection.ts';
import { adoptSocket } from '../connections/stream-listener.ts';
import { createFlags } from '../flags/create-flags.ts';
import { createGraph } from '../graph/graph.ts';
import { remoteCallerOf } from '../graph/remote-caller.ts';
import { RemoteNodes } from '../graph/remote-nodes.ts';
import { StreamAccounts } from '../graph/stream-accounts.ts';
import { createLegacy } from '../legacy/create-legacy.ts';
import { Links } from '../links/links.ts';
import type { Log } from '../log.ts';
import { ClockStatus } from '../machine/clock-status.ts';
import type { Identity } from '../machine/identity.ts';
import type { Configuration } from '../options/index.ts';
import { parseId } from '../recorder/message-id.ts';
import { OBSERVE_MS } from '../recorder/recorder.ts';
import { Switch } from '../switch/switch.ts';
import { Connections } from './connections.ts';
import { type Core, createCore } from './core.ts';
import { Delivery } from './delivery.ts';
import { Dispatcher } from './dispatcher.ts';
import { linesToJson } from './json-lines.ts';
import { createKeeping } from './kept-messages.ts';
import { LedgerBook } from './ledger.ts';
import { Registration, type RegistrationParts } from './registration.ts';
import { Signals } from './signals.ts';
import type { Speaker } from './speaker.ts';

export type Bus = ReturnType<typeof createBus>;

/** How the bus ends the daemon that it belongs to. */
export interface DaemonControl {
  /** A command asked for it. */
  readonly stop: (reason: string) => void;
  /** The daemon stops, and another begins in its place, in the next life of this node. */
  readonly beginAnew: (reason: string) => void;
}

export function createBus(
  configuration: Configuration,
  identity: Identity,
  log: Log,
  { stop, beginAnew }: DaemonControl,
) {
  const core = createCore(configuration, identity, log);
  const { output, speaker, taps, counters, arena, inner, now, brake } = core;
  let isStopping = false;
  const reloading: (() => Promise<void>)[] = [() => links.reload()];

  const keeping = createKeeping(
    core,
    configuration,
    (...report) => delivery.report(...report),
    ({ destination }) => graph.queueChanged(destination),
  );
  const accounts = new StreamAccounts();
  const remoteNodes = new RemoteNodes({
    node: core.driver.node,
    output,
    recorder: core.recorder,
    accounts,
    now,
    hasKept: (queues) => keeping.hasKept(queues),
    reserve: (count) => keeping.reserve(count),
    wake: () => core.driver.wake(),
  });
  const delivery: Delivery = new Delivery({
    ...core,
    keeping,
    remoteNodes,
    legacy: () => legacy,
    broadcast: (scope, line) => {
      const id = graph.broadcast(scope, line);
      legacy.broadcast(line, scope === 'network' ? '?' : '*', id);
      return id;
    },
  });
  const flags = createFlags({ core, configuration, identity, delivery, graph: () => graph });
  const leave = (connection: Connection): void => connections.leave(connection);
  const replay = (connection: Connection, lines: Uint8Array): void => lineSwitch.handleLines(connection, lines);
  const registration = new Registration({
    ...core,
    keeping,
    limits: registrationLimits(configuration),
    replay,
    leave,
    jsonTransform: linesToJson,
    isReadOnly: (connection) => commands.rights.isReadOnly(connection),
  });
  const clock = new ClockStatus(configuration.clockInterval);
  const ledger = new LedgerBook({
    core,
    keeping,
    accounts,
    remoteNodes,
    connections: () => connections,
    links: () => graph.events.links,
    opaqueLinks: () => legacy.describe(),
    nameOf: (instance) => graph.nameOf(instance),
    missed: () => graph.node.broadcasts.counters.missed,
  });
  const commands = createCommands({
    core,
    ledger,
    configuration,
    registration,
    keeping,
    clock,
    connectionCount: () => connections.count,
    graph: () => graph,
    links: () => links,
    delivery: () => delivery,
    legacy: () => legacy,
    flags: () => flags.flags,
    leave,
    stop,
    reload: async () => void (await Promise.all(reloading.map((reload) => reload()))),
  });
  const run = (caller: Caller): void => {
    counters.commands++;
    recordCommand(core, caller);
    commands.runner.run(caller);
  };
  const runRemote = (message: Message, received: LineDetails): void => run(remoteCallerOf(message, received, delivery));
  const graph = createGraph({
    core,
    configuration,
    identity,
    keeping,
    remoteNodes,
    accounts,
    delivery,
    lines: () => lineSwitch,
    legacy: () => legacy,
    giveKeptTo: (service) => registration.giveKeptTo(service),
    command: runRemote,
    reachChanged: flags.reachChanged,
    nameLost: () => flags.conditions.nameLost(),
    beginAnew,
  });
  const { legacy, announced } = createLegacy({
    core,
    configuration,
    identity,
    delivery,
    graph,
    commands,
    run,
    address: () => links.address,
  });
  const dispatcher = new Dispatcher({
    ...core,
    keeping,
    delivery,
    requiresRegistration: configuration.requireRegistration,
    command: (connection, message, lineBytes) => run(callerOf(connection, message, lineBytes, speaker)),
    hold: (connection, line) => registration.hold(connection, line),
    abandon: (connection, reason) => connections.abandon(connection, reason),
    isStopping: () => isStopping,
    remoteNodes,
    hasLinks: () => graph.hasOthers() || legacy.count > 0,
    askingRefusal: (connection, command) => commands.runner.refusal(connection, command),
    sendingRefusal: commands.rights.sendingRefusal,
  });
  const limits = { lineBytesMax: configuration.maxMessageSize, discardBytesMax: configuration.maxLineDiscard };
  const lineSwitch: Switch = new Switch(arena, inner.route, output, graph.handlerOf(dispatcher), limits, now);
  const connections: Connections = new Connections({
    lines: lineSwitch,
    output,
    counters,
    log,
    brake,
    countMax: configuration.maxConnections,
    leaveMs: configuration.stopTimeout,
    forget: (connection) => {
      registration.end(connection);
      taps.remove(connection);
      commands.loads.remove(connection);
    },
  });
  const signals = new Signals(
    {
      bytesMax: configuration.maxDatagramSize,
      secret: configuration.signalSecret,
      allowsBareCode: configuration.allowBareSecretCode,
    },
    { ...core, delivery, command: run },
  );

  const links = new Links(
    configuration,
    {
      identity: () => ({ ...identity, server: core.server, address: '', area: configuration.dataCenter ?? '' }),
      holderOf: (name) => core.router.graph?.nodeNamed(name),
      services: () => announced.services(),
      heardOf: () => announced.heardOf(),
      isStopping: () => isStopping,
      memory: core.readMemory,
    },
    log,
    brake,
    {
      ...graph.linkEvents,
      service: (socket, firstBytes) => adoptSocket(socket, 'secure', connections, firstBytes),
      unreachable: (who) => speaker.announce('UNREACHABLE', { who }),
      block: (address, reason) => {
        const values = { uri: address, period: 'hour', reason };
        delivery.announceEverywhere('BLOCK', values);
        graph.tellDaemons('BLOCK', values);
      },
      legacy: (peer) => legacy.accept(peer),
      nameConflict: (...conflict) => flags.conditions.nameConflict(...conflict),
    },
  );
  graph.onForget((machine) => links.forget(machine));
  graph.onForget((machine) => flags.flags.forget(machine));

  const observer = setInterval(() => core.recorder.observe(), OBSERVE_MS).unref();

  taps.onChange = () => lineSwitch.flows.clear();
  core.recorder.onTurnover = () => lineSwitch.flows.clear();
  output.onLoss = (destination, lines, reason) => {
    // What C++ daemons did not get is theirs to miss: it had gone on from here.
    if (destination.source !== undefined) delivery.countLoss(lines, reason);
  };
  output.onRefusal = (destination, lines) =>
    delivery.countRefusals((destination.source as Connection | undefined)?.service ?? 'another machine', lines);
  output.onReopen = (destination) => {
    if (destination.source === undefined) graph.roomAgain();
    else registration.giveKept(destination.source as Connection);
  };
  clock.onChange = (status) => {
    flags.conditions.clockChanged(status);
    if ('resolution' in status) speaker.announce('CLOCK_STABLE', { cache: 'no', clock_resolution: status.resolution });
    else speaker.announce('CLOCK_UNSTABLE', { cache: 'no', clock_error: status.error });
  };

  return {
    links,
    flags,
    legacy,
    graph,
    core,
    ledger,
    log,
    brake,
    connections,
    signals,
    keeping,
    speaker,
    output,
    inner,
    lookAtClock: (): void => void clock.look(),
    close: (): void => {
      clearInterval(observer);
      core.history.close();
      clock.close();
      output.close();
      core.driver.close();
      remoteNodes.close();
      graph.close();
    },
    /** What RELOAD reads again besides what belongs to links. */
    onReload: (reload: () => Promise<void>): void => void reloading.push(reload),
    inputBuffer: lineSwitch.inputBuffer,
    report: commands.report,
    isStopping: (): boolean => isStopping,
    /** From now on messages between services are refused. */
    setStopping: (): void => {
      isStopping = true;
      lineSwitch.flows.clear();
    },
  };
}

function registrationLimits(configuration: Configuration): RegistrationParts['limits'] {
  return {
    holdBytesMax: configuration.holdSize,
    holdMs: configuration.holdTime,
    aliveTimeoutMs: configuration.aliveTimeout,
    waitersMax: configuration.maxNameConflictWaiters,
    commandsMax: configuration.maxCommandsPerService,
  };
}

/** A command is delivered to the daemon itself. */
function recordCommand({ recorder, server }: Core, { connection, message, received }: Caller): void {
  const { sentFromServer, sentFromService, command } = message;
  const sender = sentFromServer === '' && sentFromService === '' ? '' : `${sentFromServer}:${sentFromService}`;
  const from = connection === undefined ? sender : connection.service === '' ? '' : `${server}:${connection.service}`;
  const flow = recorder.flowId(from, `${server}:communicatord`, command);
  const id = received?.id === undefined ? undefined : parseId(received.id);
  recorder.note(flow, received?.lineBytes ?? 0, 'delivered', { id, port: received?.port });
}

/** Who sent a command, and how to answer: what it carries to know its answer by goes back with it. */
function callerOf(connection: Connection, message: Message, lineBytes: number, speaker: Speaker): Caller {
  const correlation = message.parameters['correlation_id'];
  const echo = correlation === undefined ? {} : { correlation_id: correlation };
  return {
    connection,
    message,
    received: { lineBytes },
    answer: (command, values = {}) => speaker.tell(connection, command, { ...values, ...echo }),
  };
}
