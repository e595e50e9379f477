// A flag to be raised in tests: full is the queue of the mail service.

import type { FlagRaising } from '../own-flags.ts';

export const words = { unit: 'mail', section: 'queue', name: 'full' };

export const raising = (more: Partial<FlagRaising> = {}): FlagRaising => ({
  ...words,
  message: 'it is full',
  priority: 5,
  tags: [],
  isManual: false,
  raisedBy: 'mail',
  ...more,
});
