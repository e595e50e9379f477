// The story of one message: what each daemon recorded of it, joined to hops in order, with a verdict and what is not known.

import { findGaps, type Gap } from './gaps.ts';
import { isForward, orderSteps, type Step } from './order.ts';
import type { MessageRecord, RecordedOutcome } from './record.ts';
import { verdictOf } from './verdict.ts';
import type { Witness } from './witness.ts';

/**
 * How it ended, as far as anybody knows.
 * - `delivered`, `expired`, `refused`, `dropped`: as the daemon that it ended on says
 * - `kept`: it waits for its service
 * - `under-way`: its first daemon has not heard yet, and will send it again if need be
 * - `unknown`: nobody who could be asked knows
 */
export type Fate = 'delivered' | 'expired' | 'refused' | 'dropped' | 'kept' | 'under-way' | 'unknown';

export interface Hop {
  readonly server: string;
  /** Unix seconds by the clock of who asks. */
  readonly time: number;
  /** Seconds since the first hop. */
  readonly after: number;
  readonly outcome: RecordedOutcome;
  readonly reason?: string;
  /** The neighbours over whose links it came and went on. */
  readonly cameBy?: string;
  readonly wentBy?: string;
  /** It passed here before by the same way: its first daemon had no word of it, and sent it again. */
  readonly isAgain?: true;
}

export interface Story {
  readonly id: string;
  /** `server:service`; either part may be empty. */
  readonly from: string;
  readonly to: string;
  readonly command: string;
  /** Bytes of the line. */
  readonly size: number;
  /** Unix seconds by the clock of who asks: when it is first known of. */
  readonly time: number;
  readonly fate: Fate;
  /** The daemon on which it ended, waits or was last seen. */
  readonly at: string;
  /** The end in one plain sentence. */
  readonly verdict: string;
  /** In the order of the way. */
  readonly hops: readonly Hop[];
  /** What cannot be told, and why. */
  readonly unknown: readonly Gap[];
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Of each daemon no more are looked at: a message passes one twice, or a few times when links break. */
const RECORDS_MAX = 64;

/**
 * Puts a story together.
 * @param id of the message; records of others are passed over
 * @param witnesses every daemon that was asked, also those that said nothing
 * @param now unix seconds of who asks
 * @returns undefined if nobody has a record of it
 */
export function tellStory(id: string, witnesses: readonly Witness[], now: number): Story | undefined {
  const heard = witnesses.map((witness) => ({
    ...witness,
    records: witness.records.filter((record) => record.id === id).slice(-RECORDS_MAX),
  }));
  const steps = orderSteps(heard);
  const [first] = steps;
  if (first === undefined) return undefined;
  const { record } = steps.find(({ record: { command } }) => command !== '') ?? first;
  const { fate, at } = endingOf(steps);
  const unknown = findGaps({ id, steps, witnesses: heard, fate });
  const frame = { from: record.from, to: record.to, command: record.command, size: record.size };
  const told = {
    id,
    ...frame,
    time: first.time,
    at,
    hops: steps.map((step, at) => hopOf(step, first.time, steps.slice(0, at))),
    unknown,
  };
  const parameters = steps.find((step) => step.record.parameters !== undefined)?.record.parameters;
  const settled = settle(fate, told);
  return {
    ...told,
    fate: settled,
    verdict: verdictOf({ ...told, fate: settled, now }),
    ...(parameters !== undefined && { parameters }),
  };
}

/** `node.incarnation.stream.number`; of a broadcast its scope in place of the stream. */
const ID = /^[0-9a-f]{16}\.\d{1,16}\.(\d{1,16}|\?|\*)\.\d{1,16}$/;

/** Whether a text is an id as daemons give them. */
export const isMessageId = (text: string): boolean => ID.test(text);

/** The ids of the messages in these records, the newest first, each once. */
export function idsOf(witnesses: readonly Pick<Witness, 'clock' | 'records'>[]): string[] {
  const latest = new Map<string, number>();
  for (const { clock, records } of witnesses) {
    for (const { id, time } of records) {
      if (id === undefined) continue;
      const at = time - (clock?.aheadSeconds ?? 0);
      latest.set(id, Math.max(latest.get(id) ?? at, at));
    }
  }
  return [...latest].sort(([, a], [, b]) => b - a).map(([id]) => id);
}

function hopOf({ server, time, record }: Step, start: number, before: readonly Step[]): Hop {
  const { outcome, reason, cameBy, wentBy } = record;
  const isAgain =
    outcome === 'passed' &&
    before.some((step) => step.server === server && step.record.cameBy === cameBy && step.record.wentBy === wentBy);
  return {
    server,
    time,
    after: Math.max(0, time - start),
    outcome,
    ...(reason !== undefined && { reason }),
    ...(cameBy !== undefined && { cameBy }),
    // What is heard of it later bears the link that it had gone by: that is told already.
    ...(wentBy !== undefined && isForward(record) && { wentBy }),
    ...(isAgain && { isAgain }),
  };
}

const ENDS: Partial<Record<RecordedOutcome, Fate>> = {
  expired: 'expired',
  refused: 'refused',
  dropped: 'dropped',
  unknown: 'unknown',
};

/** How it ended by what is recorded. Once delivered it is delivered, whatever else became of copies of it. */
function endingOf(steps: readonly Step[]): { readonly fate: Fate; readonly at: string } {
  const last = steps.at(-1) as Step;
  const ended = steps.findLast(({ record }) => ENDS[record.outcome] !== undefined && record.reason !== 'repeat');
  const delivered = steps.findLast(({ record }) => record.outcome === 'delivered');
  if (delivered !== undefined && !(ended !== undefined && wasLost(ended, delivered)))
    return { fate: 'delivered', at: delivered.server };
  if (ended !== undefined && !goesOn(steps, ended))
    return { fate: ENDS[ended.record.outcome] as Fate, at: ended.server };
  const kept = steps.findLast(({ record }) => record.outcome === 'kept');
  if (kept !== undefined && !goesOn(steps, kept)) return { fate: 'kept', at: kept.server };
  const taken = steps.some(({ record }) => record.outcome === 'taken');
  return {
    fate: taken ? 'unknown' : 'under-way',
    at: (steps.findLast(({ record }) => isForward(record)) ?? last).server,
  };
}

/** Whether the connection that had been given it was lost before it took it. */
const wasLost = (ended: Step, delivered: Step): boolean =>
  ended.server === delivered.server && ended.record.number > delivered.record.number;

/** Whether its daemon did something with it afterwards. */
const goesOn = (steps: readonly Step[], { server, record }: Step): boolean =>
  steps.some((step) => step.server === server && step.record.number > record.number && isMove(step.record));

const isMove = ({ outcome }: MessageRecord): boolean => outcome === 'sent' || outcome === 'kept';

/** Under way is only what somebody will still hear of: its first daemon, in the life in which it sent it. */
function settle(fate: Fate, { unknown }: Pick<Story, 'unknown'>): Fate {
  const isForgotten = unknown.some(({ isOrigin, why }) => isOrigin && why !== 'no-record');
  const isBehind = unknown.some(({ why }) => why === 'opaque');
  return fate === 'under-way' && (isForgotten || isBehind) ? 'unknown' : fate;
}
