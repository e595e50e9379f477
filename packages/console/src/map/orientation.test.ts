// The turn of the map: with the page, not with a keyboard, and back to where everything was.

import { expect, test } from 'vitest';
import { standsUpright, turnedPlace } from './orientation.ts';

const PHONE = { width: 390, height: 844 };

test('upright on a phone that is held upright, lying on a screen, on a tablet and when the phone is turned', () => {
  expect(standsUpright(PHONE, false)).toBe(true);
  expect(standsUpright({ width: 844, height: 390 }, true)).toBe(false);
  expect(standsUpright({ width: 1440, height: 900 }, true)).toBe(false);
  expect(standsUpright({ width: 960, height: 1000 }, false)).toBe(false);
});

test('a keyboard that takes half of a phone turns nothing, and nothing that is between turns anything', () => {
  expect(standsUpright({ width: 390, height: 844 - 420 }, true)).toBe(true);
  expect(standsUpright({ width: 800, height: 900 }, true)).toBe(true);
  expect(standsUpright({ width: 800, height: 900 }, false)).toBe(false);
});

test('turned twice is as it was', () => {
  const place = { x: 3, y: -7 };
  expect(turnedPlace(place, true)).toEqual({ x: -7, y: 3 });
  expect(turnedPlace(turnedPlace(place, true), true)).toEqual(place);
  expect(turnedPlace(place, false)).toEqual(place);
});
