// Flags, conditions that an administrator must see: their form, their order, and reading them as daemons tell them.

import { ParameterType } from './types.ts';

/** Which condition it is: by these three words, and the machine, a flag is known. */
export interface FlagWords {
  /** The program, or the family of programs. */
  readonly unit: string;
  /** The part of it. */
  readonly section: string;
  /** What is wrong. */
  readonly name: string;
}

/** A condition that an administrator must see. */
export interface Flag extends FlagWords {
  /** The machine that keeps it. */
  readonly server: string;
  readonly message: string;
  /** From 0 to 100. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** A person lowers it; else who raised it does, when the condition is over. */
  readonly isManual: boolean;
  /** How often it has been raised since it is up. */
  readonly count: number;
  /** Since when it is up, in seconds since 1970. */
  readonly raisedAt: number;
  /** When it was raised last, in seconds since 1970. */
  readonly modifiedAt: number;
  /** Who raised it last: a service of that machine, or `server:service`; empty: a script without a connection. */
  readonly raisedBy: string;
  /** Where in the sources that was. */
  readonly sourceFile?: string;
  readonly function?: string;
  readonly line?: number;
  /** Its machine cannot be reached: this is how it was when it was lost. */
  readonly isLost?: true;
}

export const FLAG_PRIORITIES = { least: 0, usual: 5, greatest: 100 } as const;

/** From this priority on somebody is to be called. */
export const URGENT_PRIORITY = 50;

/** Characters of a word, and tags of a flag. */
export const FLAG_LIMITS = { wordLengthMax: 64, tagsMax: 32, placeLengthMax: 1024 } as const;

const WORD = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const wordDescription = `a word of a flag (letters, digits and single - between them, a letter first, at most ${FLAG_LIMITS.wordLengthMax} characters)`;

/** A unit, section, name or tag. Read in lower case. */
export const flagWord = (): ParameterType<string, 'required'> =>
  new ParameterType(
    {
      description: wordDescription,
      read: (text) => {
        const value = text.toLowerCase();
        return value.length <= FLAG_LIMITS.wordLengthMax && WORD.test(value)
          ? { value }
          : { expected: wordDescription };
      },
      write: (value) => value,
    },
    'required',
  );

/** A flag's words as one: `mail/queue/full`. */
export const flagTitle = ({ unit, section, name }: FlagWords): string => `${unit}/${section}/${name}`;

/** The order in which people are to see flags: the urgent first, then the newest. */
export function compareFlags(a: Flag, b: Flag): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.raisedAt !== b.raisedAt) return b.raisedAt - a.raisedAt;
  const [left, right] = [`${flagTitle(a)} ${a.server}`, `${flagTitle(b)} ${b.server}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The flags of a JSON array; what is none is left out. `undefined`: it is no array. */
export function readFlags(text: string): Flag[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.flatMap((entry) => readFlag(entry) ?? []) : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown, lengthMax: number): value is string =>
  typeof value === 'string' && value.length <= lengthMax;
const isWord = (value: unknown): value is string => isText(value, FLAG_LIMITS.wordLengthMax) && WORD.test(value);
const isAmount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === 'number' && value >= 0 && value <= max;

/** A flag, if it is one, with nothing in it that does not belong there. */
export function readFlag(entry: unknown): Flag | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { server, unit, section, name, message, priority, tags, isManual, count, raisedAt, modifiedAt, raisedBy } =
    entry as Partial<Record<keyof Flag, unknown>>;
  const { wordLengthMax, placeLengthMax, tagsMax } = FLAG_LIMITS;
  if (!isText(server, wordLengthMax) || !isWord(unit) || !isWord(section) || !isWord(name)) return undefined;
  if (typeof message !== 'string' || !isText(raisedBy, 2 * wordLengthMax + 1)) return undefined;
  if (!isAmount(priority, FLAG_PRIORITIES.greatest) || !isAmount(count)) return undefined;
  if (!isAmount(raisedAt) || !isAmount(modifiedAt) || !Array.isArray(tags)) return undefined;
  const { sourceFile, function: place, line, isLost } = entry as Partial<Record<keyof Flag, unknown>>;
  return {
    server,
    unit,
    section,
    name,
    message,
    priority,
    tags: tags.filter(isWord).slice(0, tagsMax),
    isManual: isManual === true,
    count,
    raisedAt,
    modifiedAt,
    raisedBy,
    ...(isText(sourceFile, placeLengthMax) && { sourceFile }),
    ...(isText(place, placeLengthMax) && { function: place }),
    ...(isAmount(line) && { line }),
    ...(isLost === true && { isLost }),
  };
}
