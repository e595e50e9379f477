// What is at a place of the picture, and which machine comes next in a direction.

import { contains, distance, distanceToSegment, isWithin, type Point, type Rectangle } from './geometry.ts';
import type { Selection } from './model.ts';
import type { Picture } from './picture.ts';

export interface Hit {
  readonly selection: Selection;
  /** The machine that it is on. */
  readonly machine: string | undefined;
  /** What is lit by the pointer: the name of a machine, the key of a link, `center:` and a name. */
  readonly hovered: string;
}

/** How near is near enough, in pixels. */
const REACH = { mouse: 4, touch: 14 } as const;

export function hitAt(picture: Picture, point: Point, isTouch: boolean): Hit | undefined {
  const reach = isTouch ? REACH.touch : REACH.mouse;
  return machineAt(picture, point, reach) ?? linkAt(picture, point, reach) ?? centerAt(picture, point);
}

function machineAt({ machines, labels }: Picture, point: Point, reach: number): Hit | undefined {
  let nearest: { name: string; gap: number } | undefined;
  for (const [name, { x, y, ringRadius, card }] of machines) {
    if (card !== undefined) {
      if (!contains(card, point)) continue;
      const inside = { x: point.x - card.x, y: point.y - card.y };
      const pill = card.pills.find((each) => each.service !== '' && contains(each, inside));
      const selection: Selection =
        pill === undefined ? { kind: 'machine', machine: name } : { kind: 'service', service: pill.service };
      return { selection, machine: name, hovered: name };
    }
    const gap = distance(point, { x, y }) - ringRadius;
    if (gap <= reach && (nearest === undefined || gap < nearest.gap)) nearest = { name, gap };
  }
  if (nearest === undefined) {
    for (const [key, label] of labels) {
      if (key.startsWith('machine:') && contains(label, point))
        nearest = { name: key.slice('machine:'.length), gap: 0 };
    }
  }
  if (nearest === undefined) return undefined;
  const { name } = nearest;
  return { selection: { kind: 'machine', machine: name }, machine: name, hovered: name };
}

function linkAt({ links, labels, distances }: Picture, point: Point, reach: number): Hit | undefined {
  if (distances.far > 0.5) return undefined;
  let nearest: { key: string; from: string; to: string; gap: number } | undefined;
  for (const { link, from, to, width } of links) {
    const label = labels.get(`link:${link.key}`);
    const isOnLabel = label !== undefined && contains(label, point);
    const gap = isOnLabel ? 0 : distanceToSegment(point, from, to) - width / 2;
    if (gap <= reach && (nearest === undefined || gap < nearest.gap)) {
      nearest = { key: link.key, from: link.a, to: link.b, gap };
    }
  }
  if (nearest === undefined) return undefined;
  const { key, from, to } = nearest;
  return { selection: { kind: 'link', from, to }, machine: undefined, hovered: key };
}

function centerAt({ regions, labels, distances }: Picture, point: Point): Hit | undefined {
  for (const { center, hull, padding } of regions) {
    const label = labels.get(`center:${center.name}`);
    const isOnLabel = label !== undefined && contains(label, point);
    if (isOnLabel || (distances.far > 0.5 && isWithin(hull, padding, point))) {
      return {
        selection: { kind: 'data-center', dataCenter: center.name },
        machine: undefined,
        hovered: `center:${center.name}`,
      };
    }
  }
  return undefined;
}

export type Direction = 'left' | 'right' | 'up' | 'down';

const VECTORS: Readonly<Record<Direction, Point>> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
};

/** How much more a step aside costs than one ahead. */
const ASIDE = 2.2;

/**
 * The machine to which an arrow key goes: the nearest one ahead, rather a little further than much aside. Where nobody is
 * ahead, nobody.
 */
export function neighborToward(
  positions: ReadonlyMap<string, Point>,
  from: string,
  direction: Direction,
): string | undefined {
  const start = positions.get(from);
  if (start === undefined) return undefined;
  const { x: ux, y: uy } = VECTORS[direction];
  let best: { name: string; cost: number } | undefined;
  for (const [name, { x, y }] of positions) {
    if (name === from) continue;
    const [dx, dy] = [x - start.x, y - start.y];
    const ahead = dx * ux + dy * uy;
    const aside = Math.abs(dx * uy - dy * ux);
    if (ahead <= 1 || aside > ahead * 2.5) continue;
    const cost = ahead + ASIDE * aside;
    if (best === undefined || cost < best.cost) best = { name, cost };
  }
  return best?.name;
}

/** The rectangles of all that is written, for those who check that nothing lies on anything. */
export function writtenRectangles({ labels, machines }: Picture): (Rectangle & { readonly key: string })[] {
  const cards = [...machines].flatMap(([name, { card }]) =>
    card === undefined ? [] : [{ key: `card:${name}`, x: card.x, y: card.y, width: card.width, height: card.height }],
  );
  const names = [...labels.values()].map(({ key, x, y, width, height }) => ({ key, x, y, width, height }));
  return [...cards, ...names];
}
