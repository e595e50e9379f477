// Rates as bars, by a table.

import { expect, it } from 'vitest';
import { barsOf } from './history.ts';

it.each([
  [[], 10, '', 0],
  [[0, 0], 10, '  ', 0],
  [[0, 1, 4, 8], 10, ' ▂▅█', 8],
  [[1, 3, 8, 8], 2, '▃█', 8],
  [[5], 10, '█', 5],
])('%j in %i', (rates, width, bars, most) => {
  expect(barsOf(rates, width)).toEqual({ bars, most });
});
