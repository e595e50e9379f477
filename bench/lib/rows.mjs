// The rows of the benchmark: what is sent, who takes part, what must be reached and what is the mark to beat.
import { oneToOne } from './traffic.mjs';

const NATS = 'nats-server';
const PROTOTYPE = 'prototype';

/** Messages a second of the C++ daemon's best build on such a machine (it was measured once, elsewhere). */
export const CPP_DAEMON = { name: 'the C++ daemon', messagesPerSecond: 126_000 };

const toNats = (must, mark) => ({ against: NATS, must, mark });
const toPrototype = { against: PROTOTYPE, must: 0.85 };
const toPipe = { against: 'pipe', mark: 1 };

const throughput = { key: 'messagesPerSecond', title: 'M messages/s', scale: 1e-6, digits: 2, better: 'higher' };
const perProcessorSecond = {
  key: 'messagesPerProcessorSecond',
  title: 'M messages per processor second of the daemon',
  scale: 1e-6,
  digits: 3,
  better: 'higher',
};

function pumpRow(
  name,
  title,
  shape,
  goals,
  { others = [NATS, PROTOTYPE], measure = throughput, method, transport, line } = {},
) {
  return {
    name,
    title,
    generator: 'pump',
    shape: { ...oneToOne, ...shape },
    transport: transport ?? 'tcp',
    line,
    others,
    measures: [{ ...measure, goals }],
    method,
  };
}

/** Each further daemon may cost so much of what one costs. */
const HOP_MUST = 0.6;

function roundTripRow(name, title, goals, { others, method, line }) {
  const measure = { scale: 1, digits: 1, better: 'lower' };
  return {
    name,
    title,
    generator: 'round-trip',
    transport: 'tcp',
    line,
    others,
    measures: [
      { key: 'p50', title: 'µs', ...measure, goals },
      { key: 'p99', title: 'µs, p99', ...measure, goals: [] },
    ],
    method,
  };
}

const headGoals = [toNats(3.3, 4), toPrototype, toPipe];
const headOthers = [NATS, PROTOTYPE, 'pipe'];

export const rows = [
  pumpRow(
    'head-plain',
    '128 B, head `NAME/`',
    {},
    [...headGoals, { against: CPP_DAEMON.name, value: CPP_DAEMON.messagesPerSecond, must: 70 }],
    {
      others: [...headOthers, 'relay', 'redis-server', 'mosquitto'],
      method:
        'One sender, one receiver, TCP on the loopback interface, lines `rx/PING a=xxx…` of 128 bytes with their LF; nats-server, redis-server and mosquitto carry a payload of 100 bytes; pipe and relay copy the same lines unread.',
    },
  ),
  pumpRow('head-sender', '128 B, head `<:me NAME/`', { head: 'sender' }, headGoals, {
    others: headOthers,
    method:
      'As above, with the sender in front that C++ services write (`<:tx1 rx/PING …`, 128 bytes in all), which the daemon replaces.',
  }),
  pumpRow('head-server', '128 B, head `SERVER:NAME/`', { head: 'server' }, headGoals, {
    others: headOthers,
    method: 'As above, addressed with the server (`alpha:rx/PING …`).',
  }),
  pumpRow('head-long', '128 B, names of 40 characters', { names: 'long' }, headGoals, {
    others: headOthers,
    method:
      'As above, sender and receiver with names of 40 characters; nats-server gets a subject of 40 characters; the prototype knows short names only and gets those.',
  }),
  pumpRow('unix', '128 B, Unix socket', {}, [toNats(5, 6)], {
    transport: 'unix',
    method: 'The first row over a Unix socket; nats-server has none and is measured over TCP.',
  }),
  pumpRow('size-16', '16 B', { size: 16 }, [toNats(8, 10)], {
    method: 'The first row with lines of 16 bytes; nats-server carries a payload of 1 byte.',
  }),
  pumpRow('size-1024', '1 KiB', { size: 1024 }, [toNats(1.6, 1.8)], {
    method: 'The first row with lines of 1,024 bytes; nats-server carries a payload of 1,000 bytes.',
  }),
  ...[10, 100].map((count) =>
    pumpRow(
      `destinations-${count}`,
      `${count} destinations`,
      { destinations: count, receivers: count, commands: 20 },
      [toNats(4.5, 5.5)],
      {
        method: `One sender, ${count} receivers, 128 bytes, destination and one of 20 commands chosen at random for each line; nats-server: ${count} subjects.`,
      },
    ),
  ),
  ...[
    [10, 4.5, 5],
    [100, 6.5, 7.5],
    [1000, 8, 9],
  ].map(([count, must, mark]) =>
    pumpRow(
      `fan-out-${count}`,
      `fan-out to ${count}, deliveries`,
      { fanOut: true, receivers: count },
      [toNats(must, mark)],
      {
        method: `One sender writes broadcasts \`./PING …\` of 128 bytes to ${count} services that list PING; nats-server: ${count} subscribers of one subject; what counts is deliveries.`,
      },
    ),
  ),
  pumpRow('senders-100', '100 senders, one line per write', { senders: 100, linePerWrite: true }, [toNats(1.2, 1.3)], {
    measure: perProcessorSecond,
    method:
      '100 connections take turns, each writes one line of 128 bytes with a system call of its own; deliveries are divided by the processor time that the daemon used (user and system, all threads).',
  }),
  roundTripRow('round-trip', 'round trip, p50', [toNats(0.85, 0.77)], {
    others: [NATS, PROTOTYPE],
    method:
      'A → daemon → B → daemon → A, one message of 128 bytes under way at a time, TCP; A and B are two threads of one C program.',
  }),
  {
    name: 'idle-10000',
    title: '10,000 idle registered connections',
    generator: 'hold',
    connections: 10_000,
    transport: 'tcp',
    others: [NATS, PROTOTYPE],
    measures: [
      {
        key: 'kilobytesPerConnection',
        title: 'kB each',
        scale: 1,
        digits: 2,
        better: 'lower',
        goals: [{ must: 8, mark: 6.5 }],
      },
      {
        key: 'registrationsPerSecond',
        title: 'registrations/s',
        scale: 1,
        digits: 0,
        better: 'higher',
        goals: [{ must: 5000 }],
      },
    ],
    method:
      '10,000 connections register under names of their own, at most 400 unanswered at a time; the growth of the daemon’s resident memory is read when they have been left alone for 2 s; nats-server: one subscription each.',
  },
  pumpRow(
    'middle',
    'through a daemon in the middle',
    {},
    [
      { against: 'pipe', must: 0.85 },
      { against: 'relay', mark: 1 },
    ],
    {
      line: { length: 3 },
      others: ['pipe', 'relay', NATS],
      method:
        'Three daemons and two links, all on this machine: the sender of the first row at the first one, its receiver at the last. Beside it three pipes and three relays in series, and a cluster of three nats-servers, of which two are passed: all are linked to all.',
    },
  ),
  pumpRow('link', 'two daemons, a plain link', {}, [], {
    line: { length: 2 },
    others: ['pipe', 'relay', NATS],
    method: 'As above with two daemons, two pipes, two relays, two nats-servers.',
  }),
  pumpRow('link-tls', 'two daemons, a link under TLS', {}, [{ against: 'plain links', must: 0.35 }], {
    line: { length: 2, isSecure: true },
    others: ['plain links'],
    method:
      'As above, with the link between the daemons under TLS 1.3, both with certificates of one authority (`snapcom keys`).',
  }),
  ...[2, 3].map((length) =>
    roundTripRow(
      `round-trip-${length}`,
      `round trip through ${length} daemons, p50`,
      [{ against: 'one daemon', must: 1 + HOP_MUST * (length - 1) }],
      {
        line: { length },
        others: ['one daemon', NATS],
        method: `As the round trip above, with A at the first and B at the last of ${length} daemons in a line; each further daemon may cost ${HOP_MUST} of the round trip through one. nats-server: a cluster of ${length}, of which two are passed.`,
      },
    ),
  ),
];
