// The log: structured lines to standard error or a file, and a brake on what foreign input can make it say.

import { closeSync, openSync } from 'node:fs';
import { type DestinationStream, type Logger, destination as openDestination, pino } from 'pino';

export interface LogOptions {
  readonly level: string;
  /** Undefined: standard error. */
  readonly file: string | undefined;
  readonly format: 'json' | 'pretty';
}

type Reopenable = DestinationStream & { reopen?: () => void; flushSync?: () => void };

const LEVEL_NAMES: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const OWN_FIELDS = new Set(['level', 'time', 'msg', 'server']);

/** One JSON line of the log as a line for people: time, level, sentence, fields. */
export function prettyLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as { level: number; time: number; msg?: string };
  const clock = new Date(time).toISOString().slice(11, 23);
  const rest = Object.entries(fields)
    .filter(([name]) => !OWN_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
  return `${clock} ${(LEVEL_NAMES[level] ?? String(level)).padEnd(5)} ${msg ?? ''}${rest}\n`;
}

export class Log {
  readonly lines: Logger;
  readonly #stream: Reopenable;
  readonly #file: string | undefined;

  /** @throws Error when the file cannot be opened */
  constructor(options: LogOptions, server: string) {
    const target =
      options.file === undefined
        ? { dest: 2, sync: true }
        : { dest: options.file, sync: true, append: true, mkdir: true };
    this.#file = options.file;
    // Opened once for the sake of an error that is thrown here, not later in the stream.
    if (options.file !== undefined) closeSync(openSync(options.file, 'a'));
    const stream: Reopenable = openDestination(target);
    this.#stream = stream;
    const out: DestinationStream =
      options.format === 'pretty' ? { write: (line: string) => stream.write(prettyLine(line)) } : stream;
    this.lines = pino({ level: options.level, base: { server } }, out);
  }

  /** Opens the file anew after it was moved away. Standard error has nothing to reopen. */
  reopen(): void {
    if (this.#file !== undefined) this.#stream.reopen?.();
  }

  close(): void {
    this.#stream.flushSync?.();
  }
}

interface Braked {
  nextMs: number;
  skipped: number;
}

/** Kinds hold names from outside: so many have an interval of their own, all others share one. */
const KINDS_MAX = 64;

/** Lets one line of a kind through per interval and counts the others into the next one. */
export class RateLimit {
  readonly #kinds = new Map<string, Braked>();
  readonly #others: Braked = { nextMs: 0, skipped: 0 };
  readonly #intervalMs: number;
  readonly #now: () => number;

  constructor(intervalMs: number, now: () => number) {
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** Calls `write` with the number of lines of this kind left out since the last one, unless it is too soon. */
  run(kind: string, write: (skipped: number) => void): void {
    const now = this.#now();
    const braked = this.#brakeOf(kind, now);
    if (now < braked.nextMs) {
      braked.skipped++;
      return;
    }
    write(braked.skipped);
    braked.skipped = 0;
    braked.nextMs = now + this.#intervalMs;
  }

  #brakeOf(kind: string, now: number): Braked {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    if (this.#kinds.size >= KINDS_MAX) this.#forgetIdle(now);
    return this.#kinds.size >= KINDS_MAX ? this.#others : this.#add(kind, now);
  }

  #add(kind: string, now: number): Braked {
    const braked = { nextMs: now, skipped: 0 };
    this.#kinds.set(kind, braked);
    return braked;
  }

  /** Makes room: what kinds whose interval is over have left out is told with the others. */
  #forgetIdle(now: number): void {
    for (const [kind, { nextMs, skipped }] of this.#kinds) {
      if (nextMs > now) continue;
      this.#others.skipped += skipped;
      this.#kinds.delete(kind);
    }
  }
}
