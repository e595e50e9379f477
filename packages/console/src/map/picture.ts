// What is drawn at this distance and place: the scene in pixels, with names and cards where there is room for them. Pure.

import { type Camera, type Distances, distancesAt, ringsAt, type Size, toScreen } from './camera.ts';
import { type Card, layOutCard, type Measure } from './card.ts';
import type { Emphasis } from './emphasis.ts';
import { boundsOf, convexHull, type Point, type Rectangle } from './geometry.ts';
import { type LabelRequest, type Obstacle, type PlacedLabel, placeLabels } from './labels.ts';
import type { Positions } from './layout.ts';
import type { CenterLink, MapCenter, MapLink, MapMachine, Scene } from './model.ts';
import { type LabelText, labelRequests } from './picture-labels.ts';

export interface PictureMachine extends Point {
  readonly machine: MapMachine;
  readonly radius: number;
  /** Of the ring of services around it; the radius of the dot where there is none. */
  readonly ringRadius: number;
  readonly card: (Card & Rectangle) | undefined;
}

export interface PictureLink {
  readonly link: MapLink;
  /** Where it begins and ends: at the edges of the dots. */
  readonly from: Point;
  readonly to: Point;
  readonly length: number;
  readonly width: number;
}

export interface PictureCenterLink {
  readonly link: CenterLink;
  readonly from: Point;
  readonly to: Point;
  readonly length: number;
  readonly width: number;
}

export interface PictureRegion {
  readonly center: MapCenter;
  /** Of the machines in it; the region goes `padding` further. */
  readonly hull: readonly Point[];
  /** Of each edge of the hull, towards where it bows out. */
  readonly bows: readonly Point[];
  readonly padding: number;
  readonly bounds: Rectangle;
}

export interface Picture {
  readonly camera: Camera;
  readonly size: Size;
  readonly distances: Distances;
  /** How much of the rings of services is seen. */
  readonly rings: number;
  readonly machines: ReadonlyMap<string, PictureMachine>;
  readonly links: readonly PictureLink[];
  readonly centerLinks: readonly PictureCenterLink[];
  readonly regions: readonly PictureRegion[];
  readonly labels: ReadonlyMap<string, PlacedLabel>;
  readonly texts: ReadonlyMap<string, LabelText>;
}

export interface PictureParts {
  readonly scene: Scene;
  readonly positions: Positions;
  readonly camera: Camera;
  readonly size: Size;
  readonly emphasis: Emphasis;
  /** Whose names are wanted before all others: focus, search, pointer. */
  readonly wanted: ReadonlySet<string>;
  readonly measure: Measure;
  /** Kept free for buttons, at the edges. */
  readonly margins: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
  readonly before: ReadonlyMap<string, PlacedLabel>;
}

/** What lies further outside is not drawn, in pixels. */
const OUTSIDE = 120;
const CARD_ROWS_MIN = 3;
/** Around the machines of a data centre, in units of the map. */
const REGION_PADDING = 70;

/** The width of a line that carries so many messages a second, in pixels. */
export const lineWidth = (perSecond: number): number => 1.1 + 0.85 * Math.log10(1 + perSecond);

/** From afar lines are thinner: else many of them are one grey. */
const thinnedAt = (scale: number): number => Math.min(1, Math.max(0.42, scale / 0.5));

export function compose(parts: PictureParts): Picture {
  const { scene, camera, size } = parts;
  const distances = distancesAt(camera.scale, scene.hasRegions);
  const rings = ringsAt(camera.scale);
  const regions = scene.hasRegions ? composeRegions(parts) : [];
  const dots = composeDots(parts, rings);
  const machines = distances.near > 0 ? withCards(dots, parts) : dots;
  const links = composeLinks(scene.links, machines, size, thinnedAt(camera.scale));
  const centerLinks = distances.far > 0 ? composeCenterLinks(scene.centerLinks, regions) : [];
  const requests = labelRequests({ ...parts, distances, rings, machines, links, centerLinks, regions });
  const obstacles: Obstacle[] = [];
  for (const [name, { x, y, radius, ringRadius, card }] of machines) {
    const reach = rings > 0.3 ? ringRadius : radius;
    if (card !== undefined) obstacles.push({ ...boxOf(card), owner: name });
    else if (distances.far < 0.5)
      obstacles.push({ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach, owner: name });
  }
  const { margins } = parts;
  const within = {
    x: margins.left,
    y: margins.top,
    width: size.width - margins.left - margins.right,
    height: size.height - margins.top - margins.bottom,
  };
  const labels = placeLabels(requests, obstacles, within, parts.before);
  const texts = new Map(requests.map(({ key, text }) => [key, text]));
  return { camera, size, distances, rings, machines, links, centerLinks, regions, labels, texts };
}

const boxOf = ({ x, y, width, height }: Rectangle): Rectangle => ({ x, y, width, height });

function composeDots({ scene, positions, camera, size }: PictureParts, rings: number): Map<string, PictureMachine> {
  const dots = new Map<string, PictureMachine>();
  const growth = Math.min(1.25, Math.max(0.22, camera.scale)) ** 0.75;
  for (const machine of scene.machines.values()) {
    const position = positions.get(machine.name);
    if (position === undefined) continue;
    const { x, y } = toScreen(camera, size, position);
    const radius = Math.max(2, growth * Math.min(15, 5.5 + 2 * Math.log10(1 + machine.perSecond)));
    const hasRing = rings > 0 && machine.services.length > 0;
    const ringRadius = hasRing ? radius + 3 + 5 * growth : radius;
    dots.set(machine.name, { machine, x, y, radius, ringRadius, card: undefined });
  }
  return dots;
}

/** Near: cards, the most important first, where they cover nobody else. */
function withCards(dots: ReadonlyMap<string, PictureMachine>, parts: PictureParts): Map<string, PictureMachine> {
  const { scene, camera, size, measure, wanted, before } = parts;
  const rowsMax = CARD_ROWS_MIN + Math.max(0, Math.round((camera.scale - 1.6) * 3));
  const cards = new Map<string, Card & Rectangle>();
  const requests: LabelRequest[] = [];
  const outside = { x: -OUTSIDE, y: -OUTSIDE, width: size.width + 2 * OUTSIDE, height: size.height + 2 * OUTSIDE };
  for (const [name, { machine, x, y }] of dots) {
    if (x < outside.x || y < outside.y || x > size.width + OUTSIDE || y > size.height + OUTSIDE) continue;
    const card = layOutCard(machine, scene.time, rowsMax, measure);
    const box = { x: Math.round(x - card.width / 2), y: Math.round(y - card.height / 2) };
    cards.set(name, { ...card, ...box });
    const priority =
      (wanted.has(name) ? 100 : 0) + (machine.state === 'well' ? 0 : 10) + Math.log10(1 + machine.perSecond);
    requests.push({
      key: `card:${name}`,
      priority,
      owner: name,
      places: [{ ...box, width: card.width, height: card.height }],
    });
  }
  const obstacles = [...dots].map(([owner, { x, y, ringRadius: r }]) => ({
    x: x - r,
    y: y - r,
    width: 2 * r,
    height: 2 * r,
    owner,
  }));
  const everywhere = { x: -1e4, y: -1e4, width: 1e5, height: 1e5 };
  const placed = placeLabels(requests, obstacles, everywhere, before);
  return new Map(
    [...dots].map(([name, dot]) => [name, placed.has(`card:${name}`) ? { ...dot, card: cards.get(name) } : dot]),
  );
}

function composeLinks(
  links: readonly MapLink[],
  machines: ReadonlyMap<string, PictureMachine>,
  size: Size,
  thinned: number,
): PictureLink[] {
  const pictured: PictureLink[] = [];
  for (const link of links) {
    const [a, b] = [machines.get(link.a), machines.get(link.b)];
    if (a === undefined || b === undefined || !isSeen(a, b, size)) continue;
    const from = edgeOf(a, b);
    const to = edgeOf(b, a);
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    pictured.push({ link, from, to, length, width: thinned * lineWidth(link.forward + link.backward) });
  }
  return pictured;
}

const isSeen = (a: Point, b: Point, { width, height }: Size): boolean =>
  Math.max(a.x, b.x) > -OUTSIDE &&
  Math.max(a.y, b.y) > -OUTSIDE &&
  Math.min(a.x, b.x) < width + OUTSIDE &&
  Math.min(a.y, b.y) < height + OUTSIDE;

/** Where a line from one machine to another leaves the first. */
function edgeOf({ x, y, ringRadius, card }: PictureMachine, to: Point): Point {
  const [dx, dy] = [to.x - x, to.y - y];
  const length = Math.hypot(dx, dy) || 1;
  if (card === undefined) {
    const reach = Math.min(length / 2, ringRadius + 1.5);
    return { x: x + (dx / length) * reach, y: y + (dy / length) * reach };
  }
  const [middleX, middleY] = [card.x + card.width / 2, card.y + card.height / 2];
  const part = Math.min(
    card.width / 2 / Math.max(1e-6, Math.abs(dx)),
    card.height / 2 / Math.max(1e-6, Math.abs(dy)),
    0.5,
  );
  return { x: middleX + dx * part, y: middleY + dy * part };
}

function composeRegions({ scene, positions, camera, size }: PictureParts): PictureRegion[] {
  const padding = Math.max(12, Math.min(210, REGION_PADDING * camera.scale));
  return scene.centers.flatMap((center) => {
    const points = center.machines.flatMap((name) => {
      const position = positions.get(name);
      return position === undefined ? [] : [toScreen(camera, size, position)];
    });
    if (points.length === 0) return [];
    const hull = convexHull(points);
    const bows = bowsOf(hull);
    const tops = bows.map(({ x, y }, at) =>
      middle({ x, y }, middle(hull[at] as Point, hull[(at + 1) % hull.length] as Point)),
    );
    const { x, y, width, height } = boundsOf([...hull, ...tops]) as Rectangle;
    const bounds = { x: x - padding, y: y - padding, width: width + 2 * padding, height: height + 2 * padding };
    return [{ center, hull, bows, padding, bounds }];
  });
}

const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** How far an edge of a region bows out, as a part of its length. */
const BOW = 0.18;

/** Only long edges bow: many short ones are round enough, and would look like a cloud. */
function bowsOf(hull: readonly Point[]): Point[] {
  const { width = 1, height = 1 } = boundsOf(hull) ?? {};
  const extent = Math.max(1, width, height);
  return hull.map((corner, at) => {
    const next = hull[(at + 1) % hull.length] as Point;
    const [dx, dy] = [next.x - corner.x, next.y - corner.y];
    const bow = hull.length > 2 ? BOW * Math.min(1, Math.hypot(dx, dy) / extent / 0.6) : 0;
    return { x: (corner.x + next.x) / 2 + dy * bow, y: (corner.y + next.y) / 2 - dx * bow };
  });
}

function composeCenterLinks(links: readonly CenterLink[], regions: readonly PictureRegion[]): PictureCenterLink[] {
  const byName = new Map(regions.map((region) => [region.center.name, region]));
  return links.flatMap((link) => {
    const [a, b] = [byName.get(link.a), byName.get(link.b)];
    if (a === undefined || b === undefined) return [];
    const [from, to] = [leaving(a, middleOf(b)), leaving(b, middleOf(a))];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    return [{ link, from, to, length, width: 0.6 + 1.1 * lineWidth(link.forward + link.backward) }];
  });
}

const middleOf = ({ bounds: { x, y, width, height } }: PictureRegion): Point => ({
  x: x + width / 2,
  y: y + height / 2,
});

/** Where a line from the middle of a region leaves it. */
function leaving(region: PictureRegion, to: Point): Point {
  const from = middleOf(region);
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  // The point of the hull that lies furthest in that direction is about where the region ends.
  let reach = 0;
  for (const [at, corner] of region.hull.entries()) {
    const next = region.hull[(at + 1) % region.hull.length] as Point;
    reach = Math.max(reach, crossingAt(from, ux, uy, corner, next));
  }
  const end = Math.min(length * 0.45, reach + region.padding);
  return { x: from.x + ux * end, y: from.y + uy * end };
}

/** How far from a point in a direction an edge is met; 0 if it is not. */
function crossingAt(from: Point, ux: number, uy: number, a: Point, b: Point): number {
  const [ex, ey] = [b.x - a.x, b.y - a.y];
  const determinant = ux * -ey + uy * ex;
  if (Math.abs(determinant) < 1e-9) return 0;
  const [wx, wy] = [a.x - from.x, a.y - from.y];
  const along = (wx * -ey + wy * ex) / determinant;
  const onEdge = (ux * wy - uy * wx) / determinant;
  return along > 0 && onEdge >= 0 && onEdge <= 1 ? along : 0;
}
