// The strip of time: where a moment lies on it, the curve of messages, and marks where something came or went.

import type { History, HistoryEvent } from '@snapcommunicator/network/story';
import { isLoss } from './history.ts';

export interface Window {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
}

export interface Mark {
  readonly time: number;
  /** Where, from 0 to 1. */
  readonly at: number;
  readonly isLoss: boolean;
  /** A machine is worth more than a link, a link more than a service. */
  readonly weight: 1 | 2 | 3;
  readonly events: readonly HistoryEvent[];
}

/** Not less, so that a daemon that has just started does not draw its first second across the page; not more, so that seconds are to be told apart. */
const SECONDS_MIN = 120;
const SECONDS_MAX = 1800;

/** What the strip shows: as much as is held, up to the last second that is over. */
export function windowOf({ start, step, messages }: History): Window {
  const end = start + Math.max(1, messages.length - 1) * step;
  return { start: end - Math.min(SECONDS_MAX, Math.max(SECONDS_MIN, end - start)), end };
}

export const placeOf = (time: number, { start, end }: Window): number =>
  Math.max(0, Math.min(1, (time - start) / (end - start)));

/** Seconds that are whole: a moment that is sent to a colleague is the same there. */
export const timeAt = (place: number, { start, end }: Window): number =>
  Math.round(start + Math.max(0, Math.min(1, place)) * (end - start));

/** The curve as an SVG path, closed along the bottom, of at most one point a pixel. */
export function curveOf({ start, step, messages }: History, window: Window, width: number, height: number): string {
  const first = Math.max(0, Math.floor((window.start - start) / step));
  const points: [number, number][] = [];
  const each = Math.max(1, Math.floor((messages.length - first) / Math.max(1, width)));
  // The last second is not over yet.
  for (let at = first; at < messages.length - 1; at += each) {
    const group = messages.slice(at, Math.min(at + each, messages.length - 1));
    points.push([placeOf(start + (at + group.length / 2) * step, window) * width, Math.max(...group)]);
  }
  const most = Math.max(0, ...points.map(([, rate]) => rate));
  const [[firstX] = [0], [lastX] = [0]] = [points[0], points.at(-1)];
  if (points.length < 2 || most === 0) return '';
  const line = points
    .map(([x, rate]) => `L${x.toFixed(1)} ${(height - (rate / most) * (height - 2)).toFixed(1)}`)
    .join('');
  return `M${firstX.toFixed(1)} ${height}${line}L${lastX.toFixed(1)} ${height}Z`;
}

/** Events that lie closer together than `gap` (of the whole) are one mark. */
export function marksOf(events: readonly HistoryEvent[], window: Window, gap = 0.006): Mark[] {
  const marks: Mark[] = [];
  for (const event of events) {
    if (event.time < window.start || event.time > window.end) continue;
    const at = placeOf(event.time, window);
    const last = marks.at(-1);
    const single: Mark = { time: event.time, at, isLoss: isLoss(event), weight: weightOf(event), events: [event] };
    if (last === undefined || at - last.at > gap) marks.push(single);
    else
      marks[marks.length - 1] = {
        ...last,
        isLoss: last.isLoss || single.isLoss,
        weight: Math.max(last.weight, single.weight) as Mark['weight'],
        events: [...last.events, event],
      };
  }
  return marks;
}

function weightOf({ kind }: HistoryEvent): Mark['weight'] {
  if (kind === 'server-lost' || kind === 'server-up') return 3;
  return kind === 'link-lost' || kind === 'link-up' ? 2 : 1;
}

/** The mark before or after a moment: what the eye would jump to. */
export function neighborMark(marks: readonly Mark[], time: number, isLater: boolean): Mark | undefined {
  return isLater ? marks.find((mark) => mark.time > time + 1) : marks.findLast((mark) => mark.time < time - 1);
}
