// The traffic of several daemons as one: each message counted once, where it began.

import { compareTexts } from '../atlas/document.ts';
import type { Traffic } from './traffic.ts';

/** What one daemon says of its traffic. */
export interface TrafficOf {
  readonly server: string;
  readonly traffic: Traffic;
}

type Flow = Traffic['flows'][number];
type Service = Traffic['services'][number];
type Command = Traffic['commands'][number];

/** How busy rows are compared. */
export type TrafficOrder = 'messages' | 'bytes' | 'name';

/**
 * Joins what daemons say. A message that goes from one machine to another is seen by the daemons of both; of services and
 * flows each daemon is believed about its own machine only, and a link is told of by the end whose name comes first.
 * @param countMax rows of each kind
 */
export function mergeTraffic(all: readonly TrafficOf[], countMax: number): Traffic {
  const begun = all.flatMap(({ server, traffic }) => traffic.flows.filter(({ from }) => beginsAt(from, server)));
  const flows = summed(begun, ({ from, to, command }) => `${from} ${to} ${command}`, addFlow);
  const commands = summed(
    begun.map(({ command, messages, bytes }): Command => ({ command, messages, bytes })),
    ({ command }) => command,
    (a, b) => ({ ...a, messages: a.messages + b.messages, bytes: a.bytes + b.bytes }),
  );
  const services = summed(
    all.flatMap(({ server, traffic }) => traffic.services.flatMap((row) => ownService(row, server))),
    ({ service }) => service,
    (a, b) => ({ ...a, sent: a.sent + b.sent, received: a.received + b.received }),
  );
  const asked = new Set(all.map(({ server }) => server));
  const links = all.flatMap(({ server, traffic }) =>
    traffic.links
      .filter((link) => server < link.server || !asked.has(link.server))
      .map((link) => ({ ...link, server: `${server} – ${link.server}` })),
  );
  const sum = (read: (flow: Flow) => number): number => begun.reduce((total, flow) => total + read(flow), 0);
  return {
    time: Math.max(0, ...all.map(({ traffic }) => traffic.time)),
    seconds: Math.max(0, ...all.map(({ traffic }) => traffic.seconds)),
    isSampled: all.some(({ traffic }) => traffic.isSampled),
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    ...sortedTraffic({ services, commands, flows, links }, 'messages', countMax),
  };
}

type Rows = Pick<Traffic, 'services' | 'commands' | 'flows' | 'links'>;

/** The rows in that order, so many of each kind. */
export function sortedTraffic({ services, commands, flows, links }: Rows, order: TrafficOrder, countMax: number): Rows {
  const sort = <T>(
    rows: readonly T[],
    name: (row: T) => string,
    messages: (row: T) => number,
    bytes: (row: T) => number,
  ) =>
    [...rows]
      .sort((a, b) => {
        const measure = order === 'bytes' ? bytes : messages;
        const difference = order === 'name' ? 0 : measure(b) - measure(a);
        return difference || compareTexts(name(a), name(b));
      })
      .slice(0, countMax);
  const messagesOf = ({ messages }: { readonly messages: number }) => messages;
  const bytesOf = ({ bytes }: { readonly bytes: number }) => bytes;
  const busy = ({ sent, received }: Service) => sent + received;
  return {
    services: sort(services, ({ service }) => service, busy, busy),
    commands: sort(commands, ({ command }) => command, messagesOf, bytesOf),
    flows: sort(flows, ({ from, to, command }) => `${from} ${to} ${command}`, messagesOf, bytesOf),
    links: sort(
      links,
      ({ server }) => server,
      ({ messagesIn, messagesOut }) => messagesIn + messagesOut,
      ({ bytesIn, bytesOut }) => bytesIn + bytesOut,
    ),
  };
}

/** Whether its sender is on that machine; a datagram has none, and is seen where it came. */
const beginsAt = (from: string, server: string): boolean => {
  const at = from.indexOf(':');
  return at <= 0 || from.slice(0, at) === server;
};

/** The row if the service is on that machine, under its full name. */
function ownService(row: Service, server: string): Service[] {
  const at = row.service.indexOf(':');
  if (at <= 0) return [{ ...row, service: `${server}:${row.service.slice(at + 1)}` }];
  return row.service.slice(0, at) === server ? [row] : [];
}

const addFlow = (a: Flow, b: Flow): Flow => ({ ...a, messages: a.messages + b.messages, bytes: a.bytes + b.bytes });

function summed<T>(rows: readonly T[], keyOf: (row: T) => string, add: (a: T, b: T) => T): T[] {
  const sums = new Map<string, T>();
  for (const row of rows) {
    const key = keyOf(row);
    const before = sums.get(key);
    sums.set(key, before === undefined ? row : add(before, row));
  }
  return [...sums.values()];
}
