// Times, sizes and rates as the page writes them: short, aligned, and the same everywhere.

import { formatSpan } from '@snapcommunicator/network/atlas';

const two = (value: number): string => String(value).padStart(2, '0');

/** `14:03:05`, in the zone of who looks. @param time unix seconds */
export function clockOf(time: number): string {
  const date = new Date(time * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `14:03:05.123`. */
export const preciseClockOf = (time: number): string =>
  `${clockOf(time)}.${String(Math.floor((time * 1000) % 1000)).padStart(3, '0')}`;

/** `2026-11-22 14:03:05 UTC+1`. */
export function absoluteOf(time: number): string {
  const date = new Date(time * 1000);
  const hours = -date.getTimezoneOffset() / 60;
  const zone = hours === 0 ? 'UTC' : `UTC${hours > 0 ? '+' : '−'}${Math.abs(hours)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockOf(time)} ${zone}`;
}

/** `40 s ago`, `in 3 min`, `now`. */
export function agoOf(time: number, now: number): string {
  const seconds = now - time;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `${formatSpan(seconds)} ago` : `in ${formatSpan(-seconds)}`;
}

/** `85 µs`, `1.3 ms`, `2.04 s`. */
export function durationOf(seconds: number): string {
  if (seconds < 0.001) return `${Math.max(0, Math.round(seconds * 1e6))} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : seconds < 0.1 ? 1 : 0)} ms`;
  return seconds < 60 ? `${seconds.toFixed(2)} s` : formatSpan(seconds);
}

/** What clocks of a millisecond tell of a span: `< 1 ms`, `13 ms`, `2.04 s`. */
export const tookOf = (seconds: number): string =>
  seconds < 0.0005 ? '< 1 ms' : seconds < 0.9995 ? `${Math.round(seconds * 1000)} ms` : durationOf(seconds);

/** `128 B`, `1.5 KiB`. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes / 1024, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `12,345`. */
export const countOf = (count: number): string => Math.round(count).toLocaleString('en');

/** `0.4/s`, `120/s`, `1.2k/s`; nothing is a dash, so that the eye finds what is not. */
export function rateOf(perSecond: number): string {
  if (perSecond <= 0) return '–';
  if (perSecond >= 999_500) return `${(perSecond / 1e6).toFixed(1)}M/s`;
  if (perSecond >= 10_000) return `${Math.round(perSecond / 1000)}k/s`;
  if (perSecond >= 1000) return `${(perSecond / 1000).toFixed(1)}k/s`;
  return perSecond >= 9.95 ? `${Math.round(perSecond)}/s` : `${perSecond.toFixed(1)}/s`;
}

/** `1 machine`, `3 machines`. */
export const counted = (count: number, noun: string): string => `${countOf(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function enumerated(names: readonly string[], countMax = 4): string {
  const shown =
    names.length > countMax ? [...names.slice(0, countMax - 1), `${names.length - countMax + 1} more`] : names;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
