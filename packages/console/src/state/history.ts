// What was lately, put together from what each daemon remembers: messages per second, and what came and went.

import type { History, HistoryEvent } from '@snapcommunicator/network/story';

/** The same event is told by several daemons, each when it noticed. */
const SAME_SECONDS_MAX = 30;
const EVENTS_MAX = 5000;
/** A daemon that was started gets to know within so many seconds what has long been there. */
const LEARNING_SECONDS_MAX = 10;

/** Without what a daemon only got to know when it was started: that is new to it, and has not just come. */
export function withoutLearned(server: string, history: History): History {
  const isLearned = ({ time, kind, server: about, peer }: HistoryEvent): boolean =>
    time - history.start < LEARNING_SECONDS_MAX && kind.endsWith('-up') && about !== server && peer !== server;
  return { ...history, events: history.events.filter((event) => !isLearned(event)) };
}

/**
 * @param own of the daemon that was asked: its seconds are the axis, and its word on what happened counts
 * @param others add their messages, and events of which the own one knows nothing
 */
export function mergeHistories(own: History, others: readonly History[]): History {
  const messages = [...own.messages];
  for (const { start, step, messages: rates } of others) {
    for (const at of messages.keys()) {
      const time = own.start + (at + 0.5) * own.step;
      // Others are asked less often: what they have not told yet is taken to go on as it was. Their last step is not over.
      const place = Math.min(Math.floor((time - start) / step), Math.max(0, rates.length - 2));
      messages[at] = (messages[at] as number) + (rates[place] ?? 0);
    }
  }
  const events = [...own.events];
  const known = new Map<string, number[]>();
  for (const event of events) note(known, event);
  for (const event of others.flatMap((other) => other.events)) {
    const times = known.get(keyOf(event)) ?? [];
    if (times.some((time) => Math.abs(time - event.time) <= SAME_SECONDS_MAX)) continue;
    events.push(event);
    note(known, event);
  }
  events.sort((a, b) => a.time - b.time);
  return { start: own.start, step: own.step, messages, events: events.slice(-EVENTS_MAX) };
}

function note(known: Map<string, number[]>, event: HistoryEvent): void {
  const key = keyOf(event);
  const times = known.get(key);
  if (times === undefined) known.set(key, [event.time]);
  else times.push(event.time);
}

/** A link has two ends, and either may be named first. */
const keyOf = ({ kind, server, peer, service }: HistoryEvent): string =>
  `${kind} ${[server, peer ?? ''].sort().join(' ')} ${service ?? ''}`;

/** What happened, in words. */
export function describeEvent({ kind, server, peer = '', service = '' }: HistoryEvent): string {
  switch (kind) {
    case 'server-up':
      return `${server} came`;
    case 'server-lost':
      return `${server} was lost`;
    case 'link-up':
      return `link ${server} – ${peer} came up`;
    case 'link-lost':
      return `link ${server} – ${peer} was lost`;
    case 'service-up':
      return `service ${service} came up on ${server}`;
    case 'service-down':
      return `service ${service} went down on ${server}`;
  }
}

export const isLoss = ({ kind }: HistoryEvent): boolean =>
  kind === 'server-lost' || kind === 'link-lost' || kind === 'service-down';

/** Messages per second at a moment; undefined where nothing is known. */
export const rateAt = ({ start, step, messages }: History, time: number): number | undefined =>
  messages[Math.floor((time - start) / step)];
