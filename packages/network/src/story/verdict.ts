// Says in one plain sentence what became of a message.

import { enumerated, formatSpan } from '../atlas/format.ts';
import type { Fate, Hop, Story } from './story.ts';

/** What the sentence is made of. */
interface Told extends Pick<Story, 'from' | 'to' | 'time' | 'fate' | 'at' | 'hops' | 'unknown'> {
  readonly now: number;
}

/** The sentence, with its full stop. */
export function verdictOf(told: Told): string {
  const sentence = SENTENCES[told.fate](told);
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

const SENTENCES: Readonly<Record<Fate, (told: Told) => string>> = {
  delivered,
  expired: ({ at, hops, time }) => {
    const end = lastOf(hops, 'expired');
    const wait = end === undefined ? '' : ` after ${formatElapsed(end.time - time)}`;
    return `it expired on ${at}${wait}${because(end)}: nobody took it in its time`;
  },
  refused: ({ at, hops }) => `it was refused by ${at}${because(lastOf(hops, 'refused'))}`,
  dropped: ({ at, hops }) => `it was dropped on ${at}${because(lastOf(hops, 'dropped'))}`,
  kept: ({ at, to, hops, now }) => {
    const since = lastOf(hops, 'kept');
    const span = since === undefined ? '' : `, since ${formatSpan(now - since.time)}`;
    return `it is kept on ${at}${span}: it waits for ${serviceOf(to)}`;
  },
  'under-way': ({ at, hops, unknown, now, time }) => {
    const gone = wentTo(hops);
    const open = unknown.find(({ server }) => server === gone);
    const way = gone === undefined ? `${at} has it` : `it went on from ${at} to ${gone}`;
    const rest = open === undefined ? 'what became of it has not been heard yet' : open.text;
    return `it is under way since ${formatSpan(now - time)}: ${way}, and ${rest}`;
  },
  unknown,
};

function delivered({ to, time, hops }: Told): string {
  const ends = hops.filter(({ outcome }) => outcome === 'delivered');
  const servers = [...new Set(ends.map(({ server }) => server))];
  const again = lastOf(hops, 'delivered')?.reason === 'redelivered' ? ', perhaps for the second time' : '';
  const spent = ends.reduce((most, hop) => Math.max(most, hop.time - time), 0);
  const speed = spent > 0 ? ` within ${formatElapsed(spent)}` : '';
  if (isBroadcast(to)) {
    const machines = servers.length === 1 ? servers[0] : `${servers.length} machines (${enumerated(servers)})`;
    return `it was delivered on ${machines}${speed}`;
  }
  return `it was delivered to ${serviceOf(to)} on ${enumerated(servers)}${speed}${again}`;
}

function unknown({ at, hops, unknown: gaps, to }: Told): string {
  const gone = wentTo(hops);
  const reasons = gaps.map(({ text }) => `; ${text}`).join('');
  if (lastOf(hops, 'unknown') !== undefined) {
    const last = serverOf(to) || gone || 'the last daemon';
    return `nobody knows whether it was delivered: ${last} ended before it said what became of it${reasons}`;
  }
  if (lastOf(hops, 'taken') !== undefined)
    return `it reached its last daemon, and what became of it there nobody knows${reasons}`;
  return `it was last seen on ${at}${gone === undefined ? '' : `, on its way to ${gone}`}${reasons}`;
}

/** Reasons as people say them; of others, what the daemon says. */
const REASONS: Readonly<Record<string, string>> = {
  'queue-full': 'the queue before its receiver was full',
  closed: 'the connection of its receiver was closing',
  unregistered: 'its sender had no name',
  absent: 'nobody of that name was there, and it was not to be kept',
  nobody: 'nobody was there for it any more',
  'keeper-full': 'nobody was there, and no room was left to keep it',
  'hold-full': 'its sender had sent too much before it had a name',
  stopping: 'the daemon was stopping',
  contradiction: 'its address contradicts itself',
  store: 'it could not be written to the disk',
  repeat: 'it had come before',
  invalid: 'it is no message',
  'connection-lost': 'the connection was lost before its receiver had taken it',
  unconfirmed: 'there was no room to wait for its confirmation',
};

function because(hop: Hop | undefined): string {
  const reason = hop?.reason ?? '';
  if (reason === '') return '';
  return Object.hasOwn(REASONS, reason) ? `: ${REASONS[reason]} (${reason})` : ` (${reason})`;
}

const lastOf = (hops: readonly Hop[], outcome: Hop['outcome']): Hop | undefined =>
  hops.findLast((hop) => hop.outcome === outcome);

/** The last neighbour that it was given to. */
const wentTo = (hops: readonly Hop[]): string | undefined =>
  hops.findLast(({ wentBy }) => wentBy !== undefined)?.wentBy;

const BROADCASTS: ReadonlySet<string> = new Set(['.', '?', '*']);
const serviceOf = (address: string): string => address.slice(address.indexOf(':') + 1) || 'its receiver';
const serverOf = (address: string): string => address.slice(0, Math.max(0, address.indexOf(':')));
const isBroadcast = (to: string): boolean => BROADCASTS.has(serviceOf(to));

/** A span that may be short: `85 µs`, `1.3 ms`, `2.0 s`, `5 min`. */
export function formatElapsed(seconds: number): string {
  const microseconds = Math.max(0, Math.round(seconds * 1e6));
  if (microseconds < 1000) return `${microseconds} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatSpan(seconds);
}
