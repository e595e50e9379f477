// The daemon: listens where it is told to, runs the bus, and stops in order.

import { type Bus, createBus } from './bus/bus.ts';
import { type DatagramListener, listenUdp, listenUnixDatagram } from './connections/datagram-listener.ts';
import { type ListenAddress, StreamListener } from './connections/stream-listener.ts';
import { StartError } from './errors.ts';
import { createConsole } from './http/console.ts';
import type { Door } from './http/door.ts';
import { Log } from './log.ts';
import { loadIdentity, lockDataPath } from './machine/identity.ts';
import { VERSION } from './machine/version.ts';
import { type Configuration, formatEndpoint } from './options/index.ts';
import { openLmdbStore } from './store/lmdb-store.ts';
import { startTracing } from './tracing/tracing.ts';

/** Where the daemon can be reached, once it has started. */
export interface DaemonAddresses {
  readonly local: readonly string[];
  readonly unix: readonly string[];
  readonly signal: readonly string[];
  readonly remote: readonly string[];
  readonly secure: readonly string[];
  /** To type into a browser. */
  readonly console: readonly string[];
}

/** How a daemon ended: it was told to stop, or another one is to take its place. */
export type DaemonEnd = 'stopped' | 'to begin anew';

export class Daemon {
  readonly log: Log;
  readonly #configuration: Configuration;
  readonly #bus: Bus;
  readonly #console: Door;
  readonly #streams: StreamListener[] = [];
  readonly #datagrams: DatagramListener[] = [];
  readonly #stopped: Promise<DaemonEnd>;
  #resolveStopped: (end: DaemonEnd) => void = () => undefined;
  readonly #unlock: () => void;
  #statusTimer: NodeJS.Timeout | undefined;
  #isStopping = false;
  #end: DaemonEnd = 'stopped';

  /** @throws StartError when the data path or the log file cannot be written */
  constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.log = openLog(configuration);
    this.#unlock = lockDataPath(configuration.dataPath);
    try {
      const identity = loadIdentity(configuration.dataPath, configuration.serverName, Date.now() / 1000);
      this.#bus = createBus(configuration, identity, this.log, {
        stop: (reason) => void this.stop(reason),
        beginAnew: (reason) => void this.#beginAnew(reason),
      });
      this.#console = createConsole(configuration, this.#bus);
      this.#bus.onReload(() => this.#console.reload());
    } catch (error) {
      this.#unlock();
      throw error;
    }
    this.#stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** Listens everywhere. @throws StartError naming what cannot be had; then nothing is left open */
  async start(): Promise<DaemonAddresses> {
    const { keeping, inner, lookAtClock, links } = this.#bus;
    try {
      keeping.restore(await openLmdbStore(`${this.#configuration.dataPath}/kept`));
      if (this.#configuration.tracing) await startTracing(this.#bus.core);
      const addresses = {
        ...(await this.#listen()),
        ...(await links.listen()),
        console: await this.#console.open(),
      };
      lookAtClock();
      links.start();
      this.#logStatus();
      const isFallback = inner.kind === 'TypeScript' && inner.reason !== 'asked for';
      if (isFallback)
        this.log.lines.warn({ reason: inner.reason }, 'the inner loop runs in TypeScript, which is slower');
      this.log.lines.info({ version: VERSION, ...addresses }, 'ready');
      return addresses;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /** Resolves when the daemon has stopped: whether another is to take its place. */
  get stopped(): Promise<DaemonEnd> {
    return this.#stopped;
  }

  /** Stops in order: services are told, what is queued goes out, connections are closed. */
  async stop(reason: string): Promise<void> {
    this.#end = 'stopped';
    if (this.#isStopping) return;
    this.log.lines.info({ reason }, 'stopping');
    this.#takeLeave();
    await this.#bus.graph.settle(this.#configuration.stopTimeout);
    await this.#finish();
  }

  /** Stops, so that another one takes its place. Nothing that is under way to other machines is waited for: it is lost. */
  async #beginAnew(reason: string): Promise<void> {
    if (this.#isStopping) return;
    this.#end = 'to begin anew';
    this.log.lines.error({ reason }, 'beginning anew: other machines take what this one sends for what they have had');
    this.#takeLeave();
    await this.#finish();
  }

  #takeLeave(): void {
    this.#isStopping = true;
    this.#bus.setStopping();
    this.#bus.speaker.announce('DISCONNECTING');
    this.#bus.output.flushAll();
  }

  async #finish(): Promise<void> {
    await this.#close();
    this.log.lines.info('stopped');
    this.log.close();
    this.#resolveStopped(this.#end);
  }

  async #listen(): Promise<Pick<DaemonAddresses, 'local' | 'unix' | 'signal'>> {
    const { localListen, unixListen, signal, signalUnix, unixGroupId } = this.#configuration;
    const { receive } = this.#bus.signals;
    const local: string[] = [];
    for (const endpoint of localListen) {
      const listener = await this.#openStream({
        kind: 'tcp',
        text: formatEndpoint(endpoint),
        target: { host: endpoint.host, port: endpoint.port },
      });
      local.push(formatEndpoint({ host: endpoint.host, port: listener.boundPort ?? endpoint.port }));
    }
    for (const path of unixListen) await this.#openStream({ kind: 'unix', text: path, target: { path } });
    const signals: string[] = [];
    for (const { host, port } of signal) {
      const listener = await listenUdp(host, port, receive);
      this.#datagrams.push(listener);
      signals.push(formatEndpoint({ host, port: listener.port }));
    }
    for (const path of signalUnix) this.#datagrams.push(await listenUnixDatagram(path, unixGroupId, receive));
    return { local, unix: unixListen, signal: [...signals, ...signalUnix] };
  }

  async #openStream(address: ListenAddress): Promise<StreamListener> {
    const { maxPendingConnections: backlog, unixGroupId: unixGroup, portableSockets: isPortable } = this.#configuration;
    const { inputBuffer, connections } = this.#bus;
    const listener = new StreamListener(address, { backlog, inputBuffer, unixGroup, isPortable }, connections);
    await listener.open();
    this.#streams.push(listener);
    return listener;
  }

  /** A line with counts every so often, if that is wanted. */
  #logStatus(): void {
    const { statusInterval } = this.#configuration;
    if (statusInterval === 0) return;
    this.#statusTimer = setInterval(() => this.log.lines.info(this.#bus.report(), 'status'), statusInterval).unref();
  }

  async #close(): Promise<void> {
    const { connections, keeping, legacy, links, flags } = this.#bus;
    for (const listener of [...this.#streams, ...this.#datagrams, this.#console]) listener.close();
    await Promise.all([links.close(), legacy.close(), connections.close(this.#configuration.stopTimeout)]);
    this.#console.destroy();
    await Promise.all([keeping.close(), flags.close()]);
    clearInterval(this.#statusTimer);
    this.#bus.close();
    this.#unlock();
  }
}

function openLog({ logLevel, logFile, logFormat, serverName }: Configuration): Log {
  try {
    return new Log({ level: logLevel, file: logFile, format: logFormat }, serverName);
  } catch (error) {
    throw new StartError(
      'BAD_DIRECTORY',
      `the log file ${logFile} cannot be opened (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
