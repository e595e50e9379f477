// Which names could be written at this distance, how important each is, and where each might stand.

import type { FontName } from './card.ts';
import { isWithin, meets, type Point, type Rectangle } from './geometry.ts';
import { type LabelRequest, placesAround } from './labels.ts';
import type { Picture, PictureLink, PictureMachine, PictureParts, PictureRegion } from './picture.ts';
import { centerLinkWords, centerWords, linkWords, troubleWords } from './words.ts';

export interface LabelLine {
  readonly text: string;
  readonly font: FontName;
}

export interface LabelText {
  /** From top to bottom. */
  readonly lines: readonly LabelLine[];
  readonly kind: 'machine' | 'center' | 'link';
  /** The name of what it is of; the key of a link. */
  readonly of: string;
  readonly tone: 'plain' | 'degraded' | 'lost';
  /** Whether a lock stands before it. */
  readonly hasLock: boolean;
  /** Whether it stands on the ground of a region. */
  readonly isInRegion: boolean;
}

/** A picture that has everything but what is written. */
type Composed = PictureParts & Omit<Picture, 'labels' | 'texts'>;

type TextRequest = LabelRequest & { readonly text: LabelText };

export const LINE_HEIGHTS: Readonly<Record<FontName, number>> = {
  name: 16,
  title: 21,
  small: 14,
  figure: 14,
  heading: 17,
};
/** Around the text of a link, and for a lock before it. */
export const LINK_PADDING = 6;
export const LOCK_WIDTH = 13;

/** Cost, round trip and rate are written from this scale on, locks alone a little earlier. */
const LINK_TEXT_SCALE = 1.15;
const LOCK_SCALE = 0.75;
/** The ring around what is chosen, in pixels. */
const HALO = 5;
/** Part of the way along a link where its text may stand. */
const LINK_PLACES = [0.5, 0.4, 0.6, 0.3, 0.7];

export function labelRequests(composed: Composed): TextRequest[] {
  return [
    ...centerRequests(composed),
    ...machineRequests(composed),
    ...centerLinkRequests(composed),
    ...linkRequests(composed),
  ];
}

function sizeOf(lines: readonly LabelLine[], measure: Composed['measure']): { width: number; height: number } {
  const widths = lines.map(({ text, font }) => measure(text, font));
  return {
    width: Math.ceil(Math.max(0, ...widths)),
    height: lines.reduce((sum, { font }) => sum + LINE_HEIGHTS[font], 0),
  };
}

/** Above a region; where that is outside of the picture, at its edge. */
function centerRequests(composed: Composed): TextRequest[] {
  const { regions, measure, size, margins, emphasis, distances } = composed;
  const lines = distances.far > 0.5 ? composed.centerLinks : composed.links.filter(({ link }) => link.isFar);
  return regions.flatMap(({ center, bounds }): TextRequest[] => {
    const words: LabelLine[] = [
      { text: center.title, font: 'title' },
      { text: centerWords(center), font: 'small' },
    ];
    const { width, height } = sizeOf(words, measure);
    const [left, right] = [
      Math.max(bounds.x, margins.left),
      Math.min(bounds.x + bounds.width, size.width - margins.right),
    ];
    const bottom = Math.min(bounds.y + bounds.height, size.height - margins.bottom);
    if (right - left < 40 || bottom < margins.top + 30) return [];
    const clampX = (x: number): number => Math.min(Math.max(x, margins.left), size.width - margins.right - width);
    const middle = clampX((left + right) / 2 - width / 2);
    const top = Math.max(bounds.y - height - 4, margins.top);
    const at = (x: number, y: number): Rectangle => ({ x: clampX(x), y, width, height });
    const below = bounds.y + bounds.height + 5;
    const places = [
      at(middle, top),
      at(left + 20, top),
      at(right - width - 20, top),
      at(middle, below),
      at(left + 20, below),
    ];
    if (bounds.y < margins.top) places.push(at(left, top + 40), at(right - width, top + 40));
    // Rather not on the ground of another one, and rather not on a link that leads here.
    const strangers = regions.filter((other) => other.center !== center);
    const badness = (box: Rectangle): number =>
      (strangers.some((other) => isOver(box, other)) ? 2 : 0) +
      (lines.some(({ from, to }) => meets(box, from, to)) ? 1 : 0);
    const order = places.map((_, at) => at);
    const found = places.map(badness);
    order.sort((a, b) => (found[a] as number) - (found[b] as number) || a - b);
    return [
      {
        key: `center:${center.name}`,
        priority: 5000 + center.machineCount + (emphasis.center === center.name ? 1000 : 0),
        places,
        order,
        text: {
          lines: words,
          kind: 'center',
          of: center.name,
          tone: center.lostCount > 0 ? 'lost' : 'plain',
          hasLock: false,
          isInRegion: false,
        },
      },
    ];
  });
}

const isOver = ({ x, y, width, height }: Rectangle, { hull, padding }: PictureRegion): boolean =>
  isWithin(hull, padding + height / 2, { x: x + width * 0.25, y: y + height / 2 }) ||
  isWithin(hull, padding + height / 2, { x: x + width * 0.75, y: y + height / 2 });

/** Where the links of each machine lead. */
function waysOut(links: readonly PictureLink[], machines: ReadonlyMap<string, PictureMachine>): Map<string, Point[]> {
  const ways = new Map<string, Point[]>();
  for (const { link } of links) {
    for (const [one, other] of [
      [link.a, link.b],
      [link.b, link.a],
    ] as const) {
      const end = machines.get(other);
      const known = ways.get(one);
      if (end !== undefined && known === undefined) ways.set(one, [end]);
      else if (end !== undefined) known?.push(end);
    }
  }
  return ways;
}

/** Places with fewer links under them come first; of equal ones those that come first anyway. */
function clearestFirst(places: readonly Rectangle[], from: Point, ways: readonly Point[]): number[] {
  const covered = places.map((place) => ways.filter((to) => meets(place, from, to)).length);
  return places.map((_, at) => at).sort((a, b) => (covered[a] as number) - (covered[b] as number) || a - b);
}

function machineRequests(composed: Composed): TextRequest[] {
  const { machines, scene, distances, rings, emphasis, wanted, measure, size } = composed;
  const requests: TextRequest[] = [];
  const ways = waysOut(composed.links, machines);
  for (const [name, { machine, x, y, radius, ringRadius, card }] of machines) {
    if (card !== undefined || x < -60 || y < -60 || x > size.width + 60 || y > size.height + 60) continue;
    const role = emphasis.machines.get(name);
    const isWanted = wanted.has(name) || role === 'chosen' || emphasis.cutOff.has(name);
    const isTroubled = machine.state !== 'well' || emphasis.removedMachines.has(name);
    // From afar only those that matter have names.
    if (distances.far > 0.5 && !isWanted && !isTroubled) continue;
    const trouble = troubleWords(machine, scene.time);
    const lines: LabelLine[] = [{ text: name, font: 'name' }];
    if (trouble !== '') lines.push({ text: trouble, font: 'small' });
    const { width, height } = sizeOf(lines, measure);
    // Whoever is wanted has a ring around it.
    const reach = (rings > 0.3 ? ringRadius : radius) + (isWanted ? HALO : 0);
    const places = placesAround(x, y, reach, width, height);
    requests.push({
      key: `machine:${name}`,
      owner: name,
      priority:
        (isWanted ? 2000 : 0) +
        (isTroubled ? 1000 : 0) +
        (role === 'lit' ? 500 : emphasis.isActive && role === undefined ? -200 : 0) +
        (machine.isOwn ? 50 : 0) +
        Math.log10(1 + machine.perSecond) * 10 +
        machine.services.length,
      places,
      order: clearestFirst(places, { x, y }, ways.get(name) ?? []),
      text: {
        lines,
        kind: 'machine',
        of: name,
        tone: machine.state === 'well' ? 'plain' : machine.state,
        hasLock: false,
        isInRegion: scene.hasRegions,
      },
    });
  }
  return requests;
}

function centerLinkRequests({ centerLinks, distances, measure }: Composed): TextRequest[] {
  if (distances.far < 0.5) return [];
  return centerLinks.flatMap(({ link, from, to, length }): TextRequest[] => {
    const lines: LabelLine[] = [{ text: centerLinkWords(link), font: 'small' }];
    const { width, height } = sizeOf(lines, measure);
    if (length < 24) return [];
    return [
      {
        key: `center-link:${link.key}`,
        priority: 100 + Math.log10(1 + link.forward + link.backward),
        places: placesAlong(from, to, width + 2 * LINK_PADDING, height + 4),
        text: {
          lines,
          kind: 'link',
          of: link.key,
          tone: link.upCount === 0 ? 'lost' : 'plain',
          hasLock: false,
          isInRegion: false,
        },
      },
    ];
  });
}

function linkRequests({ links, scene, camera, distances, measure, emphasis }: Composed): TextRequest[] {
  const requests: TextRequest[] = [];
  const hasText = camera.scale >= LINK_TEXT_SCALE;
  if (distances.far > 0.5) return requests;
  for (const { link, from, to, length } of links) {
    const lit = emphasis.links.get(link.key);
    const isChosen = lit?.role === 'chosen';
    // That a machine is lost is said once, at the machine.
    const isSaid = isChosen || (hasText && link.state !== 'lost' && (!emphasis.isActive || lit !== undefined));
    const hasLock = link.isSecure && link.state === 'up' && camera.scale >= LOCK_SCALE && !emphasis.isActive;
    if (!isSaid && !hasLock) continue;
    const lines: LabelLine[] = isSaid ? [{ text: linkWords(link), font: 'figure' }] : [];
    const text = sizeOf(lines, measure);
    const width = text.width + (hasLock ? LOCK_WIDTH : 0) + (isSaid ? 2 * LINK_PADDING : 4);
    const height = isSaid ? text.height + 4 : 17;
    // A text that is longer than its link says nothing about which link it is of.
    if (length < (isSaid ? Math.min(width * 0.7, 90) : 40)) continue;
    requests.push({
      key: `link:${link.key}`,
      priority: (isChosen ? 1500 : lit !== undefined ? 300 : 0) - 300 + Math.log10(1 + link.forward + link.backward),
      places: placesAlong(from, to, width, height),
      text: {
        lines,
        kind: 'link',
        of: link.key,
        tone: link.state === 'lost' ? 'lost' : link.state === 'half' ? 'degraded' : 'plain',
        hasLock,
        isInRegion:
          scene.hasRegions && scene.machines.get(link.a)?.dataCenter === scene.machines.get(link.b)?.dataCenter,
      },
    });
  }
  return requests;
}

const placesAlong = (from: Point, to: Point, width: number, height: number): Rectangle[] =>
  LINK_PLACES.map((part) => ({
    x: Math.round(from.x + (to.x - from.x) * part - width / 2),
    y: Math.round(from.y + (to.y - from.y) * part - height / 2),
    width,
    height,
  }));
