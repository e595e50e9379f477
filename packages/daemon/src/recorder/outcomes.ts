// What became of a line, as one word of its record: outcome, whether it is a later event, and the run or the reason.
//
//     bits 0–6   the outcome, as in OUTCOMES
//     bit 7      a later event of a message that has a record here already
//     bits 8–31  of `sent`: the run that the line belongs to, 0 for none; of all others: the reason, as in REASONS

import type { RecordedOutcome } from '@snapcommunicator/network/story';

/** By number. The inner loop writes 1, 3, or 5, as it finds them in the slot. */
export const OUTCOMES: readonly (RecordedOutcome | '')[] = [
  '',
  'delivered',
  'kept',
  'refused',
  'dropped',
  'sent',
  'expired',
  'returned',
  'taken',
  'unknown',
];
/** Why, by number. */
export const REASONS = [
  '',
  'queue-full',
  'closed',
  'unregistered',
  'absent',
  'keeper-full',
  'stopping',
  'contradiction',
  'hold-full',
  'nobody',
  'store',
  'repeat',
  'returned',
  'unsent',
  'unknown',
  'confirmed',
  'invalid',
  'connection-lost',
  'unconfirmed',
  'expired',
] as const;
export type Reason = (typeof REASONS)[number];

export const LATER = 128;
const OUTCOME_MASK = 127;
export const RUN_SHIFT = 8;
/** Numbers of runs are below it. */
export const RUN_LIMIT = 2 ** 24;

const OUTCOME_NUMBERS = new Map(OUTCOMES.map((outcome, number) => [outcome, number]));
const REASON_NUMBERS = new Map(REASONS.map((reason, number) => [reason, number]));

export const SENT_NUMBER = OUTCOME_NUMBERS.get('sent') as number;

/** The word of a record. */
export const wordOf = (outcome: RecordedOutcome, reason: Reason = ''): number =>
  (OUTCOME_NUMBERS.get(outcome) ?? 0) | ((REASON_NUMBERS.get(reason) ?? 0) << RUN_SHIFT);

/** The word of lines in a run. */
export const wordOfRun = (run: number): number => (SENT_NUMBER | (run << RUN_SHIFT)) >>> 0;

export const outcomeIn = (word: number): RecordedOutcome | '' => OUTCOMES[word & OUTCOME_MASK] ?? '';

export const reasonIn = (word: number): Reason =>
  (word & OUTCOME_MASK) === SENT_NUMBER ? '' : (REASONS[word >>> RUN_SHIFT] ?? '');

/** 0: none. */
export const runIn = (word: number): number => ((word & OUTCOME_MASK) === SENT_NUMBER ? word >>> RUN_SHIFT : 0);

export const isLater = (word: number): boolean => (word & LATER) !== 0;
