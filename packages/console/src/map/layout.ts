// Where machines stand: a layout that begins at their names, so that the same cluster always gives the same picture, and
// that leaves everybody in place when somebody comes or goes.

import { arrangeCenters, type Disc } from './center-layout.ts';
import { centerOf, distance, distanceToSegment, type Point } from './geometry.ts';
import { arrangeMachines, drawnFrom, LINK_LENGTH, SPACE } from './machine-layout.ts';

export interface LayoutMachine {
  readonly name: string;
  readonly dataCenter: string;
}

export interface LayoutLink {
  readonly a: string;
  readonly b: string;
}

export interface LayoutGraph {
  readonly machines: readonly LayoutMachine[];
  readonly links: readonly LayoutLink[];
}

export type Positions = ReadonlyMap<string, Point>;

/** Around the machines of a data centre, before the next one begins. */
const CENTER_MARGIN = 105;

/** The larger data centres are, the further apart they stand: their links are to be seen from afar. */
const CENTER_SLACK = 1.14;

/** Where a newcomer looks for room: rings around its neighbours, in places of a ring. */
const RINGS = 9;
const PLACES = 16;

/**
 * Places for all machines of a graph. Whoever has a place keeps it; newcomers come beside their neighbours. Where most
 * are new all is laid out from the names, except that those in `pinned` stay.
 * @param before where machines stand, also such that are not in the graph now
 * @param pinned whom a person has put somewhere
 */
export function layOut(
  graph: LayoutGraph,
  before: Positions = new Map(),
  pinned: ReadonlySet<string> = new Set(),
): Map<string, Point> {
  const known = graph.machines.filter(({ name }) => before.has(name));
  const newCount = graph.machines.length - known.length;
  const isFresh = newCount > Math.max(3, known.length);
  const kept = isFresh ? known.filter(({ name }) => pinned.has(name)) : known;
  const positions = new Map(kept.map(({ name }) => [name, before.get(name) as Point]));
  if (newCount === 0 && !isFresh) return positions;
  if (isFresh) {
    for (const [name, point] of arrange(graph, new Map())) if (!positions.has(name)) positions.set(name, point);
    return positions;
  }
  // Whole data centres that are new are laid out as such, beside those that are there.
  const settled = new Set(kept.map(({ dataCenter }) => dataCenter));
  const arrivals = graph.machines.filter(({ dataCenter }) => !settled.has(dataCenter));
  if (arrivals.length > 0) {
    const arranged = arrange(graph, positions);
    for (const { name } of arrivals) positions.set(name, arranged.get(name) as Point);
  }
  for (const machine of newcomersInOrder(graph, positions))
    positions.set(machine.name, findRoom(machine, graph, positions));
  return positions;
}

/** Every data centre by itself, then the data centres beside each other, then each turned towards the others. */
function arrange({ machines, links }: LayoutGraph, settled: Positions): Map<string, Point> {
  const centerOfMachine = new Map(machines.map(({ name, dataCenter }) => [name, dataCenter]));
  const centers = [...new Set(centerOfMachine.values())].sort();
  const discs = centers.map((name): Disc => {
    const members = machines.filter(({ dataCenter }) => dataCenter === name).map((machine) => machine.name);
    const places = members.map((member) => settled.get(member)).filter((place) => place !== undefined);
    const inside = links.filter(({ a, b }) => centerOfMachine.get(a) === name && centerOfMachine.get(b) === name);
    const points =
      places.length > 0
        ? new Map(members.flatMap((member): [string, Point][] => asEntry(member, settled.get(member))))
        : arrangeMachines(members, inside);
    const middle = centerOf([...points.values()]);
    const radius = Math.max(0, ...[...points.values()].map((point) => distance(point, middle)));
    return {
      name,
      points: new Map([...points].map(([member, { x, y }]) => [member, { x: x - middle.x, y: y - middle.y }])),
      radius: radius * CENTER_SLACK + CENTER_MARGIN,
      fixedAt: places.length > 0 ? middle : undefined,
    };
  });
  return arrangeCenters(
    discs,
    links.filter(({ a, b }) => centerOfMachine.get(a) !== centerOfMachine.get(b)),
    centerOfMachine,
  );
}

const asEntry = (name: string, point: Point | undefined): [string, Point][] =>
  point === undefined ? [] : [[name, point]];

/** Whoever has most neighbours that have a place comes first. */
function* newcomersInOrder({ machines, links }: LayoutGraph, positions: Positions): Generator<LayoutMachine> {
  const waiting = new Map(
    machines.filter(({ name }) => !positions.has(name)).map((machine) => [machine.name, machine]),
  );
  while (waiting.size > 0) {
    const counts = new Map<string, number>([...waiting.keys()].sort().map((name) => [name, 0]));
    for (const { a, b } of links) {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const count = counts.get(one);
        if (count !== undefined && positions.has(other)) counts.set(one, count + 1);
      }
    }
    const [next] = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best));
    yield waiting.get(next) as LayoutMachine;
    waiting.delete(next);
  }
}

/** The best free place near the neighbours of a newcomer: short links, nobody crowded, no link covered. */
function findRoom({ name, dataCenter }: LayoutMachine, { machines, links }: LayoutGraph, positions: Positions): Point {
  const neighbors = links
    .flatMap(({ a, b }) => (a === name ? [b] : b === name ? [a] : []))
    .map((neighbor) => positions.get(neighbor))
    .filter((point) => point !== undefined);
  const centerOfMachine = new Map(machines.map((machine) => [machine.name, machine.dataCenter]));
  const others = [...positions].map(([other, point]) => ({
    point,
    isStranger: centerOfMachine.get(other) !== dataCenter,
  }));
  const colleagues = others.filter(({ isStranger }) => !isStranger).map(({ point }) => point);
  const anchor = centerOf(neighbors.length > 0 ? neighbors : colleagues);
  const segments = links.flatMap(({ a, b }) => {
    const [from, to] = [positions.get(a), positions.get(b)];
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  const badness = (place: Point): number => {
    let sum = 0;
    for (const neighbor of neighbors) sum += (distance(place, neighbor) / LINK_LENGTH - 1) ** 2;
    if (neighbors.length === 0) sum += distance(place, anchor) / LINK_LENGTH;
    for (const { point, isStranger } of others) {
      const room = isStranger ? SPACE + 2 * CENTER_MARGIN : SPACE;
      const lack = 1 - distance(place, point) / room;
      if (lack > 0) sum += 40 * lack;
    }
    for (const { from, to } of segments) {
      const lack = 1 - distanceToSegment(place, from, to) / (SPACE / 2);
      if (lack > 0) sum += 3 * lack;
    }
    return sum;
  };
  let best = { place: anchor, badness: Infinity };
  const angle = drawnFrom(name, 0) * 2 * Math.PI;
  for (let ring = 1; ring <= RINGS; ring++) {
    for (let at = 0; at < PLACES; at++) {
      const turn = angle + (at * 2 * Math.PI) / PLACES;
      const radius = (ring * SPACE) / 2;
      const place = { x: anchor.x + Math.cos(turn) * radius, y: anchor.y + Math.sin(turn) * radius };
      const found = badness(place);
      if (found < best.badness) best = { place, badness: found };
    }
  }
  return best.place;
}
