// Which changes of the load others are told of.

import { expect, it } from 'vitest';
import { isWorthTelling } from './own-facts.ts';

it.each([
  [0, 0, false],
  [9, 0, false],
  [10, 0, true],
  [60, 71, true],
  [94, 100, false],
  [90, 94, true],
  [91, 90, true],
  [90, 85, false],
])('a load of %i when %i was told: %s', (load, told, isTold) => expect(isWorthTelling(load, told)).toBe(isTold));
