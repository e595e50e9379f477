// Which way the map lies: on a page much higher than wide it is seen with x and y swapped, so that it fills the page.

import type { Size } from './camera.ts';
import type { Point } from './geometry.ts';

/** Height to width: from the first on the map stands upright, below the other it lies again. */
const UPRIGHT_FROM = 1.3;
const LYING_BELOW = 0.9;

/**
 * Whether the map stands upright on a page of that size. Between the two limits it stays as it was: a keyboard or toolbar
 * that takes some of the height does not turn it, a turn of the phone does.
 */
export function standsUpright({ width, height }: Size, before: boolean): boolean {
  if (height > UPRIGHT_FROM * width) return true;
  return before && height >= LYING_BELOW * width;
}

/** From a place as it is kept to where it is seen; and back, which is the same. */
export const turnedPlace = ({ x, y }: Point, isUpright: boolean): Point => (isUpright ? { x: y, y: x } : { x, y });
