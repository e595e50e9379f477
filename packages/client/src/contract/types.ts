// The types of parameters and options: text to value and back, with limits, in one mechanism for contracts and options.

import { NAME } from '../wire/message.ts';

/** What reading a text gives: the value, or what was expected instead. */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

interface TypeRules<T> {
  /** What a person reads: "integer from 1 to 10". */
  readonly description: string;
  read(text: string): Reading<T>;
  write(value: T): string;
}

/** How a parameter may be left out: it must be there, it may be absent, or a default stands in for it. */
type Presence = 'required' | 'optional' | 'default';

/** One parameter's type. Immutable: `optional()` and the rest return another one. */
export class ParameterType<T, P extends Presence = Presence> {
  readonly #rules: TypeRules<T>;
  readonly presence: P;
  readonly defaultValue: T | undefined;
  /** What the parameter means, for people. */
  readonly note: string;

  constructor(rules: TypeRules<T>, presence: P, defaultValue: T | undefined = undefined, note = '') {
    this.#rules = rules;
    this.presence = presence;
    this.defaultValue = defaultValue;
    this.note = note;
  }

  get description(): string {
    return this.#rules.description;
  }

  optional(): ParameterType<T, 'optional'> {
    return new ParameterType(this.#rules, 'optional', undefined, this.note);
  }

  default(value: T): ParameterType<T, 'default'> {
    return new ParameterType(this.#rules, 'default', value, this.note);
  }

  describe(note: string): ParameterType<T, P> {
    return new ParameterType(this.#rules, this.presence, this.defaultValue, note);
  }

  /** The text as a value, or what was expected. Never throws. */
  read(text: string): Reading<T> {
    return this.#rules.read(text);
  }

  /** The value as text. The text is read again, so a value outside the limits is an error. @throws RangeError */
  write(value: T): string {
    const text = this.#rules.write(value);
    const reading = this.#rules.read(text);
    if ('expected' in reading) throw new RangeError(`${JSON.stringify(value)} is not ${reading.expected}`);
    return text;
  }
}

const required = <T>(rules: TypeRules<T>): ParameterType<T, 'required'> => new ParameterType(rules, 'required');
const range = (min: number, max: number): string =>
  Number.isFinite(max) ? ` from ${min} to ${max}` : Number.isFinite(min) ? ` of at least ${min}` : '';

/** Any text but NUL, at most `lengthMax` characters, matching `pattern` if one is given. */
export function string(
  limits: { lengthMax?: number; pattern?: RegExp; description?: string } = {},
): ParameterType<string, 'required'> {
  const { lengthMax = Number.POSITIVE_INFINITY, pattern } = limits;
  const description =
    limits.description ??
    `text${Number.isFinite(lengthMax) ? ` of at most ${lengthMax} characters` : ''}${pattern ? ` matching ${pattern.source}` : ''}`;
  return required({
    description,
    read: (text) =>
      text.length <= lengthMax && (pattern === undefined || pattern.test(text))
        ? { value: text }
        : { expected: description },
    write: (value) => value,
  });
}

/** A name of a server, service or parameter: [A-Za-z_][A-Za-z0-9_]*, at most 64 characters. */
export const name = (): ParameterType<string, 'required'> =>
  string({ pattern: NAME, description: 'a name ([A-Za-z_][A-Za-z0-9_]*, at most 64 characters)' });

/** A whole number. */
export function integer(limits: { min?: number; max?: number } = {}): ParameterType<number, 'required'> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = limits;
  const isBounded = limits.min !== undefined || limits.max !== undefined;
  const description = `a whole number${isBounded ? range(min, limits.max ?? Number.POSITIVE_INFINITY) : ''}`;
  return required({
    description,
    read: (text) => {
      const value = Number(text);
      return /^[+-]?\d+$/.test(text) && value >= min && value <= max ? { value } : { expected: description };
    },
    write: String,
  });
}

/** A number, with decimals if need be. */
export function number(limits: { min?: number; max?: number } = {}): ParameterType<number, 'required'> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limits;
  const description = `a number${range(min, max)}`;
  return required({
    description,
    read: (text) => {
      const value = Number(text);
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && value >= min && value <= max
        ? { value }
        : { expected: description };
    },
    write: String,
  });
}

const YES = new Set(['true', 'yes', 'on', '1']);
const NO = new Set(['false', 'no', 'off', '0', '']);

/** true, yes, on, 1; false, no, off, 0 or empty. Written as true and false. */
export const boolean = (): ParameterType<boolean, 'required'> =>
  required({
    description: 'true or false',
    read: (text) => {
      const word = text.toLowerCase();
      return YES.has(word) ? { value: true } : NO.has(word) ? { value: false } : { expected: 'true or false' };
    },
    write: String,
  });

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): ParameterType<W, 'required'> {
  const description = `one of ${words.join(', ')}`;
  return required({
    description,
    read: (text) => ((words as readonly string[]).includes(text) ? { value: text as W } : { expected: description }),
    write: (value) => value,
  });
}

/** Items of one type with commas between them; blanks around an item are dropped, empty text is an empty list. */
export function list<T>(
  item: ParameterType<T>,
  limits: { countMax?: number } = {},
): ParameterType<readonly T[], 'required'> {
  const { countMax = 10_000 } = limits;
  const description = `a comma-separated list, each ${item.description}`;
  return required({
    description,
    read: (text) => {
      const parts = text
        .split(',', countMax + 1)
        .map((part) => part.trim())
        .filter((part) => part !== '');
      if (parts.length > countMax) return { expected: `at most ${countMax} items` };
      const values: T[] = [];
      for (const part of parts) {
        const reading = item.read(part);
        if ('expected' in reading) return reading;
        values.push(reading.value);
      }
      return { value: values };
    },
    write: (values) => values.map((value) => item.write(value)).join(','),
  });
}

const DURATION_UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  '': 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration, as milliseconds: a number of seconds, or one with a unit (`250ms`, `60s`, `10m`, `3h`, `1d`), or several (`1h30m`). */
export function duration(limits: { minMs?: number; maxMs?: number } = {}): ParameterType<number, 'required'> {
  const { minMs = 0, maxMs = Number.POSITIVE_INFINITY } = limits;
  const bounds = `${minMs > 0 ? ` from ${formatDuration(minMs)}` : ''}${Number.isFinite(maxMs) ? ` up to ${formatDuration(maxMs)}` : ''}`;
  const description = `a duration such as 250ms, 60s, 10m or 3h${bounds}`;
  return required({
    description,
    read: (text) => {
      // Only the last number may lack its unit: otherwise a long row of digits could be split in exponentially many ways.
      if (!/^(?=\d)(\d+(\.\d+)?(ms|s|min|m|h|d))*(\d+(\.\d+)?)?$/.test(text)) return { expected: description };
      let value = 0;
      for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h|d)?/g)) {
        value += Number(amount) * (DURATION_UNITS[unit ?? ''] as number);
      }
      return value >= minMs && value <= maxMs ? { value } : { expected: description };
    },
    write: formatDuration,
  });
}

/** Milliseconds for people: `250ms`, `60s`, `10m`, `3h`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

const SIZE_UNITS: Record<string, number> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** A size, as bytes: `65536`, `64KiB`, `64k`, `1MiB`, `2G`. */
export function size(limits: { minBytes?: number; maxBytes?: number } = {}): ParameterType<number, 'required'> {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = limits;
  const bounds =
    limits.maxBytes === undefined
      ? minBytes > 0
        ? ` of at least ${formatSize(minBytes)}`
        : ''
      : ` from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  const description = `a size such as 64KiB or 1MiB${bounds}`;
  return required({
    description,
    read: (text) => {
      const parts = /^(\d+)\s*([kmg]?)(i?b)?$/i.exec(text);
      const value =
        parts === null ? Number.NaN : Number(parts[1]) * (SIZE_UNITS[(parts[2] ?? '').toLowerCase()] as number);
      return value >= minBytes && value <= maxBytes ? { value } : { expected: description };
    },
    write: formatSize,
  });
}

/** Bytes for people: `64KiB`, `1MiB`. */
export function formatSize(bytes: number): string {
  for (const [unit, unitBytes] of [
    ['GiB', 1 << 30],
    ['MiB', 1 << 20],
    ['KiB', 1 << 10],
  ] as const) {
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}`;
}
