// The flags of this machine: raised, counted, lowered, within limits. Pure: the time comes in as a number.

import { compareFlags, type Flag, type FlagWords, flagTitle } from 'snapcommunicator/contract';

/** What is said when a flag is raised. */
export interface FlagRaising extends FlagWords {
  readonly message: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly isManual: boolean;
  /** A service, or `server:service`; empty for nobody known. */
  readonly raisedBy: string;
  readonly sourceFile?: string | undefined;
  readonly function?: string | undefined;
  readonly line?: number | undefined;
}

export interface OwnFlagsOptions {
  readonly server: string;
  /** Flags that may be up at a time, besides those of the daemon itself. */
  readonly countMax: number;
  /** Characters; what is longer is cut, for a flag must be seen. */
  readonly messageLengthMax: number;
}

/** `again`: as it was, but for the count. `full`: there are too many already. */
export type Raised = { readonly kind: 'new' | 'changed' | 'again'; readonly flag: Flag } | { readonly kind: 'full' };

/** `kept`: it is for a person to lower. */
export interface Lowered {
  readonly kind: 'lowered' | 'kept' | 'absent';
  /** How often it had been raised. */
  readonly count: number;
}

/** Who raises the daemon's own flags. */
export const DAEMON = 'communicatord';

export class OwnFlags {
  readonly #options: OwnFlagsOptions;
  readonly #flags = new Map<string, Flag>();

  /** @param stored from an earlier life. What the daemon itself has raised is found out anew. */
  constructor(options: OwnFlagsOptions, stored: readonly Flag[]) {
    this.#options = options;
    for (const flag of stored.slice(0, options.countMax))
      if (flag.isManual || flag.raisedBy !== DAEMON)
        this.#flags.set(flagTitle(flag), { ...flag, server: options.server });
  }

  get size(): number {
    return this.#flags.size;
  }

  /** Whether there are as many as there may be; those of the daemon itself do not count. */
  get isFull(): boolean {
    const counted = [...this.#flags.values()].filter(({ raisedBy }) => raisedBy !== DAEMON);
    return counted.length >= this.#options.countMax;
  }

  /** The urgent first. */
  list(): Flag[] {
    return [...this.#flags.values()].sort(compareFlags);
  }

  /** @param nowS seconds since 1970 */
  raise(raising: FlagRaising, nowS: number): Raised {
    const { server, messageLengthMax } = this.#options;
    const title = flagTitle(raising);
    const before = this.#flags.get(title);
    if (before === undefined && raising.raisedBy !== DAEMON && this.isFull) return { kind: 'full' };
    const { unit, section, name, priority, isManual, raisedBy, sourceFile, function: place, line } = raising;
    const flag: Flag = {
      server,
      unit,
      section,
      name,
      message: cut(raising.message, messageLengthMax),
      priority,
      tags: [...new Set(raising.tags)].sort(),
      isManual,
      count: (before?.count ?? 0) + 1,
      raisedAt: before?.raisedAt ?? nowS,
      modifiedAt: nowS,
      raisedBy,
      ...(sourceFile !== undefined && { sourceFile }),
      ...(place !== undefined && { function: place }),
      ...(line !== undefined && { line }),
    };
    this.#flags.set(title, flag);
    if (before === undefined) return { kind: 'new', flag };
    return { kind: isAlike(before, flag) ? 'again' : 'changed', flag };
  }

  lower(words: FlagWords, isByHand: boolean): Lowered {
    const title = flagTitle(words);
    const flag = this.#flags.get(title);
    if (flag === undefined) return { kind: 'absent', count: 0 };
    if (flag.isManual && !isByHand) return { kind: 'kept', count: flag.count };
    this.#flags.delete(title);
    return { kind: 'lowered', count: flag.count };
  }
}

/** Whether they say the same to people. */
function isAlike(a: Flag, b: Flag): boolean {
  return (
    a.message === b.message &&
    a.priority === b.priority &&
    a.isManual === b.isManual &&
    a.tags.join() === b.tags.join() &&
    a.raisedBy === b.raisedBy
  );
}

function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  // Not between the halves of a character.
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
