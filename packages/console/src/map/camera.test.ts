// The camera: what is pointed at stays under the pointer, all fits, and flights begin and end where they should.

import { expect, test } from 'vitest';
import { above, between, brought, distancesAt, fitted, SCALE_MAX, toMap, toScreen, zoomed } from './camera.ts';
import { neighborToward } from './hit.ts';

const SIZE = { width: 800, height: 600 };
const CAMERA = { x: 40, y: -20, scale: 0.7 };

test('zooming keeps what is under the pointer, within bounds', () => {
  const pointer = { x: 130, y: 470 };
  const there = toMap(CAMERA, SIZE, pointer);
  const nearer = zoomed(CAMERA, SIZE, pointer, 1.6);
  expect(toScreen(nearer, SIZE, there).x).toBeCloseTo(130);
  expect(toScreen(nearer, SIZE, there).y).toBeCloseTo(470);
  expect(zoomed(CAMERA, SIZE, pointer, 1e6).scale).toBe(SCALE_MAX);
});

test('all of it fits between the paddings', () => {
  const bounds = { x: -900, y: 300, width: 2400, height: 700 };
  const padding = { top: 80, right: 20, bottom: 10, left: 60 };
  const camera = fitted(bounds, SIZE, padding);
  const [start, end] = [
    toScreen(camera, SIZE, bounds),
    toScreen(camera, SIZE, { x: bounds.x + bounds.width, y: bounds.y + bounds.height }),
  ];
  expect(start.x).toBeGreaterThanOrEqual(60 - 1e-6);
  expect(start.y).toBeGreaterThanOrEqual(80 - 1e-6);
  expect(end.x).toBeLessThanOrEqual(780 + 1e-6);
  expect(end.y).toBeLessThanOrEqual(590 + 1e-6);
});

test('a flight goes from one to the other', () => {
  const to = { x: 400, y: 90, scale: 2.4 };
  expect(between(CAMERA, to, 0)).toEqual(CAMERA);
  const end = between(CAMERA, to, 1);
  expect(end.x).toBeCloseTo(400);
  expect(end.scale).toBeCloseTo(2.4);
});

test('three distances; without regions there is no far one', () => {
  expect(distancesAt(0.1, true)).toEqual({ far: 1, middle: 0, near: 0 });
  expect(distancesAt(0.8, true)).toEqual({ far: 0, middle: 1, near: 0 });
  expect(distancesAt(2, true)).toMatchObject({ far: 0, near: 1 });
  expect(distancesAt(0.1, false)).toMatchObject({ far: 0 });
});

test('arrow keys go to the machine that lies that way', () => {
  const positions = new Map(
    Object.entries({ middle: [0, 0], right: [100, 10], farRight: [220, 0], up: [20, -120], aslant: [90, -160] }).map(
      ([name, [x, y]]) => [name, { x: x as number, y: y as number }],
    ),
  );
  expect(neighborToward(positions, 'middle', 'right')).toBe('right');
  expect(neighborToward(positions, 'middle', 'up')).toBe('up');
  expect(neighborToward(positions, 'middle', 'left')).toBeUndefined();
  expect(neighborToward(positions, 'right', 'right')).toBe('farRight');
  expect(neighborToward(positions, 'nobody', 'up')).toBeUndefined();
});

test('what is under a cover is brought out by the least way; what is clear stays; what is too large is shown smaller', () => {
  const padding = above(300, { top: 20, right: 30, bottom: 40, left: 30 });
  const hidden = { ...toMap(CAMERA, SIZE, { x: 400, y: 500 }), width: 0, height: 0 };
  const camera = brought(CAMERA, hidden, SIZE, padding);
  expect(camera.scale).toBe(CAMERA.scale);
  expect(toScreen(camera, SIZE, hidden).x).toBeCloseTo(400);
  expect(toScreen(camera, SIZE, hidden).y).toBeCloseTo(260);
  expect(brought(camera, hidden, SIZE, padding)).toBe(camera);
  const large = { x: -1000, y: -1000, width: 2000, height: 2000 };
  const far = brought(CAMERA, large, SIZE, padding);
  expect(toScreen(far, SIZE, large).y).toBeCloseTo(20);
  expect(toScreen(far, SIZE, { x: 1000, y: 1000 }).y).toBeCloseTo(260);
});
