// What every part of the bus stands on: the arena and its output, the router and its table, services, counts, the log's brake.

import type { MachineInput } from '@snapcommunicator/network/router';
import { Driver } from '../graph/driver.ts';
import { nodeOptions } from '../graph/node-options.ts';
import { ReadMemory } from '../links/read-memory.ts';
import type { Log } from '../log.ts';
import { RateLimit } from '../log.ts';
import type { Identity } from '../machine/identity.ts';
import { formatMessageId } from '../machine/identity.ts';
import { type Configuration, formatEndpoint } from '../options/index.ts';
import { History } from '../recorder/history.ts';
import { Payloads } from '../recorder/payloads.ts';
import { Recorder } from '../recorder/recorder.ts';
import { Redaction } from '../recorder/redaction.ts';
import { Scribe } from '../recorder/scribe.ts';
import { Arena } from '../switch/arena.ts';
import { ForwardingTable } from '../switch/forwarding-table.ts';
import { loadInnerLoop } from '../switch/inner.ts';
import { Output } from '../switch/output.ts';
import { Counters } from './counters.ts';
import { readExpected, Services } from './services.ts';
import { Speaker } from './speaker.ts';
import { Taps } from './taps.ts';

/** So much of a destination's queue is filled when its senders are paused; the rest is for what they had under way. */
const PAUSE_SHARE = 1 / 4;

export type Core = ReturnType<typeof createCore>;

export function createCore(configuration: Configuration, identity: Identity, log: Log) {
  const server = configuration.serverName;
  const now = (): number => performance.now();
  const arena = new Arena({
    bufferBytes: configuration.arenaSize,
    recordCount: configuration.recorderRecords,
    lineBytesMax: configuration.maxMessageSize,
  });
  const queueBytesMax = configuration.maxQueueSize;
  const queues = { queueBytesMax, pauseBytes: queueBytesMax * PAUSE_SHARE };
  const output = new Output(
    arena,
    { ...queues, pauseMs: configuration.pauseTime, stallMs: configuration.stallTime },
    now,
  );
  const inner = loadInnerLoop(arena.memory, configuration.innerLoop === 'typescript');
  const readMemory = new ReadMemory(arena);
  const options = { ...nodeOptions(configuration, identity), countLines: inner.countLines, waitingRoom: readMemory };
  const driver = new Driver(options, now);
  const { router } = driver.node;
  const table = new ForwardingTable(arena, output, (command) => router.listeners(command));
  const counters = new Counters();
  const speaker = new Speaker(server, output, table, counters);
  const recorder = new Recorder(arena, { runCountMax: configuration.recorderRuns, now });
  const idOf = (number: number): string => formatMessageId(identity, number);
  const redaction = new Redaction(configuration.redact);
  const payloads = new Payloads(configuration.recorderPayloads, redaction);
  const taps = new Taps(
    { countMax: configuration.maxSniffers, queueBytesMax: configuration.sniffQueue },
    speaker,
    output,
    now,
    redaction,
  );
  const expected = readExpected(configuration.services, (reason) =>
    log.lines.warn(
      { directory: configuration.services, reason },
      'the directory of services cannot be read (services)',
    ),
  );
  const serverWith = (service: string): string | undefined => {
    const decision = router.forward('', service, '', now());
    return decision.kind === 'node' && !decision.isBehind
      ? router.graph?.database.get(decision.node)?.facts.name
      : undefined;
  };
  driver.input({ kind: 'expected', services: expected });
  const history = new History({
    messageCount: () => recorder.messageCount,
    now,
    eventsMax: configuration.historyEvents,
    ageMsMax: configuration.recorderAge,
  });
  const changed = (service: string, isUp: boolean): void =>
    history.add(isUp ? 'service-up' : 'service-down', server, { service });
  const services = new Services(
    { server, countMax: configuration.maxServices, expected, serverWith, changed },
    speaker,
  );
  return {
    server,
    myAddress: formatEndpoint(configuration.myAddress),
    startedAt: Math.floor(Date.now() / 1000),
    now,
    arena,
    readMemory,
    inner,
    output,
    driver,
    router,
    table,
    /** Tells the router what changed on this machine. */
    tell: (input: MachineInput): void => table.apply(driver.tell(input)),
    recorder,
    scribe: new Scribe({ recorder, taps, payloads, idOf }),
    payloads,
    history,
    counters,
    speaker,
    taps,
    services,
    log,
    brake: new RateLimit(configuration.invalidLogInterval, now),
    idOf,
    instance: driver.node.self,
    queuesOf: (service: string): readonly string[] => router.queuesOf(service),
  };
}
