// The machines of one data centre: forces between them, from places that follow from their names; of several attempts the
// one with the fewest crossings.

import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationNodeDatum,
} from 'd3-force';
import { centerOf, crosses, distance, distanceToSegment, type Point } from './geometry.ts';
import type { LayoutLink } from './layout.ts';

/** Between two machines that are linked, in units of the map: pixels where the scale is 1. */
export const LINK_LENGTH = 165;
/** Between any two. */
export const SPACE = 128;

/** A machine's dot and name must not stand on a link that is not its own. */
const CLEARANCE = 46;

/** How often all is tried, for up to so many machines: what is small is looked at closely. */
const ATTEMPTS: readonly (readonly [countMax: number, attempts: number, ticks: number])[] = [
  [8, 30, 200],
  [16, 14, 200],
  [40, 5, 200],
  [120, 1, 150],
  [Infinity, 1, 80],
];

interface Body extends SimulationNodeDatum {
  readonly name: string;
  x: number;
  y: number;
}

/** A number from 0 up to, not including, 1 that follows from a name. FNV-1a, with the finish of MurmurHash3. */
export function drawnFrom(name: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt + 1, 0x9e3779b1);
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Places for machines that know only each other; around the origin, wider than high. */
export function arrangeMachines(names: readonly string[], links: readonly LayoutLink[]): Map<string, Point> {
  const [, attempts, ticks] = ATTEMPTS.find(([countMax]) => names.length <= countMax) as (typeof ATTEMPTS)[number];
  const sorted = [...names].sort();
  if (links.length === 0) return sunflower(sorted);
  let best: { bodies: readonly Body[]; badness: number } | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const bodies = letGo(sorted, links, attempt, ticks);
    const badness = attempts === 1 ? 0 : badnessOf(bodies, links);
    if (best === undefined || badness < best.badness) best = { bodies, badness };
  }
  return layDown(best?.bodies ?? []);
}

/** Of whose links nothing is known stand as seeds do. H. Vogel, "A better way to construct the sunflower head" (1979). */
function sunflower(names: readonly string[]): Map<string, Point> {
  const golden = Math.PI * (3 - Math.sqrt(5));
  return new Map(
    names.map((name, at) => {
      const radius = names.length === 1 ? 0 : SPACE * 0.85 * Math.sqrt(at + 0.5);
      return [name, { x: Math.cos(at * golden) * radius, y: Math.sin(at * golden) * radius }];
    }),
  );
}

function letGo(names: readonly string[], links: readonly LayoutLink[], attempt: number, ticks: number): Body[] {
  const reach = LINK_LENGTH * 0.7 * Math.sqrt(names.length);
  const bodies = names.map((name): Body => {
    const angle = drawnFrom(name, 2 * attempt) * 2 * Math.PI;
    const radius = reach * Math.sqrt(drawnFrom(name, 2 * attempt + 1));
    return { name, x: Math.cos(angle) * radius, y: Math.sin(angle) * radius };
  });
  const springs = links.map(({ a, b }) => ({ source: a, target: b }));
  forceSimulation(bodies)
    .alphaDecay(1 - 0.001 ** (1 / ticks))
    .force(
      'links',
      forceLink<Body, { source: string; target: string }>(springs)
        .id(({ name }) => name)
        .distance(LINK_LENGTH),
    )
    .force('charge', forceManyBody<Body>().strength(-620).theta(1.1).distanceMax(1400))
    .force('room', forceCollide<Body>(SPACE / 2).strength(0.9))
    .force('x', forceX<Body>(0).strength(0.03))
    .force('y', forceY<Body>(0).strength(0.05))
    .stop()
    .tick(ticks);
  return bodies;
}

/** Crossings first, then machines that a foreign link runs over, then links that are too long. */
function badnessOf(bodies: readonly Body[], links: readonly LayoutLink[]): number {
  const places = new Map(bodies.map((body) => [body.name, body]));
  const lines = links.flatMap(({ a, b }) => {
    const [from, to] = [places.get(a), places.get(b)];
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  let badness = 0;
  lines.forEach((line, at) => {
    badness += Math.abs(distance(line.from, line.to) / LINK_LENGTH - 1);
    for (const other of lines.slice(at + 1)) {
      const meet = other.from === line.from || other.from === line.to || other.to === line.from || other.to === line.to;
      if (!meet && crosses(line.from, line.to, other.from, other.to)) badness += 4;
    }
    for (const body of bodies) {
      if (body === line.from || body === line.to) continue;
      badness += 6 * Math.max(0, 1 - distanceToSegment(body, line.from, line.to) / CLEARANCE);
    }
  });
  return badness;
}

/** Names and cards are wider than high: room that two machines should have between them. */
const CARD = { width: 118, height: 66 };
const ANGLES = 48;
/** Beyond so many machines all directions look alike: the longest side is laid flat, no more. */
export const TURNED_MAX = 60;

/** Turned as screens are, wider than high, and so that names have room; the first by name is on the left. */
function layDown(bodies: readonly Body[]): Map<string, Point> {
  const middle = centerOf(bodies);
  const around = bodies.map(({ name, x, y }) => ({ name, x: x - middle.x, y: y - middle.y }));
  const turns =
    bodies.length > TURNED_MAX
      ? [flatAngle(around)]
      : Array.from({ length: ANGLES }, (_, at) => (at * Math.PI) / ANGLES);
  let best: { points: readonly (Point & { name: string })[]; badness: number } | undefined;
  for (const turn of turns) {
    const points = turned(around, turn);
    const badness = turns.length === 1 ? 0 : crowding(points);
    if (best === undefined || badness < best.badness - 1e-9) best = { points, badness };
  }
  const points = best?.points ?? [];
  const flipX = (points[0]?.x ?? 0) > 0 ? -1 : 1;
  // What there is more of is below, as in a thing that stands.
  const flipY = points.reduce((sum, { y }) => sum + y ** 3, 0) > 0 ? -1 : 1;
  return new Map(points.map(({ name, x, y }) => [name, { x: x * flipX, y: y * flipY }]));
}

function turned(points: readonly (Point & { name: string })[], angle: number): (Point & { name: string })[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map(({ name, x, y }) => ({ name, x: x * cos - y * sin, y: x * sin + y * cos }));
}

/** The angle by which the longest side comes to lie flat. */
function flatAngle(points: readonly Point[]): number {
  let [xx, xy, yy] = [0, 0, 0];
  for (const { x, y } of points) [xx, xy, yy] = [xx + x * x, xy + x * y, yy + y * y];
  return -0.5 * Math.atan2(2 * xy, xx - yy);
}

/** How narrow and high they stand, and how many are so near that their names or cards would meet. */
export function crowding(points: readonly Point[]): number {
  const width = Math.max(...points.map(({ x }) => x)) - Math.min(...points.map(({ x }) => x)) + CARD.width;
  const height = Math.max(...points.map(({ y }) => y)) - Math.min(...points.map(({ y }) => y)) + CARD.height;
  let badness = (2.5 * height) / width;
  points.forEach((one, at) => {
    for (const other of points.slice(at + 1)) {
      const lackX = 1 - Math.abs(one.x - other.x) / CARD.width;
      const lackY = 1 - Math.abs(one.y - other.y) / CARD.height;
      if (lackX > 0 && lackY > 0) badness += lackX * lackY;
    }
  });
  return badness;
}
