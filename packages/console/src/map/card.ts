// A machine as a card: what stands on it and where, in pixels.

import { formatRate } from '@snapcommunicator/network/atlas';
import type { Rectangle } from './geometry.ts';
import type { MapMachine } from './model.ts';
import { conditionWords } from './words.ts';

/** The width of a text in pixels. */
export type Measure = (text: string, font: FontName) => number;

/** The kinds of type on the map. */
export type FontName = 'name' | 'title' | 'small' | 'figure' | 'heading';

export interface Pill extends Rectangle {
  /** Empty: only says how many more there are. */
  readonly service: string;
  readonly text: string;
  readonly rate: string;
  readonly isBusy: boolean;
}

/** All places are relative to the left top corner of the card. */
export interface Card {
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly condition: string;
  readonly rate: string;
  /** 0 to 1; undefined where it is not known. */
  readonly load: number | undefined;
  readonly pills: readonly Pill[];
}

const WIDTH_MIN = 148;
const WIDTH_MAX = 212;
export const CARD_PADDING = 11;
const HEAD_HEIGHT = 47;
const PILL_HEIGHT = 19;
const PILL_GAP = 5;
const PILL_PADDING = 7;
const RATE_GAP = 5;
const NAME_LENGTH_MAX = 24;

const shortened = (text: string, lengthMax: number): string =>
  text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;

/** Parts go from the end until it fits: what matters most stands first. */
function fitted(condition: string, widthMax: number, measure: Measure): string {
  const parts = condition.split(' · ');
  while (parts.length > 1 && measure(parts.join(' · '), 'small') > widthMax) parts.pop();
  return parts.join(' · ');
}

/** @param rowsMax of services */
export function layOutCard(machine: MapMachine, time: number, rowsMax: number, measure: Measure): Card {
  const name = shortened(machine.name, NAME_LENGTH_MAX);
  const condition = fitted(conditionWords(machine, time), WIDTH_MAX - 2 * CARD_PADDING, measure);
  const rate = machine.perSecond > 0 ? formatRate(machine.perSecond) : '';
  const head = measure(name, 'heading') + 20 + (rate === '' ? 0 : measure(rate, 'figure') + 10);
  const wanted = Math.max(head, measure(condition, 'small') + 4) + 2 * CARD_PADDING;
  const pillWidths = machine.services
    .slice(0, 2)
    .map((service) => pillOf(service.name, service.perSecond, measure).width);
  const pair = pillWidths.reduce((sum, width) => sum + width, PILL_GAP) + 2 * CARD_PADDING;
  const width = Math.ceil(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, wanted, pair)));
  const pills = layOutPills(machine, width, rowsMax, measure);
  const bottom = pills.reduce((lowest, pill) => Math.max(lowest, pill.y + pill.height), HEAD_HEIGHT - 4);
  const { load } = machine.server;
  return {
    width,
    height: bottom + CARD_PADDING - 1,
    name,
    condition,
    rate,
    load: load === undefined || machine.state === 'lost' ? undefined : load / 100,
    pills,
  };
}

function pillOf(service: string, perSecond: number, measure: Measure): Omit<Pill, 'x' | 'y'> {
  const text = shortened(service, NAME_LENGTH_MAX);
  const rate = perSecond > 0 ? formatRate(perSecond) : '';
  const rateWidth = rate === '' ? 0 : RATE_GAP + measure(rate, 'figure');
  const width = Math.ceil(measure(text, 'small') + rateWidth + 2 * PILL_PADDING);
  return { service, text, rate, isBusy: perSecond > 0, width, height: PILL_HEIGHT };
}

/** Rows of pills, the busiest first; one that does not fit in the rest of a row lets the next that does pass. */
function layOutPills({ services }: MapMachine, cardWidth: number, rowsMax: number, measure: Measure): Pill[] {
  const right = cardWidth - CARD_PADDING;
  const waiting = services.map(({ name, perSecond }) => pillOf(name, perSecond, measure));
  const pills: Pill[] = [];
  for (let row = 0; row < rowsMax && waiting.length > 0; row++) {
    let x = CARD_PADDING;
    const y = HEAD_HEIGHT + row * (PILL_HEIGHT + PILL_GAP);
    const isLast = row === rowsMax - 1;
    while (waiting.length > 0) {
      // The last row keeps room to say how many more there are.
      const room =
        right - x - (isLast && waiting.length > 1 ? morePill(waiting.length - 1, measure).width + PILL_GAP : 0);
      const next = x === CARD_PADDING ? 0 : waiting.findIndex(({ width }) => width <= room);
      const [pill] = next < 0 ? [] : waiting.splice(next, 1);
      if (pill === undefined) break;
      const width = Math.min(pill.width, room);
      pills.push({ ...pill, width, x, y });
      x += width + PILL_GAP;
    }
    if (isLast && waiting.length > 0) pills.push({ ...morePill(waiting.length, measure), x, y });
  }
  return pills;
}

function morePill(count: number, measure: Measure): Omit<Pill, 'x' | 'y'> {
  const text = `+${count}`;
  const width = Math.ceil(measure(text, 'small') + PILL_PADDING);
  return { service: '', text, rate: '', isBusy: false, width, height: PILL_HEIGHT };
}
