// The one table of the daemon's metrics: names, meanings, labels, and how each comes from readings. docs/metrics.md is made of it.

import { WIRE_ERRORS } from 'snapcommunicator/wire';
import type { DropReason, RefusalReason } from '../bus/counters.ts';
import type { ListenerKind } from '../connections/connection.ts';
import type { Refusal } from '../links/refusals.ts';
import type { DestinationState } from '../switch/destination.ts';
import type { NeighborCounts } from './neighbor-totals.ts';
import type { Counts, Readings } from './readings.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric. */
export interface Metric {
  /** Without the prefix; counters end in `_total`, units come before that. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** Names of labels, and in words which values each has. */
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: (readings: Readings) => readonly Sample[];
}

export const PREFIX = 'snapcommunicator_';

/** Every value of a label must be known beforehand: the compiler sees to it that none is forgotten. */
const all = <K extends string>(values: Readonly<Record<K, true>>): readonly K[] => Object.keys(values) as K[];

const LISTENERS = all<ListenerKind>({ tcp: true, unix: true, secure: true, console: true });
const REFUSALS = all<RefusalReason>({
  'queue-full': true,
  closed: true,
  unregistered: true,
  absent: true,
  'keeper-full': true,
  stopping: true,
  contradiction: true,
  'hold-full': true,
  unconfirmed: true,
});
const DROPS = all<DropReason>({
  'queue-full': true,
  closed: true,
  nobody: true,
  absent: true,
  store: true,
  stopping: true,
  repeat: true,
});
const INVALID: readonly string[] = [...Object.keys(WIRE_ERRORS), 'PARAMETERS'];
const STATES = all<Exclude<DestinationState, 'closed'>>({ open: true, full: true, refusing: true });
const LINK_STATES = ['full', 'exchanging', 'opaque'] as const;
const LINK_REFUSALS = all<Refusal>({
  name: true,
  self: true,
  duplicate: true,
  older: true,
  full: true,
  stopping: true,
  secret: true,
  password: true,
  certificate: true,
  untrusted: true,
  blocked: true,
  legacy: true,
  malformed: true,
  http: true,
  silent: true,
  long: true,
  pending: true,
  register: true,
  tls: true,
});
const FRAME_REFUSALS = ['looped', 'stranded', 'unknown origin', 'link state', 'too often'] as const;
const MEMORY = ['resident', 'heap', 'heap_used', 'external', 'array_buffers'] as const;
const MODES = ['user', 'system'] as const;

type One = (readings: Readings) => number;

const single = (kind: Metric['kind'], name: string, help: string, value: One): Metric => ({
  name,
  kind,
  help,
  labels: {},
  samples: (readings) => [{ labels: {}, value: value(readings) }],
});

/** A metric for each value of one label; those that did not occur are 0, so that rates can be taken from the start. */
const each = (
  kind: Metric['kind'],
  name: string,
  help: string,
  [label, values]: readonly [string, readonly string[]],
  counts: (readings: Readings) => Counts,
): Metric => ({
  name,
  kind,
  help,
  labels: { [label]: values.map((value) => `\`${value}\``).join(', ') },
  samples: (readings) => {
    const counted = counts(readings);
    return values.map((value) => ({ labels: { [label]: value }, value: counted[value] ?? 0 }));
  },
});

const NEIGHBOR = 'names of neighbours, the first `max_metrics_neighbors` of them; `other` for all further ones';

const overLinks = (name: string, help: string, out: keyof NeighborCounts, back: keyof NeighborCounts): Metric => ({
  name,
  kind: 'counter',
  help,
  labels: { neighbor: NEIGHBOR, direction: '`out`, `in`' },
  samples: ({ neighbors }) =>
    [...neighbors].flatMap(([neighbor, counts]) => [
      { labels: { neighbor, direction: 'out' }, value: counts[out] },
      { labels: { neighbor, direction: 'in' }, value: counts[back] },
    ]),
});

export const METRICS: readonly Metric[] = [
  {
    name: 'info',
    kind: 'gauge',
    help: 'Always 1; what runs is in the labels.',
    labels: {
      server: 'the name of this machine',
      version: 'of the daemon',
      inner_loop: '`WebAssembly`, `TypeScript`',
    },
    samples: ({ server, version, innerLoop }) => [{ labels: { server, version, inner_loop: innerLoop }, value: 1 }],
  },
  single('gauge', 'start_time_seconds', 'When the daemon started, in seconds since 1970.', (all) => all.startedAt),
  single('gauge', 'ready', 'Whether /ready says yes: 1 or 0.', ({ isReady }) => Number(isReady)),
  single('gauge', 'draining', 'Whether this machine drains: 1 or 0.', ({ isDraining }) => Number(isDraining)),

  single(
    'counter',
    'messages_accepted_total',
    'Messages taken from services of this machine and from other machines.',
    ({ accepted }) => accepted,
  ),
  single(
    'counter',
    'messages_delivered_total',
    'Lines given to connections, the daemon’s own among them.',
    ({ delivered }) => delivered,
  ),
  each(
    'counter',
    'messages_refused_total',
    'Messages that were not accepted.',
    ['reason', REFUSALS],
    ({ refused }) => refused,
  ),
  each(
    'counter',
    'messages_dropped_total',
    'Messages that were accepted and ended undelivered.',
    ['reason', DROPS],
    ({ dropped }) => dropped,
  ),
  each(
    'counter',
    'messages_invalid_total',
    'Lines that were no messages, and commands used wrongly.',
    ['reason', INVALID],
    ({ invalid }) => invalid,
  ),
  single('counter', 'messages_expired_total', 'Kept messages whose time was over.', ({ expired }) => expired),
  single(
    'counter',
    'messages_unknown_total',
    'Messages whose last daemon died holding them.',
    ({ unknown }) => unknown,
  ),
  single('counter', 'messages_kept_total', 'Messages that were kept for absent services.', ({ kept }) => kept),
  single('gauge', 'kept_messages', 'Messages that wait for their service now.', ({ keptNow }) => keptNow),
  single(
    'gauge',
    'kept_bytes',
    'Bytes of kept messages, those given out and not confirmed among them.',
    ({ keptBytes }) => keptBytes,
  ),
  single(
    'counter',
    'broadcasts_total',
    'Broadcasts that services of this machine sent.',
    ({ broadcasts }) => broadcasts,
  ),
  single('counter', 'commands_total', 'Commands for the daemon itself.', ({ commands }) => commands),
  single('counter', 'datagrams_total', 'Datagrams that came in.', ({ datagrams }) => datagrams),
  single(
    'counter',
    'datagrams_refused_total',
    'Datagrams that were dropped: too long, or without the secret.',
    ({ datagramsRefused }) => datagramsRefused,
  ),

  single('gauge', 'services', 'Services of this machine that are there, tools left out.', ({ services }) => services),
  each(
    'gauge',
    'connections',
    'Open connections of services, tools and pages.',
    ['listener', LISTENERS],
    ({ connections }) => connections,
  ),
  single(
    'counter',
    'connections_refused_total',
    'Connections that were one too many (max_connections).',
    ({ connectionsRefused }) => connectionsRefused,
  ),
  each(
    'gauge',
    'destinations',
    'Connections by how their queue stands.',
    ['state', STATES],
    ({ destinations }) => destinations,
  ),
  single('gauge', 'queue_bytes', 'Bytes that wait for connections to take them.', ({ queueBytes }) => queueBytes),
  single(
    'gauge',
    'stream_bytes',
    'Bytes sent to other machines and not acknowledged.',
    ({ streamBytes }) => streamBytes,
  ),

  each(
    'gauge',
    'links',
    'Links that stand: complete, still comparing what is known, or to C++ daemons.',
    ['state', LINK_STATES],
    ({ links }) => links,
  ),
  each(
    'counter',
    'links_refused_total',
    'Links that this side refused.',
    ['reason', LINK_REFUSALS],
    ({ linksRefused }) => linksRefused,
  ),
  overLinks('link_messages_total', 'Messages over links.', 'messagesOut', 'messagesIn'),
  overLinks('link_bytes_total', 'Bytes over links.', 'bytesOut', 'bytesIn'),
  {
    name: 'link_frames_dropped_total',
    kind: 'counter',
    help: 'Frames of messages for which a link had no room; streams send them again.',
    labels: { neighbor: NEIGHBOR },
    samples: ({ neighbors }) =>
      [...neighbors].map(([neighbor, { framesDropped }]) => ({ labels: { neighbor }, value: framesDropped })),
  },
  single(
    'counter',
    'frames_passed_total',
    'Frames passed on between other machines.',
    ({ framesPassed }) => framesPassed,
  ),
  each(
    'counter',
    'frames_refused_total',
    'Frames that went no further here.',
    ['reason', FRAME_REFUSALS],
    ({ framesRefused }) => framesRefused,
  ),
  single(
    'gauge',
    'machines_known',
    'Machines of this data centre that are known, this one among them.',
    ({ machinesKnown }) => machinesKnown,
  ),
  single(
    'gauge',
    'machines_reachable',
    'Those of them that can be reached.',
    ({ machinesReachable }) => machinesReachable,
  ),

  single('gauge', 'flags', 'Flags that are up in the cluster, as far as is known here.', ({ flags }) => flags),

  single('counter', 'recorder_lines_total', 'Lines that the recorder saw.', ({ recordedLines }) => recordedLines),
  single('gauge', 'recorder_records', 'Lines that the recorder can hold.', ({ recordsMax }) => recordsMax),
  single('gauge', 'sniffers', 'Tools and pages that watch live traffic.', ({ sniffers }) => sniffers),
  single('gauge', 'console_connections', 'Connections to the console.', ({ consoleConnections }) => consoleConnections),
  single('gauge', 'console_pages', 'Those of them that are WebSockets to the bus.', ({ consolePages }) => consolePages),
  single(
    'counter',
    'console_connections_refused_total',
    'Connections to the console that were one too many.',
    ({ consoleRefused }) => consoleRefused,
  ),

  single(
    'gauge',
    'event_loop_delay_seconds',
    'How late the event loop was when it was asked for these metrics.',
    ({ loopDelaySeconds }) => loopDelaySeconds,
  ),
  single(
    'counter',
    'event_loop_active_seconds_total',
    'How long the event loop was at work.',
    ({ loopActiveSeconds }) => loopActiveSeconds,
  ),
  each(
    'counter',
    'processor_seconds_total',
    'Processor time of the daemon.',
    ['mode', MODES],
    ({ processorSeconds }) => processorSeconds,
  ),
  each(
    'gauge',
    'memory_bytes',
    'Memory of the daemon; `resident` is all of it.',
    ['kind', MEMORY],
    ({ memory }) => memory,
  ),
];
