// Places machines on a plane: the same graph at the same places each time, cards apart, data centres beside each other.
//
// Within a data centre distances on the plane follow distances in the graph (stress majorization after E. Gansner, Y. Koren
// and S. North, "Graph Drawing by Stress Majorization", 2004), beginning with a circle in the order of names.

import { type AtlasServer, compareTexts, type GraphDocument } from './document.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Point, Size {}

export interface Layout extends Size {
  /** Centres of the cards, by server. */
  readonly places: ReadonlyMap<string, Point>;
  /** Around the machines of each data centre, by its name. */
  readonly regions: ReadonlyMap<string, Box>;
}

/** Between cards, so that cost and round trip find room; and between a card and the edge of its region. */
const GAP = 110;
const MARGIN = 34;
const REGION_GAP = 150;
const ROUNDS = 150;
/** With more machines in one data centre they are set out as a grid. */
const STRESS_MAX = 150;
const REGIONS_IN_ROW = 3;

type Movable = { x: number; y: number };
type Placed = Map<string, Movable>;

/** Places every server of a document. @param sizeOf its card */
export function layOut(document: GraphDocument, sizeOf: (server: AtlasServer) => Size): Layout {
  const neighbors = neighborsIn(document);
  const sizes = new Map(document.servers.map((server) => [server.name, sizeOf(server)]));
  const groups = document.dataCenters
    .map(({ name }) => ({ name, members: document.servers.filter(({ dataCenter }) => dataCenter === name) }))
    .filter(({ members }) => members.length > 0)
    .map(({ name, members }) => ({
      name,
      places: placeGroup(
        members.map((server) => server.name),
        neighbors,
        sizes,
      ),
    }));
  const places: Placed = new Map();
  const regions = new Map<string, Box>();
  let [x, y, rowHeight, width] = [0, 0, 0, 0];
  for (const [at, group] of groups.entries()) {
    if (at > 0 && at % REGIONS_IN_ROW === 0) [x, y, rowHeight] = [0, y + rowHeight + REGION_GAP, 0];
    turnToNeighbors(group.places, neighbors, places);
    const box = moveTo(group.places, sizes, x, y);
    for (const [name, place] of group.places) places.set(name, place);
    regions.set(group.name, box);
    x += box.width + REGION_GAP;
    rowHeight = Math.max(rowHeight, box.height);
    width = Math.max(width, box.x + box.width);
  }
  return { places, regions, width, height: y + rowHeight };
}

function neighborsIn({ servers, links }: GraphDocument): Map<string, Set<string>> {
  const neighbors = new Map(servers.map(({ name }) => [name, new Set<string>()]));
  for (const { from, to } of links) {
    neighbors.get(from)?.add(to);
    neighbors.get(to)?.add(from);
  }
  return neighbors;
}

function placeGroup(
  names: readonly string[],
  neighbors: ReadonlyMap<string, ReadonlySet<string>>,
  sizes: ReadonlyMap<string, Size>,
): Placed {
  const card = largest(names, sizes);
  const step = card.width + GAP;
  const places: Placed = new Map();
  const sorted = [...names].sort(compareTexts);
  if (sorted.length > STRESS_MAX) {
    const columns = Math.ceil(Math.sqrt(sorted.length));
    for (const [at, name] of sorted.entries()) {
      places.set(name, { x: (at % columns) * step, y: Math.floor(at / columns) * (card.height + GAP) });
    }
    return places;
  }
  const radius = (sorted.length * step) / (2 * Math.PI);
  for (const [at, name] of sorted.entries()) {
    const angle = (2 * Math.PI * at) / sorted.length - Math.PI / 2;
    places.set(name, { x: Math.round(radius * Math.cos(angle)), y: Math.round(radius * Math.sin(angle)) });
  }
  relax(sorted, places, distancesIn(sorted, neighbors), step);
  separate(sorted, places, sizes);
  return places;
}

/** Hops between each two; those without a way are set somewhat further apart than the furthest. */
function distancesIn(names: readonly string[], neighbors: ReadonlyMap<string, ReadonlySet<string>>): Float64Array {
  const index = new Map(names.map((name, at) => [name, at]));
  const count = names.length;
  const hops = new Float64Array(count * count).fill(Number.POSITIVE_INFINITY);
  let furthest = 1;
  for (const [from, start] of names.entries()) {
    hops[from * count + from] = 0;
    let edge = [start];
    for (let distance = 1; edge.length > 0; distance++) {
      const next: string[] = [];
      for (const name of edge) {
        for (const neighbor of neighbors.get(name) ?? []) {
          const to = index.get(neighbor);
          if (to === undefined || hops[from * count + to] !== Number.POSITIVE_INFINITY) continue;
          hops[from * count + to] = distance;
          furthest = Math.max(furthest, distance);
          next.push(neighbor);
        }
      }
      edge = next;
    }
  }
  return hops.map((distance) => (distance === Number.POSITIVE_INFINITY ? Math.min(furthest + 1, 4) : distance));
}

/** Each round every machine moves to where those around it would have it. */
function relax(names: readonly string[], places: Placed, hops: Float64Array, step: number): void {
  const count = names.length;
  const points = names.map((name) => places.get(name) as Movable);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, point] of points.entries()) {
      let [sumX, sumY, weights] = [0, 0, 0];
      for (const [other, to] of points.entries()) {
        if (other === at) continue;
        const wanted = (hops[at * count + other] as number) * step;
        const [dx, dy] = [point.x - to.x, point.y - to.y];
        const distance = Math.max(Math.hypot(dx, dy), 1e-6);
        const weight = 1 / (wanted * wanted);
        sumX += weight * (to.x + (wanted * dx) / distance);
        sumY += weight * (to.y + (wanted * dy) / distance);
        weights += weight;
      }
      if (weights > 0) [point.x, point.y] = [sumX / weights, sumY / weights];
    }
  }
  layFlat(points);
  // Equal on machines whose arithmetic differs in the last digit.
  for (const point of points) [point.x, point.y] = [Math.round(point.x), Math.round(point.y)];
}

/** Turns points so that they spread along the width: there cards, and screens, have more room. */
function layFlat(points: readonly Movable[]): void {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [midX, midY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spreadX = mean(({ x }) => (x - midX) ** 2);
  const spreadY = mean(({ y }) => (y - midY) ** 2);
  const both = mean(({ x, y }) => (x - midX) * (y - midY));
  // As wide as high, as a ring is: it stays as it was.
  if (Math.hypot(spreadX - spreadY, 2 * both) < 0.1 * (spreadX + spreadY)) return;
  const angle = Math.atan2(2 * both, spreadX - spreadY) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (const point of points) {
    const [dx, dy] = [point.x - midX, point.y - midY];
    [point.x, point.y] = [cos * dx + sin * dy, cos * dy - sin * dx];
  }
}

/** Pushes cards apart that lie on each other, along the way that is shorter. */
function separate(names: readonly string[], places: Placed, sizes: ReadonlyMap<string, Size>): void {
  for (let round = 0; round < ROUNDS; round++) {
    let isApart = true;
    for (const [at, name] of names.entries()) {
      for (const other of names.slice(at + 1)) {
        const [a, b] = [places.get(name) as Movable, places.get(other) as Movable];
        const [aSize, bSize] = [sizes.get(name) as Size, sizes.get(other) as Size];
        const overX = (aSize.width + bSize.width) / 2 + GAP - Math.abs(a.x - b.x);
        const overY = (aSize.height + bSize.height) / 2 + GAP / 2 - Math.abs(a.y - b.y);
        if (overX <= 0 || overY <= 0) continue;
        isApart = false;
        const axis = overX < overY ? 'x' : 'y';
        const push = Math.ceil(Math.min(overX, overY) / 2);
        const [low, high] = a[axis] <= b[axis] ? [a, b] : [b, a];
        low[axis] -= push;
        high[axis] += push;
      }
    }
    if (isApart) return;
  }
}

/** Of the four ways to mirror a group, the one that brings it nearest to whom it is linked with elsewhere. */
function turnToNeighbors(group: Placed, neighbors: ReadonlyMap<string, ReadonlySet<string>>, placed: Placed): void {
  const rightmost = Math.max(0, ...[...placed.values()].map(({ x }) => x));
  const pulls = [...group].flatMap(([name, place]) =>
    [...(neighbors.get(name) ?? [])].flatMap((other) => {
      const to = placed.get(other);
      return to === undefined ? [] : [{ place, to: { x: to.x - rightmost - 1000, y: to.y } }];
    }),
  );
  if (pulls.length === 0) return;
  let best = { turn: TURNS[0] as Turn, length: Number.POSITIVE_INFINITY };
  for (const turn of TURNS) {
    const length = pulls.reduce((sum, { place, to }) => {
      const { x, y } = turn(place);
      return sum + Math.hypot(x - to.x, y - to.y);
    }, 0);
    if (length < best.length - 1) best = { turn, length };
  }
  for (const place of group.values()) Object.assign(place, best.turn(place));
}

type Turn = (point: Point) => Movable;

// Half turns and mirrors only: a quarter turn would lay cards, which are wider than high, on each other.
const TURNS: readonly Turn[] = [
  ({ x, y }) => ({ x, y }),
  ({ x, y }) => ({ x: -x, y }),
  ({ x, y }) => ({ x, y: -y }),
  ({ x, y }) => ({ x: -x, y: -y }),
];

/** Moves a group so that its region begins at a point. @returns the region */
function moveTo(group: Placed, sizes: ReadonlyMap<string, Size>, x: number, y: number): Box {
  const edges = [...group].map(([name, place]) => {
    const { width, height } = sizes.get(name) as Size;
    return {
      left: place.x - width / 2,
      top: place.y - height / 2,
      right: place.x + width / 2,
      bottom: place.y + height / 2,
    };
  });
  const left = Math.min(...edges.map((edge) => edge.left)) - MARGIN;
  const top = Math.min(...edges.map((edge) => edge.top)) - MARGIN - 16;
  const width = Math.max(...edges.map((edge) => edge.right)) + MARGIN - left;
  const height = Math.max(...edges.map((edge) => edge.bottom)) + MARGIN - top;
  for (const place of group.values()) {
    place.x += x - left;
    place.y += y - top;
  }
  return { x, y, width, height };
}

function largest(names: readonly string[], sizes: ReadonlyMap<string, Size>): Size {
  const all = names.map((name) => sizes.get(name) as Size);
  return { width: Math.max(...all.map(({ width }) => width)), height: Math.max(...all.map(({ height }) => height)) };
}
