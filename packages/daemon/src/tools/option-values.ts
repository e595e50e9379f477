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
