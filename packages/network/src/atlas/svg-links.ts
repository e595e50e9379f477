// The links of the picture: lines around the cards in their way, and what is written on them where it lies on nothing else.

import { type AtlasLink, type AtlasServer, compareTexts, type GraphDocument } from './document.ts';
import { formatMs, formatRate } from './format.ts';
import type { Point, Size } from './layout.ts';

/** Of small letters, in the widest of the fonts that are asked for. */
export const LETTER_WIDTH = 6.8;
const LABEL_HEIGHT = 15;
const LOCK_WIDTH = 12;

export const round = (value: number): number => Math.round(value * 10) / 10;
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A rectangle by its centre. */
interface Rect extends Point, Size {}

/** All lines first, then all labels, so that no line goes through a word. */
export function linkMarkup(
  { servers, links }: GraphDocument,
  places: ReadonlyMap<string, Point>,
  sizeOf: (server: AtlasServer) => Size,
): string[] {
  const cards = new Map(
    servers.map((server) => [server.name, { ...(places.get(server.name) as Point), ...sizeOf(server) }]),
  );
  const opaque = new Set(servers.filter(({ knowledge }) => knowledge === 'opaque').map(({ name }) => name));
  const labels: Rect[] = [];
  const lines: string[] = [];
  const words: string[] = [];
  const countOf = new Map<string, number>();
  for (const link of [...links].sort((a, b) => compareTexts(pairOf(a), pairOf(b)))) {
    const [from, to] = [cards.get(link.from) as Rect, cards.get(link.to) as Rect];
    const nth = countOf.get(pairOf(link)) ?? 0;
    countOf.set(pairOf(link), nth + 1);
    const others = [...cards.values()].filter((card) => card !== from && card !== to);
    const curve: Curve = { from, to, middle: middleOf(from, to, nth, others) };
    const path = [`M${at(from)}`, `Q${at(curve.middle)}`, at(to)].join(' ');
    lines.push(`<path class="${classOf(link)}" stroke-width="${widthOf(link)}" d="${path}"/>`);
    const place = freePlace(curve, labelSize(link), [...cards.values(), ...labels]);
    labels.push(place);
    words.push(labelMarkup(link, place));
    // What is behind an opaque server nobody knows: its link ends open.
    for (const [name, end] of [
      [link.from, curve],
      [link.to, { ...curve, from: to, to: from }],
    ] as const) {
      if (opaque.has(name)) words.push(`<circle class="end" ${placeOf(borderOf(end), 'c')} r="5"/>`);
    }
  }
  return [...lines, ...words];
}

const pairOf = ({ from, to }: AtlasLink): string => (from < to ? `${from} ${to}` : `${to} ${from}`);
const at = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;
const placeOf = ({ x, y }: Point, prefix = ''): string => `${prefix}x="${round(x)}" ${prefix}y="${round(y)}"`;

const classOf = ({ state, isOpaque, kind }: AtlasLink): string =>
  `link${state !== 'up' ? ' down' : ''}${isOpaque ? ' open' : ''}${kind === 'data-center' ? ' far' : ''}`;

/** As wide as the logarithm of what goes over it. */
const widthOf = (link: AtlasLink): number => round(1.5 + Math.log10(1 + messagesOver(link)));

const messagesOver = ({ rates }: AtlasLink): number => (rates === undefined ? 0 : rates.messagesIn + rates.messagesOut);

function labelOf(link: AtlasLink): string {
  const { cost, costBack, roundTripMs } = link;
  const parts = [costBack === undefined ? `${cost}` : `${cost}/${costBack}`];
  if (roundTripMs !== undefined) parts.push(formatMs(roundTripMs));
  if (messagesOver(link) > 0) parts.push(formatRate(messagesOver(link)));
  return parts.join(' · ');
}

const labelSize = (link: AtlasLink): Size => ({
  width: labelOf(link).length * LETTER_WIDTH + 8 + (link.isSecure ? LOCK_WIDTH : 0),
  height: LABEL_HEIGHT,
});

function labelMarkup(link: AtlasLink, { x, y, width }: Rect): string {
  const corner = { x: x - width / 2, y: y - LABEL_HEIGHT / 2 };
  const plate = `<rect class="plate" ${placeOf(corner)} width="${round(width)}" height="${LABEL_HEIGHT}" rx="4"/>`;
  const lock = link.isSecure
    ? `<g class="lock" transform="translate(${at({ x: corner.x + 4, y: corner.y + 3 })})"><rect y="4" width="8" height="6" rx="1"/><path d="M2 4v-2a2 2 0 0 1 4 0v2" fill="none"/></g>`
    : '';
  const middle = { x: x + (link.isSecure ? LOCK_WIDTH / 2 : 0), y: y + 4 };
  return `${plate}${lock}<text class="cost" text-anchor="middle" ${placeOf(middle)}>${escaped(labelOf(link))}</text>`;
}

interface Curve {
  readonly from: Rect;
  /** The point that the curve is drawn towards. */
  readonly middle: Point;
  readonly to: Rect;
}

/** The point of a quadratic curve at a share of its way. */
function onCurve({ from, middle, to }: Curve, share: number): Point {
  const rest = 1 - share;
  return {
    x: rest * rest * from.x + 2 * rest * share * middle.x + share * share * to.x,
    y: rest * rest * from.y + 2 * rest * share * middle.y + share * share * to.y,
  };
}

/** Between a line and the cards that it goes by. */
const CLEARANCE = 4;
/** Points of a line that are looked at. */
const SHARES = Array.from({ length: 41 }, (_, step) => step / 40);
/** How far a line may bend, tried in this order. */
const BENDS = [0, 70, -70, 150, -150, 240, -240];

/**
 * Straight on, or beside the cards that are in the way.
 * @param nth of the links between the same two: each bends further from the first
 */
function middleOf(from: Rect, to: Rect, nth: number, others: readonly Rect[]): Point {
  const length = Math.max(Math.hypot(to.x - from.x, to.y - from.y), 1);
  const bent = (by: number): Point => ({
    x: (from.x + to.x) / 2 - ((to.y - from.y) / length) * by,
    y: (from.y + to.y) / 2 + ((to.x - from.x) / length) * by,
  });
  const candidates = BENDS.slice(Math.min(nth, BENDS.length - 1)).map(bent);
  return candidates.find((middle) => isFree({ from, middle, to }, others)) ?? (candidates[0] as Point);
}

/** Whether a curve keeps clear of cards. */
function isFree(curve: Curve, cards: readonly Rect[]): boolean {
  const points = SHARES.map((share) => onCurve(curve, share));
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return !cards.some(({ x, y, width, height }) => {
    const [awayX, awayY] = [width / 2 + CLEARANCE, height / 2 + CLEARANCE];
    // Most cards are nowhere near.
    if (x + awayX < left || x - awayX > right || y + awayY < top || y - awayY > bottom) return false;
    return points.some((point) => Math.abs(x - point.x) < awayX && Math.abs(y - point.y) < awayY);
  });
}

/** Where on its line a label lies on nothing else; in its middle, if it does everywhere. */
function freePlace(curve: Curve, size: Size, occupied: readonly Rect[]): Rect {
  const places = [0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7].map((share) => ({
    ...onCurve(curve, share),
    ...size,
  }));
  return places.find((place) => !occupied.some((other) => isOver(place, other))) ?? (places[0] as Rect);
}

/** Where a curve leaves the card that it begins at. */
function borderOf(curve: Curve): Point {
  const share = SHARES.find((each) => !isOver({ ...onCurve(curve, each), width: 0, height: 0 }, curve.from)) ?? 0;
  return onCurve(curve, share);
}

const isOver = (a: Rect, b: Rect): boolean =>
  Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
