// The words of a story’s steps.

import { RECORDED_OUTCOMES } from '@snapcommunicator/network/story';
import { expect, test } from 'vitest';
import { hopWords } from './hop-words.ts';

test('what was done, where it went, and why', () => {
  expect(hopWords({ outcome: 'passed', wentBy: 'gamma' })).toBe('passed on to gamma');
  expect(hopWords({ outcome: 'refused', reason: 'queue full' })).toBe('refused: queue full');
  for (const outcome of RECORDED_OUTCOMES) expect(hopWords({ outcome })).toMatch(/^[a-z]/);
});
