// Paints machines: dots with their rings of services, cards, and the names of everything.

import { CARD_PADDING, type Pill } from './card.ts';
import type { Emphasis } from './emphasis.ts';
import type { PlacedLabel } from './labels.ts';
import type { MapMachine } from './model.ts';
import type { Picture, PictureMachine } from './picture.ts';
import { type LabelText, LINE_HEIGHTS, LINK_PADDING, LOCK_WIDTH } from './picture-labels.ts';
import type { Theme } from './theme.ts';
import type { Type } from './type.ts';

export interface MachineParts {
  readonly picture: Picture;
  readonly emphasis: Emphasis;
  readonly theme: Theme;
  readonly type: Type;
  /** The name of a machine, or the key of a link. */
  readonly hovered: string | undefined;
  /** Of the keyboard. */
  readonly focused: string | undefined;
  /** Found by the search; undefined while nothing is looked for. */
  readonly found: ReadonlySet<string> | undefined;
  /** How far a name has appeared, from 0 to 1. */
  readonly appearance: (key: string) => number;
}

const TURN = 2 * Math.PI;
const DIMMED = 0.28;
const GHOST = 0.55;

export function paintMachines(context: CanvasRenderingContext2D, parts: MachineParts): void {
  const { machines, size } = parts.picture;
  for (const [name, dot] of machines) {
    const isSeen = dot.x > -140 && dot.y > -140 && dot.x < size.width + 140 && dot.y < size.height + 140;
    if (!isSeen) continue;
    context.globalAlpha = alphaOf(name, parts);
    if (dot.card === undefined) paintDot(context, dot, parts);
    else paintCard(context, dot, parts);
    paintHalo(context, dot, parts);
  }
  context.globalAlpha = 1;
  for (const [key, label] of parts.picture.labels) {
    const text = parts.picture.texts.get(key);
    if (text !== undefined) paintLabel(context, key, label, text, parts);
  }
  context.globalAlpha = 1;
}

function alphaOf(name: string, { emphasis, found }: MachineParts): number {
  if (emphasis.removedMachines.has(name)) return GHOST;
  if (emphasis.cutOff.has(name)) return 1;
  if (found !== undefined && !found.has(name)) return DIMMED;
  return emphasis.isActive && !emphasis.machines.has(name) ? DIMMED : 1;
}

/** The colour of a machine's state, as it is or would be. */
function hueOf({ name, state }: MapMachine, { emphasis, theme }: MachineParts): string {
  if (emphasis.removedMachines.has(name)) return theme.inkFaint;
  if (emphasis.cutOff.has(name) || state === 'lost') return theme.lost;
  if (state === 'degraded') return theme.degraded;
  return emphasis.isActive && emphasis.machines.has(name) ? theme.accent : theme.dot;
}

/** Well: a full dot. Degraded: one with a gap. Lost: hollow and dashed. A daemon of another kind: an open circle. */
function paintDot(context: CanvasRenderingContext2D, dot: PictureMachine, parts: MachineParts): void {
  const { machine, x, y, radius } = dot;
  const { emphasis, theme, picture } = parts;
  const hue = hueOf(machine, parts);
  const isGhost = emphasis.removedMachines.has(machine.name);
  const isHollow = machine.state === 'lost' || isGhost || emphasis.cutOff.has(machine.name);
  context.beginPath();
  context.arc(x, y, radius, 0, TURN);
  if (isHollow || machine.server.knowledge === 'opaque') {
    const width = Math.max(1.25, Math.min(2, radius / 4));
    context.fillStyle = theme.ground;
    context.fill();
    context.strokeStyle = hue;
    context.lineWidth = width;
    context.setLineDash(isHollow && radius > 3 ? [radius * 0.55, radius * 0.35] : []);
    context.stroke();
    context.setLineDash([]);
  } else {
    context.fillStyle = hue;
    context.fill();
    if (machine.state === 'degraded') paintBar(context, x, y, radius, theme.ground);
    else if (machine.isOwn && radius > 4) {
      context.beginPath();
      context.arc(x, y, radius * 0.36, 0, TURN);
      context.fillStyle = theme.ground;
      context.fill();
    }
  }
  if (picture.rings > 0 && machine.services.length > 0) paintRing(context, dot, hue, isHollow, parts);
}

/** A bar across the dot: the shape of what is degraded. */
function paintBar(context: CanvasRenderingContext2D, x: number, y: number, radius: number, color: string): void {
  context.fillStyle = color;
  const thickness = Math.max(1.2, radius * 0.34);
  context.fillRect(x - radius * 0.58, y - thickness / 2, radius * 1.16, thickness);
}

function paintRing(
  context: CanvasRenderingContext2D,
  { machine, x, y, ringRadius, radius }: PictureMachine,
  hue: string,
  isHollow: boolean,
  { picture, emphasis, theme }: MachineParts,
): void {
  const alpha = context.globalAlpha;
  context.globalAlpha = alpha * picture.rings;
  const dotRadius = Math.min(2.5, Math.max(1.4, (ringRadius - radius) * 0.32));
  const distance = ringRadius - dotRadius;
  const room = Math.floor((TURN * distance) / (2 * dotRadius + 1.4));
  const shown = machine.services.slice(0, room);
  const step = TURN / shown.length;
  const start = -TURN / 4;
  for (const [busy, color] of [
    [false, theme.inkFaint],
    [true, hue],
  ] as const) {
    context.beginPath();
    for (const [at, service] of shown.entries()) {
      const isChosen = service.name === emphasis.service;
      if ((service.perSecond > 0 || isChosen) !== busy) continue;
      const [cx, cy] = [x + Math.cos(start + at * step) * distance, y + Math.sin(start + at * step) * distance];
      const size = isChosen ? dotRadius + 1 : dotRadius;
      context.moveTo(cx + size, cy);
      context.arc(cx, cy, size, 0, TURN);
    }
    context.fillStyle = isHollow ? hue : color;
    if (isHollow) {
      context.strokeStyle = hue;
      context.lineWidth = 0.8;
      context.stroke();
    } else context.fill();
  }
  context.globalAlpha = alpha;
}

/** Around what is chosen, found, pointed at or has the focus. */
function paintHalo(context: CanvasRenderingContext2D, dot: PictureMachine, parts: MachineParts): void {
  const { theme, emphasis, hovered, focused, found } = parts;
  const { name } = dot.machine;
  const isChosen = emphasis.machines.get(name) === 'chosen';
  const isFound = found?.has(name) ?? false;
  if (!isChosen && !isFound && hovered !== name && focused !== name) return;
  context.globalAlpha = 1;
  context.strokeStyle = isChosen || isFound || focused === name ? theme.accent : theme.lineStrong;
  context.lineWidth = isChosen ? 2 : 1.5;
  const gaps = focused === name ? [3.5, 5.5 + context.lineWidth] : [3.5];
  for (const gap of gaps) {
    context.beginPath();
    if (dot.card === undefined) context.arc(dot.x, dot.y, Math.max(dot.ringRadius, dot.radius + 1) + gap, 0, TURN);
    else {
      const { x, y, width, height } = dot.card;
      context.roundRect(x - gap + 0.5, y - gap + 0.5, width + 2 * gap - 1, height + 2 * gap - 1, 9 + gap);
    }
    context.stroke();
  }
}

function paintCard(context: CanvasRenderingContext2D, dot: PictureMachine, parts: MachineParts): void {
  const { machine, card } = dot;
  if (card === undefined) return;
  const { theme, type, emphasis } = parts;
  const { x, y, width, height } = card;
  const hue = hueOf(machine, parts);
  const isGhost = emphasis.removedMachines.has(machine.name);
  const isHollow = machine.state === 'lost' || isGhost || emphasis.cutOff.has(machine.name);
  context.beginPath();
  context.roundRect(x + 0.5, y + 0.5, width - 1, height - 1, 9);
  if (!isHollow) {
    context.shadowColor = theme.isDark ? 'rgba(0, 0, 0, 0.45)' : 'rgba(25, 35, 50, 0.10)';
    context.shadowBlur = 14;
    context.shadowOffsetY = 3;
  }
  context.fillStyle = isHollow ? theme.ground : theme.card;
  context.fill();
  context.shadowColor = 'transparent';
  context.strokeStyle = machine.state === 'well' && !isHollow ? theme.cardEdge : hue;
  context.lineWidth = machine.state === 'well' && !isHollow ? 1 : 1.5;
  context.setLineDash(isHollow ? [5, 4] : []);
  context.stroke();
  context.setLineDash([]);
  paintGlyph(context, machine, x + CARD_PADDING + 5, y + 18, hue, isHollow, theme);
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.font = type.font('heading');
  context.fillStyle = isHollow ? hue : theme.ink;
  context.fillText(card.name, x + CARD_PADDING + 16, y + 18.5);
  context.textAlign = 'right';
  context.font = type.font('figure');
  context.fillStyle = theme.inkSoft;
  context.fillText(card.rate, x + width - CARD_PADDING, y + 18.5);
  context.textAlign = 'left';
  context.font = type.font('small');
  context.fillStyle = machine.state === 'well' && !isHollow ? theme.inkSoft : hue;
  context.fillText(card.condition, x + CARD_PADDING, y + 35.5);
  for (const pill of card.pills) paintPill(context, x, y, pill, isHollow, parts);
}

/** The dot of a machine on its card. */
function paintGlyph(
  context: CanvasRenderingContext2D,
  machine: MapMachine,
  x: number,
  y: number,
  hue: string,
  isHollow: boolean,
  theme: Theme,
): void {
  context.beginPath();
  context.arc(x, y, 4.5, 0, TURN);
  if (isHollow || machine.server.knowledge === 'opaque') {
    context.strokeStyle = hue;
    context.lineWidth = 1.5;
    context.setLineDash(isHollow ? [2.5, 2] : []);
    context.stroke();
    context.setLineDash([]);
    return;
  }
  context.fillStyle = hue;
  context.fill();
  if (machine.state === 'degraded') paintBar(context, x, y, 4.5, theme.card);
  else if (machine.isOwn) {
    context.beginPath();
    context.arc(x, y, 1.7, 0, TURN);
    context.fillStyle = theme.card;
    context.fill();
  }
}

function paintPill(
  context: CanvasRenderingContext2D,
  cardX: number,
  cardY: number,
  pill: Pill,
  isHollow: boolean,
  { theme, type, emphasis }: MachineParts,
): void {
  const [x, y] = [cardX + pill.x, cardY + pill.y];
  const isChosen = pill.service !== '' && pill.service === emphasis.service;
  const isMore = pill.service === '';
  if (!isMore) {
    context.beginPath();
    context.roundRect(x, y, pill.width, pill.height, pill.height / 2);
    context.fillStyle = isChosen ? theme.accent : theme.region;
    if (!isHollow || isChosen) context.fill();
    else {
      context.strokeStyle = theme.cardEdge;
      context.lineWidth = 1;
      context.stroke();
    }
  }
  context.save();
  context.beginPath();
  context.rect(x + 3, y, pill.width - 6, pill.height);
  context.clip();
  const middle = y + pill.height / 2 + 0.5;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.font = type.font('small');
  context.fillStyle = isChosen ? theme.card : pill.isBusy ? theme.ink : theme.inkSoft;
  context.fillText(pill.text, x + (isMore ? 2 : 7), middle);
  if (pill.rate !== '') {
    context.textAlign = 'right';
    context.font = type.font('figure');
    context.fillStyle = isChosen ? theme.card : theme.inkSoft;
    context.fillText(pill.rate, x + pill.width - 7, middle);
  }
  context.restore();
}

function paintLabel(
  context: CanvasRenderingContext2D,
  key: string,
  label: PlacedLabel,
  text: LabelText,
  parts: MachineParts,
): void {
  const { theme, type, emphasis } = parts;
  const isLink = text.kind === 'link';
  const dimmed = isLink
    ? emphasis.isActive && !emphasis.links.has(text.of)
    : text.kind === 'machine' && alphaOf(text.of, parts) < 0.5;
  context.globalAlpha = parts.appearance(key) * (dimmed ? 0.45 : 1);
  const hue = text.tone === 'lost' ? theme.lost : text.tone === 'degraded' ? theme.degraded : undefined;
  if (isLink) {
    context.beginPath();
    context.roundRect(label.x, label.y, label.width, label.height, label.height / 2);
    context.fillStyle = text.isInRegion ? theme.region : theme.ground;
    context.fill();
    if (text.hasLock) {
      const lockX = label.x + (text.lines.length === 0 ? label.width / 2 : LINK_PADDING + 4.5);
      paintLock(context, lockX, label.y + label.height / 2, theme.inkSoft);
    }
  }
  const left = label.x + (isLink ? LINK_PADDING + (text.hasLock ? LOCK_WIDTH : 0) : 0);
  let top = label.y + (isLink ? 2 : 0);
  context.textBaseline = 'middle';
  for (const [at, { text: words, font }] of text.lines.entries()) {
    const height = LINE_HEIGHTS[font];
    context.font = type.font(font);
    context.textAlign = isLink || isBeside(label) ? 'left' : 'center';
    const x = context.textAlign === 'left' ? left : label.x + label.width / 2;
    if (isBesideLeft(label)) context.textAlign = 'right';
    const at0 = isBesideLeft(label) ? label.x + label.width : x;
    if (!isLink) {
      context.strokeStyle = text.isInRegion ? theme.region : theme.ground;
      context.lineWidth = 3.5;
      context.lineJoin = 'round';
      context.strokeText(words, at0, top + height / 2);
    }
    const isFirst = at === 0;
    context.fillStyle = !isFirst
      ? (hue ?? theme.inkSoft)
      : isLink
        ? (hue ?? theme.inkSoft)
        : text.kind === 'machine' && hue !== undefined
          ? hue
          : theme.ink;
    context.fillText(words, at0, top + height / 2);
    top += height;
  }
}

/** Names beside a dot begin, or end, at it. */
const isBeside = ({ key, place }: PlacedLabel): boolean =>
  key.startsWith('machine:') && (place === 2 || place === 4 || place === 6);
const isBesideLeft = ({ key, place }: PlacedLabel): boolean =>
  key.startsWith('machine:') && (place === 3 || place === 5 || place === 7);

function paintLock(context: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = 1.4;
  context.beginPath();
  context.roundRect(x - 4, y - 1, 8, 6, 1.2);
  context.fill();
  context.beginPath();
  context.arc(x, y - 1.2, 2.5, Math.PI, 0);
  context.stroke();
}
