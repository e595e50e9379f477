// Which names are written and where, so that none lies on another: the most important first, each at the first of its
// places that is free; for whom none is left waits for the pointer.

import { overlaps, type Rectangle } from './geometry.ts';

export interface LabelRequest {
  readonly key: string;
  /** Greater is more important. Of equal ones the first by key comes first. */
  readonly priority: number;
  /** Where it may be, the best first. */
  readonly places: readonly Rectangle[];
  /** In which order its places are tried, where not as they come. */
  readonly order?: readonly number[];
  /** Things on which it may lie: its own dot. */
  readonly owner?: string;
}

/** Something that no name may cover. */
export interface Obstacle extends Rectangle {
  readonly owner: string;
}

export interface PlacedLabel extends Rectangle {
  readonly key: string;
  /** Which of its places. */
  readonly place: number;
}

/** Between two names, in pixels. */
const GAP = 3;
/** Rectangles are looked for in squares of that size, in pixels. */
const SQUARE = 96;

class Taken {
  readonly #squares = new Map<number, (Rectangle & { readonly owner?: string })[]>();

  add(box: Rectangle & { readonly owner?: string }): void {
    for (const square of squaresOf(box)) {
      const boxes = this.#squares.get(square);
      if (boxes === undefined) this.#squares.set(square, [box]);
      else boxes.push(box);
    }
  }

  isFree(box: Rectangle, owner: string | undefined): boolean {
    for (const square of squaresOf(box)) {
      for (const other of this.#squares.get(square) ?? []) {
        if ((owner === undefined || other.owner !== owner) && overlaps(box, other)) return false;
      }
    }
    return true;
  }
}

function* squaresOf({ x, y, width, height }: Rectangle): Generator<number> {
  const right = Math.floor((x + width) / SQUARE);
  const bottom = Math.floor((y + height) / SQUARE);
  for (let column = Math.floor(x / SQUARE); column <= right; column++) {
    for (let row = Math.floor(y / SQUARE); row <= bottom; row++) yield column * 65_536 + row;
  }
}

/**
 * Places labels. No two of those that are placed overlap, and none covers an obstacle that is not its own.
 * @param before where labels were: they stay there if they can, so that nothing flickers
 * @param within only what is wholly inside is written
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  obstacles: readonly Obstacle[],
  within: Rectangle,
  before: ReadonlyMap<string, PlacedLabel> = new Map(),
): Map<string, PlacedLabel> {
  const taken = new Taken();
  for (const obstacle of obstacles) taken.add(obstacle);
  const placed = new Map<string, PlacedLabel>();
  const rank = ({ key, priority }: LabelRequest): number => priority + (before.has(key) ? 0.5 : 0);
  const ordered = [...requests].sort((a, b) => rank(b) - rank(a) || (a.key < b.key ? -1 : 1));
  for (const { key, places, owner, order: wanted } of ordered) {
    const order = wanted === undefined ? places.map((_, place) => place) : [...wanted];
    const last = before.get(key)?.place;
    if (last !== undefined && last < places.length) order.sort((a, b) => Number(b === last) - Number(a === last));
    for (const place of order) {
      const box = places[place] as Rectangle;
      if (!isInside(box, within)) continue;
      const roomy = { x: box.x - GAP, y: box.y - GAP, width: box.width + 2 * GAP, height: box.height + 2 * GAP };
      if (!taken.isFree(roomy, owner)) continue;
      // Not as its owner's: two labels of one machine must not lie on each other either.
      taken.add({ x: box.x, y: box.y, width: box.width, height: box.height });
      placed.set(key, { key, place, x: box.x, y: box.y, width: box.width, height: box.height });
      break;
    }
  }
  return placed;
}

const isInside = (box: Rectangle, within: Rectangle): boolean =>
  box.x >= within.x &&
  box.y >= within.y &&
  box.x + box.width <= within.x + within.width &&
  box.y + box.height <= within.y + within.height;

/** Around a dot: below, above, right, left; then aslant. */
export function placesAround(x: number, y: number, radius: number, width: number, height: number): Rectangle[] {
  const slant = radius * 0.72;
  const at = (left: number, top: number): Rectangle => ({ x: left, y: top, width, height });
  return [
    at(x - width / 2, y + radius + 2),
    at(x - width / 2, y - radius - 2 - height),
    at(x + radius + 5, y - height / 2),
    at(x - radius - 5 - width, y - height / 2),
    at(x + slant + 2, y + slant),
    at(x - slant - 2 - width, y + slant),
    at(x + slant + 2, y - slant - height),
    at(x - slant - 2 - width, y - slant - height),
  ];
}
