// Puts the daemon together from its parts, starts it, and stops it in order.

import { readdirSync } from 'node:fs';
import { Keeper, TTL_LIMITS } from '@snapcommunicator/network/keeper';
import { Router } from '@snapcommunicator/network/router';
import { decodeLine, encodeJson, NAME } from 'snapcommunicator/wire';
import { Connections } from './bus/connections.ts';
import { Counters, count, total } from './bus/counters.ts';
import { Delivery } from './bus/delivery.ts';
import { Dispatcher } from './bus/dispatcher.ts';
import { Keeping } from './bus/keeping.ts';
import { Registration } from './bus/registration.ts';
import { Services } from './bus/services.ts';
import { Signals } from './bus/signals.ts';
import { Speaker } from './bus/speaker.ts';
import { Taps } from './bus/taps.ts';
import { addControlCommands } from './commands/control.ts';
import { addLoadCommands, LoadListeners } from './commands/load.ts';
import { type Caller, CommandRunner } from './commands/runner.ts';
import { addSessionCommands } from './commands/session.ts';
import { addStatusCommands } from './commands/status.ts';
import type { Connection } from './connections/connection.ts';
import { type DatagramListener, listenUdp, listenUnixDatagram } from './connections/datagram-listener.ts';
import { type ListenAddress, StreamListener } from './connections/stream-listener.ts';
import { StartError } from './errors.ts';
import { Log, RateLimit } from './log.ts';
import { ClockStatus } from './machine/clock-status.ts';
import { formatMessageId, type Identity, loadIdentity } from './machine/identity.ts';
import { type Configuration, formatEndpoint } from './options/index.ts';
import { Recorder } from './recorder/recorder.ts';
import { openLmdbStore } from './store/lmdb-store.ts';
import { Arena } from './switch/arena.ts';
import { ForwardingTable } from './switch/forwarding-table.ts';
import { loadInnerLoop } from './switch/inner.ts';
import { Output } from './switch/output.ts';
import { Switch } from './switch/switch.ts';
import { VERSION } from './machine/version.ts';

/** So many bytes wait before a destination's socket when its senders are paused; the rest of the queue is for what they had under way. */
const PAUSE_SHARE = 4;

/** Where the daemon can be reached, once it has started. */
export interface DaemonAddresses {
  readonly local: readonly string[];
  readonly unix: readonly string[];
  readonly signal: readonly string[];
}

/** All parts of a running daemon, wired together. */
function assemble(configuration: Configuration, identity: Identity, log: Log, stop: (reason: string) => void) {
  const server = configuration.serverName;
  const now = (): number => performance.now();
  const myAddress = formatEndpoint(configuration.myAddress);
  const startedAt = Math.floor(Date.now() / 1000);
  let isStopping = false;

  const arena = new Arena({
    bufferBytes: configuration.arenaSize,
    recordCount: configuration.recorderRecords,
    lineBytesMax: configuration.maxMessageSize,
  });
  const inner = loadInnerLoop(arena.memory, configuration.innerLoop === 'typescript');
  const queueBytesMax = configuration.maxQueueSize;
  const output = new Output(
    arena,
    { queueBytesMax, pauseBytes: queueBytesMax / PAUSE_SHARE, pauseMs: configuration.pauseTime, stallMs: configuration.stallTime },
    now,
  );
  const router = new Router(server);
  const table = new ForwardingTable(arena, output, (command) => router.listeners(command));
  const recorder = new Recorder(arena);
  const counters = new Counters();
  const brake = new RateLimit(configuration.invalidLogInterval, now);
  const speaker = new Speaker(server, output, table);
  const taps = new Taps({ countMax: configuration.maxSniffers, queueBytesMax: configuration.sniffQueue }, speaker, output);
  const services = new Services({ server, countMax: configuration.maxServices, expected: readExpected(configuration.services, log) }, speaker);

  const keeper = new Keeper({
    ...TTL_LIMITS,
    countMax: configuration.maxCachedMessages,
    bytesMax: configuration.maxCachedSize,
    bytesPerDestinationMax: configuration.maxCachedSizePerService,
  });
  type Token = { readonly command: string; readonly messageId: string | undefined } | undefined;
  const reportKept = (entry: { sender: string; token: unknown; bytes: Uint8Array }, status: string, reason?: string): void => {
    // After a restart only the line itself is left of what was asked.
    const read = entry.token === undefined ? decodeLine(entry.bytes, 0, entry.bytes.length - 1) : undefined;
    const token = (entry.token ?? (read?.kind === 'message' ? { command: read.message.command, messageId: read.message.parameters['message_id'] } : undefined)) as Token;
    if (token !== undefined && entry.sender !== '') delivery.report(entry.sender, token.command, status, reason, token.messageId);
  };
  const keeping = new Keeping(keeper, output, {
    cached: (entry) => reportKept(entry, 'cached'),
    delivered: (entry) => reportKept(entry, 'delivered'),
    expired: (entry, isReported) => {
      counters.expired++;
      if (isReported) reportKept(entry, 'expired');
    },
    dropped: (entry, reason, isReported) => {
      count(counters.dropped, reason);
      if (isReported) reportKept(entry, 'failed', reason);
    },
    storeFailed: (error) => brake.run('store', (skipped) => log.lines.error({ err: error, skipped }, 'the store of kept messages failed')),
  }, now);

  const delivery = new Delivery({
    server, output, table, services, keeping, speaker, taps, recorder, counters, log, brake,
    idOf: (number) => formatMessageId(identity, number),
    queuesOf: (service) => router.queuesOf(service),
  });
  const registration = new Registration({
    server, myAddress, router, table, services, keeping, speaker, counters, log, now,
    limits: {
      holdBytesMax: configuration.holdSize,
      holdMs: configuration.holdTime,
      aliveTimeoutMs: configuration.aliveTimeout,
      waitersMax: configuration.maxNameConflictWaiters,
      commandsMax: configuration.maxCommandsPerService,
    },
    replay: (connection, lines) => lineSwitch.handleLines(connection, lines),
    leave: (connection) => connections.leave(connection),
    jsonTransform: linesToJson,
  });

  const runner = new CommandRunner({
    isPrivileged: (connection) => configuration.compatControl || connection?.listener === 'unix',
    complained: ({ connection, message }, problem) => {
      count(counters.invalid, 'PARAMETERS');
      brake.run(`command ${connection?.service ?? ''}`, (skipped) =>
        log.lines.warn({ service: connection?.service || undefined, command: message.command, problem, skipped }, 'command refused'),
      );
    },
  });
  const run = (caller: Caller): void => {
    counters.commands++;
    runner.run(caller);
  };
  const dispatcher = new Dispatcher({
    server, router, table, keeping, delivery, speaker, taps, recorder, counters, log, brake,
    options: { requiresRegistration: () => configuration.requireRegistration, holdBytesMax: configuration.holdSize },
    command: (connection, message) => run(callerOf(connection, message, speaker)),
    hold: (connection, line) => registration.hold(connection, line),
    abandon: (connection, reason) => connections.abandon(connection, reason),
    isStopping: () => isStopping,
  });
  const lineSwitch = new Switch(arena, inner.route, output, dispatcher, {
    lineBytesMax: configuration.maxMessageSize,
    discardBytesMax: configuration.maxLineDiscard,
  }, now);
  const loads = new LoadListeners({ speaker, myAddress, intervalMs: configuration.loadavgInterval });
  const connections = new Connections({
    lines: lineSwitch, output, counters, log, brake,
    countMax: () => configuration.maxConnections,
    leaveMs: configuration.stopTimeout,
    forget: (connection) => {
      registration.end(connection);
      taps.remove(connection);
      loads.remove(connection);
    },
  });
  const signals = new Signals(
    { bytesMax: configuration.maxDatagramSize, secret: configuration.signalSecret, allowsBareCode: configuration.allowBareSecretCode },
    { router, delivery, counters, log, brake, command: run },
  );
  const clock = new ClockStatus(configuration.clockInterval);

  taps.onChange = () => lineSwitch.flows.clear();
  output.onLoss = (_destination, lines, reason) => delivery.countLoss(lines, reason);
  output.onReopen = (destination) => registration.giveKept(destination.source as Connection);
  clock.onChange = (status) => {
    if ('resolution' in status) speaker.announce('CLOCK_STABLE', { cache: 'no', clock_resolution: status.resolution });
    else speaker.announce('CLOCK_UNSTABLE', { cache: 'no', clock_error: status.error });
  };

  addSessionCommands(runner, { registration, leave: (connection) => connections.leave(connection) });
  addStatusCommands(runner, {
    server, services, speaker, clock,
    publicIp: configuration.remoteListen.length > 0 ? myAddress : undefined,
    secureIp: configuration.secureListen[0] === undefined ? undefined : formatEndpoint(configuration.secureListen[0]),
    report: () => ({
      server_name: server,
      version: VERSION,
      pid: process.pid,
      up_since: startedAt,
      services: services.presentCount,
      connections: connections.count,
      accepted: recorder.lineCount - total(counters.refused),
      kept: keeper.waitingCount,
      kept_bytes: keeper.heldBytes,
      expired: counters.expired,
      refused: total(counters.refused),
      dropped: total(counters.dropped),
      invalid: total(counters.invalid),
      reasons: JSON.stringify({
        refused: Object.fromEntries(counters.refused),
        dropped: Object.fromEntries(counters.dropped),
        invalid: Object.fromEntries(counters.invalid),
      }),
      memory_bytes: process.memoryUsage.rss(),
      inner_loop: inner.kind,
    }),
  });
  addLoadCommands(runner, loads, myAddress);
  addControlCommands(runner, { log, taps, stop });

  return {
    connections, signals, keeping, speaker, output, clock, inner,
    inputBuffer: lineSwitch.inputBuffer,
    setStopping: () => {
      isStopping = true;
      lineSwitch.flows.clear();
    },
  };
}

export class Daemon {
  readonly #configuration: Configuration;
  readonly log: Log;
  readonly #parts: ReturnType<typeof assemble>;
  readonly #streams: StreamListener[] = [];
  readonly #datagrams: DatagramListener[] = [];
  readonly #stopped: Promise<void>;
  #resolveStopped: () => void = () => undefined;
  #isStopping = false;

  /** @throws StartError when the data path cannot be written */
  constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.log = openLog(configuration);
    const identity = loadIdentity(configuration.dataPath, Date.now() / 1000);
    this.#parts = assemble(configuration, identity, this.log, (reason) => void this.stop(reason));
    this.#stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** Listens everywhere. @throws StartError naming what cannot be had; then nothing is left open */
  async start(): Promise<DaemonAddresses> {
    const { keeping, clock, inner } = this.#parts;
    try {
      keeping.restore(await openLmdbStore(`${this.#configuration.dataPath}/kept`));
      const addresses = await this.#listen();
      void clock.look();
      if (inner.kind === 'TypeScript' && inner.reason !== 'asked for') this.log.lines.warn({ reason: inner.reason }, 'the inner loop runs in TypeScript, which is slower');
      this.log.lines.info({ version: VERSION, ...addresses }, 'ready');
      return addresses;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /** Resolves when the daemon has stopped. */
  get stopped(): Promise<void> {
    return this.#stopped;
  }

  /** Stops in order: services are told, what is queued goes out, connections are closed. */
  async stop(reason: string): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.log.lines.info({ reason }, 'stopping');
    this.#parts.setStopping();
    this.#parts.speaker.announce('DISCONNECTING');
    this.#parts.output.flushAll();
    await this.#close();
    this.log.lines.info('stopped');
    this.log.close();
    this.#resolveStopped();
  }

  async #listen(): Promise<DaemonAddresses> {
    const { localListen, unixListen, signal, signalUnix } = this.#configuration;
    const local: string[] = [];
    for (const endpoint of localListen) {
      const listener = await this.#openStream({ kind: 'tcp', text: formatEndpoint(endpoint), target: { host: endpoint.host, port: endpoint.port } });
      local.push(formatEndpoint({ host: endpoint.host, port: listener.boundPort ?? endpoint.port }));
    }
    for (const path of unixListen) await this.#openStream({ kind: 'unix', text: path, target: { path } });
    const signals: string[] = [];
    for (const { host, port } of signal) {
      const listener = await listenUdp(host, port, this.#parts.signals.receive);
      this.#datagrams.push(listener);
      signals.push(formatEndpoint({ host, port: listener.port }));
    }
    for (const path of signalUnix) this.#datagrams.push(await listenUnixDatagram(path, this.#parts.signals.receive));
    return { local, unix: unixListen, signal: [...signals, ...signalUnix] };
  }

  async #openStream(address: ListenAddress): Promise<StreamListener> {
    const { maxPendingConnections, unixGroupId } = this.#configuration;
    const { inputBuffer, connections } = this.#parts;
    const options = { backlog: maxPendingConnections, inputBuffer, unixGroup: unixGroupId, isPortable: this.#configuration.portableSockets };
    const listener = new StreamListener(address, options, connections);
    await listener.open();
    this.#streams.push(listener);
    return listener;
  }

  async #close(): Promise<void> {
    const { connections, keeping, clock, output } = this.#parts;
    for (const listener of [...this.#streams, ...this.#datagrams]) listener.close();
    await connections.close(this.#configuration.stopTimeout);
    await keeping.close();
    clock.close();
    output.close();
  }
}

function openLog({ logLevel, logFile, logFormat, serverName }: Configuration): Log {
  try {
    return new Log({ level: logLevel, file: logFile, format: logFormat }, serverName);
  } catch (error) {
    throw new StartError('BAD_DIRECTORY', `the log file ${logFile} cannot be opened (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Names of services that belong on this machine: files NAME.service. */
function readExpected(directory: string | undefined, log: Log): string[] {
  if (directory === undefined) return [];
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.service'))
      .map((file) => file.slice(0, -'.service'.length))
      .filter((name) => NAME.test(name));
  } catch (error) {
    log.lines.warn({ directory, reason: (error as NodeJS.ErrnoException).code }, 'the directory of services cannot be read (services)');
    return [];
  }
}

function callerOf(connection: Connection, message: Caller['message'], speaker: Speaker): Caller {
  const correlation = message.parameters['correlation_id'];
  return {
    connection,
    message,
    answer: (command, values = {}) => speaker.tell(connection, command, correlation === undefined ? values : { ...values, correlation_id: correlation }),
  };
}

/** Lines of text as lines of JSON, for services that registered with `format=json`. */
function linesToJson(lines: Uint8Array): Uint8Array {
  const out: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const next = lines.indexOf(10, at) + 1 || lines.length + 1;
    const line = decodeLine(lines, at, next - 1);
    // A message with malformed parameters reaches its service as it came: that one answers INVALID.
    out.push(line.kind === 'message' ? encodeJson(line.message) : Buffer.from(lines.subarray(at, next - 1)).toString('utf8'));
    at = next;
  }
  return Buffer.from(`${out.join('\n')}\n`);
}
