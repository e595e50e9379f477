// Data centres beside each other: discs pushed apart and drawn together by their links, each turned so that the machines
// with links to others face them.

import { forceCollide, forceLink, forceSimulation, forceX, forceY, type SimulationNodeDatum } from 'd3-force';
import { crosses, distance, type Point } from './geometry.ts';
import type { LayoutLink } from './layout.ts';
import { crowding, drawnFrom, LINK_LENGTH, TURNED_MAX } from './machine-layout.ts';

export interface Disc {
  readonly name: string;
  /** Its machines around its middle. */
  readonly points: ReadonlyMap<string, Point>;
  readonly radius: number;
  /** Where it already is. */
  readonly fixedAt: Point | undefined;
}

interface Body extends SimulationNodeDatum {
  readonly disc: Disc;
  readonly name: string;
  x: number;
  y: number;
}

const ATTEMPTS = 48;
const TICKS = 120;
/** Screens are so much wider than high. */
const SCREEN_RATIO = 1.8;

/** @param links only those between data centres */
export function arrangeCenters(
  discs: readonly Disc[],
  links: readonly LayoutLink[],
  centerOfMachine: ReadonlyMap<string, string>,
): Map<string, Point> {
  const pairs = new Map<string, { source: string; target: string }>();
  for (const { a, b } of links) {
    const [source, target] = [centerOfMachine.get(a) as string, centerOfMachine.get(b) as string].sort() as [
      string,
      string,
    ];
    pairs.set(`${source} ${target}`, { source, target });
  }
  const springs = [...pairs.values()];
  let best: { bodies: readonly Body[]; badness: number } | undefined;
  for (let attempt = 0; attempt < (discs.length === 1 ? 1 : ATTEMPTS); attempt++) {
    const bodies = letGo(discs, springs, attempt);
    spreadOut(bodies);
    const badness = badnessOf(bodies, springs);
    if (best === undefined || badness < best.badness) best = { bodies, badness };
  }
  return drawTogether(turnEach(best?.bodies ?? [], links, centerOfMachine), best?.bodies ?? []);
}

/** Between machines of different data centres, in units of the map; more where these are large. */
const GAP = 190;
const GAP_OF_RADIUS = 0.3;
const CLOSER = 0.97;

/** Discs are larger than what is in them: all come nearer, flatter first, until regions would meet. */
function drawTogether(placed: ReadonlyMap<string, Point>, bodies: readonly Body[]): Map<string, Point> {
  const groups = bodies.map(({ x, y, disc }) => ({
    middle: { x, y },
    radius: disc.radius,
    points: [...disc.points.keys()].map((name) => {
      const point = placed.get(name) as Point;
      return { name, x: point.x - x, y: point.y - y };
    }),
  }));
  let [scaleX, scaleY] = [1, 1];
  const isRoomy = (byX: number, byY: number): boolean =>
    groups.every((one, at) =>
      groups.slice(at + 1).every((other) => {
        const gap = GAP + GAP_OF_RADIUS * Math.min(one.radius, other.radius);
        const [dx, dy] = [(other.middle.x - one.middle.x) * byX, (other.middle.y - one.middle.y) * byY];
        if (Math.hypot(dx, dy) > one.radius + other.radius + gap) return true;
        return one.points.every((a) => other.points.every((b) => Math.hypot(dx + b.x - a.x, dy + b.y - a.y) >= gap));
      }),
    );
  if (bodies.length > 1 && bodies.every(({ disc }) => disc.fixedAt === undefined)) {
    while (scaleY > 0.3 && isRoomy(scaleX, scaleY * CLOSER)) scaleY *= CLOSER;
    while (scaleX > 0.3 && isRoomy(scaleX * CLOSER, scaleY)) scaleX *= CLOSER;
  }
  return new Map(
    groups.flatMap(({ middle, points }) =>
      points.map(({ name, x, y }): [string, Point] => [name, { x: middle.x * scaleX + x, y: middle.y * scaleY + y }]),
    ),
  );
}

function letGo(
  discs: readonly Disc[],
  springs: readonly { source: string; target: string }[],
  attempt: number,
): Body[] {
  const reach = discs.reduce((sum, { radius }) => sum + radius, 0);
  const bodies = discs.map((disc): Body => {
    const { name, fixedAt } = disc;
    if (fixedAt !== undefined) return { disc, name, x: fixedAt.x, y: fixedAt.y, fx: fixedAt.x, fy: fixedAt.y };
    if (discs.length === 1) return { disc, name, x: 0, y: 0 };
    const [x, y] = [drawnFrom(name, 2 * attempt) - 0.5, drawnFrom(name, 2 * attempt + 1) - 0.5];
    return { disc, name, x: x * reach * 1.6, y: y * reach };
  });
  forceSimulation(bodies)
    .alphaDecay(1 - 0.001 ** (1 / TICKS))
    .force(
      'links',
      forceLink<Body, { source: string | Body; target: string | Body }>(springs.map((spring) => ({ ...spring })))
        .id(({ name }) => name)
        .distance(({ source, target }) => (source as Body).disc.radius + (target as Body).disc.radius),
    )
    .force(
      'room',
      forceCollide<Body>(({ disc }) => disc.radius)
        .strength(1)
        .iterations(4),
    )
    .force('x', forceX<Body>(0).strength(0.05))
    // Screens are wider than high.
    .force('y', forceY<Body>(0).strength(0.09))
    .stop()
    .tick(TICKS);
  return bodies;
}

/** Turns all together so that they are as wide and as high as screens are. */
function spreadOut(bodies: readonly Body[]): void {
  if (bodies.length === 1 || bodies.some(({ disc }) => disc.fixedAt !== undefined)) return;
  const at = bodies.map(({ x, y }) => ({ x, y }));
  let best = { angle: 0, badness: Infinity };
  for (let step = 0; step < TURNS; step++) {
    const angle = (step * Math.PI) / TURNS;
    turnAll(bodies, at, angle);
    const badness = Math.abs(Math.log(extent(bodies, 'x') / extent(bodies, 'y') / SCREEN_RATIO));
    if (badness < best.badness - 1e-9) best = { angle, badness };
  }
  turnAll(bodies, at, best.angle);
}

function turnAll(bodies: readonly Body[], at: readonly Point[], angle: number): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (const [index, body] of bodies.entries()) {
    const { x, y } = at[index] as Point;
    body.x = x * cos - y * sin;
    body.y = x * sin + y * cos;
  }
}

/** Links of data centres that cross each other or run over a third one, overlap, and the room that all take. */
function badnessOf(bodies: readonly Body[], springs: readonly { source: string; target: string }[]): number {
  const places = new Map(bodies.map((body) => [body.name, body]));
  const lines = springs.map(({ source, target }) => ({
    from: places.get(source) as Body,
    to: places.get(target) as Body,
  }));
  let badness = 0;
  lines.forEach((line, at) => {
    badness += distance(line.from, line.to) / (line.from.disc.radius + line.to.disc.radius) - 1;
    for (const other of lines.slice(at + 1)) if (crosses(line.from, line.to, other.from, other.to)) badness += 4;
  });
  bodies.forEach((one, at) => {
    for (const other of bodies.slice(at + 1)) {
      badness += 20 * Math.max(0, 1 - distance(one, other) / (one.disc.radius + other.disc.radius));
    }
  });
  const width = extent(bodies, 'x');
  const height = extent(bodies, 'y');
  return badness + 4 * Math.abs(Math.log(width / height / SCREEN_RATIO));
}

const extent = (bodies: readonly Body[], axis: 'x' | 'y'): number =>
  Math.max(...bodies.map((body) => body[axis] + body.disc.radius)) -
  Math.min(...bodies.map((body) => body[axis] - body.disc.radius));

/** Ways in which a data centre can be turned, mirrored or not. */
const TURNS = 24;
/** Rounds in which each is turned as is best with the others as they stand. */
const ROUNDS = 3;
/** Beyond so many links between data centres only their lengths count. */
const CROSSED_MAX = 80;

interface Turn {
  readonly cos: number;
  readonly sin: number;
  readonly mirror: 1 | -1;
}

const STRAIGHT: Turn = { cos: 1, sin: 0, mirror: 1 };

/** Every data centre turned, or mirrored and turned, so that links to others are short, and few of them cross. */
function turnEach(
  bodies: readonly Body[],
  links: readonly LayoutLink[],
  centerOfMachine: ReadonlyMap<string, string>,
): Map<string, Point> {
  const turns = new Map<string, Turn>(bodies.map(({ name }) => [name, STRAIGHT]));
  const byName = new Map(bodies.map((body) => [body.name, body]));
  const placed = (machine: string): Point | undefined => {
    const body = byName.get(centerOfMachine.get(machine) ?? '');
    const point = body?.disc.points.get(machine);
    return body === undefined || point === undefined ? undefined : turned(body, turns.get(body.name) as Turn, point);
  };
  const badness = (body: Body): number => {
    const lines = links.flatMap(({ a, b }) => {
      const [from, to] = [placed(a), placed(b)];
      return from === undefined || to === undefined ? [] : [{ from, to }];
    });
    let sum = 0;
    lines.forEach(({ from, to }, at) => {
      sum += distance(from, to) / LINK_LENGTH;
      if (lines.length > CROSSED_MAX) return;
      for (const other of lines.slice(at + 1)) if (crosses(from, to, other.from, other.to)) sum += 5;
    });
    const { points } = body.disc;
    if (points.size > TURNED_MAX) return sum;
    return sum + crowding([...points.values()].map((point) => turned(body, turns.get(body.name) as Turn, point)));
  };
  const loose = bodies.filter(({ disc }) => disc.fixedAt === undefined && disc.points.size > 0);
  for (let round = 0; round < (bodies.length > 1 ? ROUNDS : 0); round++) {
    for (const body of loose) {
      let best = { turn: turns.get(body.name) as Turn, badness: badness(body) };
      for (let at = 0; at < 2 * TURNS; at++) {
        const angle = (at * 2 * Math.PI) / TURNS;
        const turn: Turn = { cos: Math.cos(angle), sin: Math.sin(angle), mirror: at < TURNS ? 1 : -1 };
        turns.set(body.name, turn);
        const found = badness(body);
        if (found < best.badness - 1e-9) best = { turn, badness: found };
      }
      turns.set(body.name, best.turn);
    }
  }
  return new Map(
    bodies.flatMap((body) =>
      [...body.disc.points].map(([name, point]): [string, Point] => [
        name,
        turned(body, turns.get(body.name) as Turn, point),
      ]),
    ),
  );
}

const turned = ({ x, y }: Body, { cos, sin, mirror }: Turn, point: Point): Point => ({
  x: x + point.x * mirror * cos - point.y * sin,
  y: y + point.x * mirror * sin + point.y * cos,
});
