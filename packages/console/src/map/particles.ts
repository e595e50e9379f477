// Particles that run along links: in the direction of the messages, as many as there is flow.

import type { Emphasis } from './emphasis.ts';
import type { Point } from './geometry.ts';
import type { Picture } from './picture.ts';

/** One direction of a link. */
interface Lane {
  readonly from: Point;
  readonly to: Point;
  readonly length: number;
  /** Beside the line: each direction keeps to its right. */
  readonly offset: number;
  readonly perSecond: number;
  readonly isLit: boolean;
  /** How far along, from 0 to 1. */
  places: number[];
  /** Until the next one starts, in parts of one. */
  due: number;
}

/** Pixels a second. */
const SPEED = 52;
/** On the whole picture; of more flow everybody gets less. */
const PARTICLES_MAX = 700;
const RADIUS = 1.6;
const ROUND_MAX = 350;
/** By how much the gap between two may differ, as a part of it: messages do not come like beads on a string. */
const UNEVEN = 0.8;
const LANE_LENGTH_MIN = 14;
/** A frame that comes late moves nothing further than this, in seconds. */
const STEP_SECONDS_MAX = 0.1;

/** How many start each second: one for each message while they are few, then by the logarithm. */
const startsPerSecond = (perSecond: number): number =>
  perSecond <= 0
    ? 0
    : perSecond < 1
      ? Math.max(0.12, perSecond * 0.7)
      : Math.min(4, 0.7 + 0.75 * Math.log10(perSecond));

export class Particles {
  #lanes = new Map<string, Lane>();

  get isFlowing(): boolean {
    return this.#lanes.size > 0;
  }

  /** Takes over what is to be seen now; what runs goes on where it is. */
  follow(picture: Picture, emphasis: Emphasis): void {
    const lanes = new Map<string, Lane>();
    const add = (
      key: string,
      from: Point,
      to: Point,
      length: number,
      width: number,
      perSecond: number,
      isLit: boolean,
    ): void => {
      if (perSecond <= 0 || length < LANE_LENGTH_MIN || !isNear(from, to, picture)) return;
      const before = this.#lanes.get(key);
      const offset = Math.max(1.6, width / 2);
      // A new lane begins as if it had always been there.
      const lane = { from, to, length, offset, perSecond, isLit, places: before?.places ?? [], due: before?.due ?? 0 };
      if (before === undefined) fill(lane);
      lanes.set(key, lane);
    };
    const { far } = picture.distances;
    for (const { link, from, to, length, width } of far < 0.5 ? picture.links : []) {
      const lit = emphasis.links.get(link.key);
      if ((emphasis.isActive && lit === undefined) || emphasis.removedLinks.has(link.key)) continue;
      add(`${link.key} >`, from, to, length, width, link.forward, lit !== undefined);
      add(`${link.key} <`, to, from, length, width, link.backward, lit !== undefined);
    }
    for (const { link, from, to, length, width } of far >= 0.5 ? picture.centerLinks : []) {
      add(`center ${link.key} >`, from, to, length, width, link.forward, false);
      add(`center ${link.key} <`, to, from, length, width, link.backward, false);
    }
    this.#lanes = lanes;
  }

  clear(): void {
    this.#lanes.clear();
  }

  step(seconds: number): void {
    const span = Math.min(STEP_SECONDS_MAX, seconds);
    const thin = this.#thinning();
    for (const lane of this.#lanes.values()) {
      const way = (SPEED * span) / lane.length;
      for (let at = 0; at < lane.places.length; at++) (lane.places[at] as number) += way;
      while (lane.places.length > 0 && (lane.places[0] as number) >= 1) lane.places.shift();
      lane.due -= span * startsPerSecond(lane.perSecond) * thin;
      if (lane.due > 0) continue;
      lane.places.push(0);
      lane.due = Math.max(0, lane.due) + 1 + (Math.random() - 0.5) * UNEVEN;
    }
  }

  paint(context: CanvasRenderingContext2D, color: string): void {
    // Among very many nobody sees whether they are round, and squares cost a third.
    const isSquare = this.count > ROUND_MAX;
    context.fillStyle = color;
    context.beginPath();
    for (const { from, to, length, offset, places, isLit } of this.#lanes.values()) {
      const radius = isLit ? RADIUS + 0.6 : RADIUS;
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      const [sideX, sideY] = isLit ? [0, 0] : [(-dy / length) * offset, (dx / length) * offset];
      for (const place of places) {
        const [x, y] = [from.x + dx * place + sideX, from.y + dy * place + sideY];
        if (isSquare) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else {
          context.moveTo(x + radius, y);
          context.arc(x, y, radius, 0, 2 * Math.PI);
        }
      }
    }
    context.fill();
  }

  /** How many are under way. */
  get count(): number {
    let count = 0;
    for (const { places } of this.#lanes.values()) count += places.length;
    return count;
  }

  #thinning(): number {
    let expected = 0;
    for (const { perSecond, length } of this.#lanes.values()) expected += (startsPerSecond(perSecond) * length) / SPEED;
    return Math.min(1, PARTICLES_MAX / Math.max(1, expected));
  }
}

function fill(lane: Lane): void {
  const gap = SPEED / startsPerSecond(lane.perSecond) / lane.length;
  for (let place = 1 - Math.random() * gap; place > 0; place -= gap * (1 + (Math.random() - 0.5) * UNEVEN)) {
    lane.places.push(place);
  }
  lane.due = Math.random();
}

const isNear = (from: Point, to: Point, { size }: Picture): boolean =>
  Math.max(from.x, to.x) > 0 &&
  Math.max(from.y, to.y) > 0 &&
  Math.min(from.x, to.x) < size.width &&
  Math.min(from.y, to.y) < size.height;
