// What a daemon did with a message, in a few words, as they stand beside a stop of its story.

import type { Hop, RecordedOutcome } from '@snapcommunicator/network/story';

const WORDS: Readonly<Record<RecordedOutcome, string>> = {
  delivered: 'delivered',
  kept: 'kept',
  refused: 'refused',
  dropped: 'dropped',
  expired: 'expired',
  sent: 'sent on',
  passed: 'passed on',
  returned: 'came back: nobody was there',
  taken: 'hears that it has arrived',
  unknown: 'does not hear what became of it',
};

/** `sent on to beta`, `refused: queue full`. */
export function hopWords({ outcome, reason, wentBy }: Pick<Hop, 'outcome' | 'reason' | 'wentBy'>): string {
  const to = wentBy === undefined ? '' : ` to ${wentBy}`;
  return `${WORDS[outcome]}${to}${reason === undefined ? '' : `: ${reason}`}`;
}
