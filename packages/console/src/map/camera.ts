// Which part of the map is seen, how large, and which of the three distances that is.

import type { Point, Rectangle } from './geometry.ts';

export interface Camera {
  /** What is in the middle of the picture, in units of the map. */
  readonly x: number;
  readonly y: number;
  /** Pixels a unit. */
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Left free around the map when all of it is shown, in pixels. */
export interface Padding {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** With so much more at the bottom. */
export const above = (covered: number, padding: Padding): Padding => ({ ...padding, bottom: padding.bottom + covered });

export const SCALE_MIN = 0.04;
export const SCALE_MAX = 4;
/** All of a small cluster is not shown larger than that. */
const FIT_SCALE_MAX = 2.3;

/** How much of each distance is shown, from 0 to 1: between two they blend into each other. */
export interface Distances {
  /** Data centres as wholes. */
  readonly far: number;
  /** Machines with names. */
  readonly middle: number;
  /** Machines as cards. */
  readonly near: number;
}

export const NEAR_SCALE = 1.4;
const FAR_SCALE = 0.3;
/** From here on rings of services are seen. */
const RING_SCALE = 0.5;

const ramp = (value: number, from: number, to: number): number => {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
};

/** @param hasRegions without data centres to show, machines stay machines from however far */
export function distancesAt(scale: number, hasRegions: boolean): Distances {
  const far = hasRegions ? 1 - ramp(scale, FAR_SCALE * 0.8, FAR_SCALE * 1.15) : 0;
  const near = scale >= NEAR_SCALE ? 1 : 0;
  return { far, near, middle: 1 - far };
}

/** How much of the rings of services is seen, from 0 to 1. */
export const ringsAt = (scale: number): number => ramp(scale, RING_SCALE * 0.85, RING_SCALE * 1.2);

export const toScreen = (camera: Camera, { width, height }: Size, { x, y }: Point): Point => ({
  x: (x - camera.x) * camera.scale + width / 2,
  y: (y - camera.y) * camera.scale + height / 2,
});

export const toMap = (camera: Camera, { width, height }: Size, { x, y }: Point): Point => ({
  x: (x - width / 2) / camera.scale + camera.x,
  y: (y - height / 2) / camera.scale + camera.y,
});

/** All of a rectangle of the map, as large as it fits, up to a scale. */
export function fitted(bounds: Rectangle, size: Size, padding: Padding, scaleMax = FIT_SCALE_MAX): Camera {
  const width = Math.max(60, size.width - padding.left - padding.right);
  const height = Math.max(60, size.height - padding.top - padding.bottom);
  const fit = Math.min(width / Math.max(1, bounds.width), height / Math.max(1, bounds.height));
  const scale = Math.min(scaleMax, Math.max(SCALE_MIN, fit));
  return {
    x: bounds.x + bounds.width / 2 + (padding.right - padding.left) / 2 / scale,
    y: bounds.y + bounds.height / 2 + (padding.bottom - padding.top) / 2 / scale,
    scale,
  };
}

/** The least that the camera has to move, and to recede, so that a part of the map is seen between the paddings. */
export function brought(camera: Camera, bounds: Rectangle, size: Size, padding: Padding): Camera {
  const free = {
    width: size.width - padding.left - padding.right,
    height: size.height - padding.top - padding.bottom,
  };
  if (bounds.width * camera.scale > free.width || bounds.height * camera.scale > free.height)
    return fitted(bounds, size, padding);
  const { x, y } = toScreen(camera, size, bounds);
  const [right, bottom] = [x + bounds.width * camera.scale, y + bounds.height * camera.scale];
  const dx = Math.min(0, x - padding.left) + Math.max(0, right - size.width + padding.right);
  const dy = Math.min(0, y - padding.top) + Math.max(0, bottom - size.height + padding.bottom);
  return dx === 0 && dy === 0
    ? camera
    : { ...camera, x: camera.x + dx / camera.scale, y: camera.y + dy / camera.scale };
}

/** Larger or smaller by a factor; what is at `point` of the picture stays there. */
export function zoomed(camera: Camera, size: Size, point: Point, factor: number): Camera {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, camera.scale * factor));
  const fixed = toMap(camera, size, point);
  return {
    x: fixed.x - (point.x - size.width / 2) / scale,
    y: fixed.y - (point.y - size.height / 2) / scale,
    scale,
  };
}

/** Part of the way from one to another, from 0 to 1; zooming evenly at every scale. */
export function between(from: Camera, to: Camera, part: number): Camera {
  const eased = part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2;
  const scale = from.scale * (to.scale / from.scale) ** eased;
  // What moves evenly on the screen while it grows must move unevenly on the map.
  const way =
    Math.abs(to.scale - from.scale) < 1e-6 ? eased : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
  return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, scale };
}
