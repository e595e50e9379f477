// Values of options as commander is to read them: by the types of contracts, with the same words when they are wrong.

import { InvalidArgumentError, Option } from 'commander';
import { duration, integer, type ParameterType, size } from 'snapcommunicator/contract';

/** An option whose value has a type; `defaultText` is written as one would type it. */
export function typedOption<T>(
  flags: string,
  description: string,
  type: ParameterType<T>,
  defaultText?: string,
): Option {
  const option = new Option(flags, description);
  option.argParser((text: string) => {
    const reading = type.read(text);
    if ('expected' in reading) throw new InvalidArgumentError(`Expected ${reading.expected}.`);
    return reading.value;
  });
  if (defaultText === undefined) return option;
  const reading = type.read(defaultText);
  return option.default('value' in reading ? reading.value : undefined, defaultText);
}

/** Milliseconds, written `5s` or `250ms`. */
export const durationOption = (flags: string, description: string, defaultText?: string): Option =>
  typedOption(flags, description, duration({ minMs: 1, maxMs: 24 * 3_600_000 }), defaultText);

export const countOption = (flags: string, description: string, max: number, defaultText?: string): Option =>
  typedOption(flags, description, integer({ min: 1, max }), defaultText);

/** Bytes, written `64KiB`. */
export const sizeOption = (
  flags: string,
  description: string,
  limits: { minBytes: number; maxBytes: number },
  defaultText?: string,
): Option => typedOption(flags, description, size(limits), defaultText);

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

/** A moment: how long ago (`5m`), a time of this day or the last one (`14:02`, `14:02:30.5`), or a date with a time. */
export const momentOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) => {
    const moment = readMoment(text, Date.now() / 1000);
    if (moment === undefined)
      throw new InvalidArgumentError('Expected how long ago, such as 5m, or a time such as 14:02:30.');
    return moment;
  });

const ago = duration({ minMs: 0, maxMs: 30 * 24 * 3_600_000 });
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?$/;

/** Unix seconds; undefined if the text is no moment. @param now unix seconds */
export function readMoment(text: string, now: number): number | undefined {
  const span = ago.read(text);
  if ('value' in span) return now - span.value / 1000;
  const [, hours, minutes, seconds = '0'] = CLOCK.exec(text) ?? [];
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60) {
    const day = new Date(now * 1000);
    day.setHours(Number(hours), Number(minutes), 0, 0);
    const moment = day.getTime() / 1000 + Number(seconds);
    if (moment <= now) return moment;
    day.setDate(day.getDate() - 1);
    return day.getTime() / 1000 + Number(seconds);
  }
  const date = /^\d{4}-\d{2}-\d{2}[T ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date / 1000;
}
