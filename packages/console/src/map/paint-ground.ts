// Paints what lies under the machines: the regions of data centres, and the links.

import type { Emphasis } from './emphasis.ts';
import type { Point } from './geometry.ts';
import type { Picture, PictureCenterLink, PictureLink, PictureRegion } from './picture.ts';
import type { Theme } from './theme.ts';

export interface GroundParts {
  readonly picture: Picture;
  readonly emphasis: Emphasis;
  readonly theme: Theme;
  /** The key of a link, or the name of a region, that the pointer is on. */
  readonly hovered: string | undefined;
  /** Whether particles show in which direction messages flow; else arrows do. */
  readonly hasParticles: boolean;
}

interface Stroke {
  readonly color: string;
  readonly width: number;
  readonly dash: readonly number[];
  readonly alpha: number;
}

const DIMMED = 0.22;

export function paintGround(context: CanvasRenderingContext2D, parts: GroundParts): void {
  const { picture, theme } = parts;
  for (const region of picture.regions) paintRegion(context, region, parts);
  context.lineCap = 'round';
  const { far } = picture.distances;
  if (far < 1 || picture.links.length > 0) paintLinks(context, parts);
  const asOne = togetherAt(far);
  if (asOne > 0) for (const link of picture.centerLinks) paintCenterLink(context, link, theme, asOne);
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** A hull with round corners: the outline, then the ground within it. */
function paintRegion(
  context: CanvasRenderingContext2D,
  region: PictureRegion,
  { emphasis, theme, hovered }: GroundParts,
): void {
  const { padding, center } = region;
  const isChosen = emphasis.center === center.name;
  const isHovered = hovered === `center:${center.name}`;
  const isLost = center.lostCount > 0 && center.lostCount === center.machineCount;
  traceRegion(context, region);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  context.globalAlpha = 1;
  context.setLineDash([]);
  const edge = isChosen ? 2 : 1;
  context.strokeStyle = isChosen ? theme.accent : isLost ? theme.lost : isHovered ? theme.lineStrong : theme.regionEdge;
  context.lineWidth = 2 * (padding + edge);
  context.stroke();
  context.strokeStyle = theme.region;
  context.lineWidth = 2 * padding;
  context.stroke();
  context.fillStyle = theme.region;
  context.fill();
}

function traceRegion(context: CanvasRenderingContext2D, { hull, bows }: PictureRegion): void {
  const [start] = hull;
  if (start === undefined) return;
  context.beginPath();
  context.moveTo(start.x, start.y);
  if (hull.length === 1) context.lineTo(start.x + 0.01, start.y);
  for (const [at, bow] of bows.entries()) {
    const next = hull[(at + 1) % hull.length] as Point;
    context.quadraticCurveTo(bow.x, bow.y, next.x, next.y);
  }
  context.closePath();
}

/** How far the links between two data centres have become one, from 0 to 1. */
const togetherAt = (far: number): number => Math.max(0, 2 * far - 1);

/** All links of one look in one stroke: state of a canvas is dearer than lines. */
function paintLinks(context: CanvasRenderingContext2D, parts: GroundParts): void {
  const { picture, theme } = parts;
  const looks = new Map<string, { stroke: Stroke; links: PictureLink[] }>();
  for (const pictured of picture.links) {
    const stroke = strokeOf(pictured, parts);
    const look = `${stroke.color} ${stroke.width} ${stroke.dash.join(',')} ${stroke.alpha}`;
    const known = looks.get(look);
    if (known === undefined) looks.set(look, { stroke, links: [pictured] });
    else known.links.push(pictured);
  }
  // What is strong lies above what is weak.
  for (const { stroke, links } of [...looks.values()].sort((a, b) => rankOf(a.stroke) - rankOf(b.stroke))) {
    context.strokeStyle = stroke.color;
    context.lineWidth = stroke.width;
    context.globalAlpha = stroke.alpha;
    context.setLineDash([...stroke.dash]);
    context.beginPath();
    for (const { from, to } of links) {
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
    context.stroke();
  }
  context.setLineDash([]);
  if (picture.distances.far < 0.5) for (const pictured of picture.links) paintMarks(context, pictured, parts, theme);
}

const rankOf = ({ alpha, width }: Stroke): number => alpha * 100 + width;

function strokeOf({ link, width }: PictureLink, { picture, emphasis, theme, hovered }: GroundParts): Stroke {
  const lit = emphasis.links.get(link.key);
  const plainWidth = Math.round(width * 4) / 4;
  const { far } = picture.distances;
  // From afar the links within a data centre are only a tissue, those between two are drawn as one.
  const shown = link.isFar ? 1 - 0.92 * togetherAt(far) : 1 - 0.25 * far;
  if (emphasis.removedLinks.has(link.key)) return { color: theme.inkFaint, width: 1, dash: [2, 5], alpha: 0.8 * shown };
  if (lit?.role === 'way') return { color: theme.accent, width: Math.min(5, plainWidth + 1.5), dash: [], alpha: 1 };
  if (lit?.role === 'next') return { color: theme.accent, width: 2, dash: [8, 7], alpha: 0.85 };
  if (lit?.role === 'chosen') return { color: theme.accent, width: plainWidth + 1.5, dash: [], alpha: 1 };
  const alpha = round(shown * (emphasis.isActive ? DIMMED : 1));
  if (link.state === 'lost') return { color: theme.lost, width: 1.25, dash: [2, 5], alpha: alpha * 0.85 };
  if (link.state === 'half') return { color: theme.degraded, width: 1.75, dash: [7, 5], alpha };
  if (link.state === 'coming') return { color: theme.lineStrong, width: 1.5, dash: [2, 4], alpha };
  const color = hovered === link.key ? theme.lineStrong : link.isFar ? theme.lineStrong : theme.line;
  return {
    color,
    width: far > 0.5 ? Math.min(1, plainWidth) : plainWidth + (hovered === link.key ? 1 : 0),
    dash: [],
    alpha: link.isFar ? alpha * 0.8 : alpha,
  };
}

const round = (value: number): number => Math.round(value * 20) / 20;

/** The open circle of a C++ daemon; the direction of a way, and of messages where no particles show it. */
function paintMarks(context: CanvasRenderingContext2D, pictured: PictureLink, parts: GroundParts, theme: Theme): void {
  const { link, from, to, length } = pictured;
  const { emphasis, hasParticles } = parts;
  const lit = emphasis.links.get(link.key);
  const isDimmed = emphasis.isActive && lit === undefined;
  context.globalAlpha = isDimmed ? DIMMED : 1;
  if (link.opaqueEnd !== undefined && length > 10) {
    const [end, start] = link.opaqueEnd === link.b ? [to, from] : [from, to];
    const [ux, uy] = [(start.x - end.x) / length, (start.y - end.y) / length];
    context.beginPath();
    context.arc(end.x + ux * 4.5, end.y + uy * 4.5, 4, 0, 2 * Math.PI);
    context.fillStyle = theme.ground;
    context.fill();
    context.strokeStyle = theme.lineStrong;
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (length < 34) return;
  const isWay = lit?.role === 'way' || lit?.role === 'next';
  const flows = !hasParticles && !isDimmed;
  if (isWay ? lit.isForward : flows && link.forward > 0)
    paintArrow(context, from, to, length, isWay ? theme.accent : theme.lineStrong);
  if (isWay ? lit.isBackward : flows && link.backward > 0)
    paintArrow(context, to, from, length, isWay ? theme.accent : theme.lineStrong);
}

/** A small head on the way, a little beyond its first third: both directions find room. */
function paintArrow(context: CanvasRenderingContext2D, from: Point, to: Point, length: number, color: string): void {
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const [x, y] = [from.x + ux * length * 0.72, from.y + uy * length * 0.72];
  const size = 5;
  context.beginPath();
  context.moveTo(x + ux * size, y + uy * size);
  context.lineTo(x - ux * size - uy * size, y - uy * size + ux * size);
  context.lineTo(x - ux * size + uy * size, y - uy * size - ux * size);
  context.closePath();
  context.fillStyle = color;
  context.fill();
}

function paintCenterLink(
  context: CanvasRenderingContext2D,
  pictured: PictureCenterLink,
  theme: Theme,
  shown: number,
): void {
  const { link, from, to, width } = pictured;
  const isLost = link.upCount === 0;
  context.globalAlpha = shown * 0.8;
  context.strokeStyle = isLost ? theme.lost : link.upCount < link.count ? theme.degraded : theme.lineStrong;
  context.lineWidth = isLost ? 1.5 : width;
  context.setLineDash(isLost ? [3, 6] : link.upCount < link.count ? [10, 5] : []);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}
