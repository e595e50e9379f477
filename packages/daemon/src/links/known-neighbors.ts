// Daemons that were learnt of, kept on disk across restarts: their addresses, and when a link to them last stood.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KnownNeighbor {
  /** `IP:port` of its remote listener. */
  readonly address: string;
  /** Its name, once it has been linked. */
  readonly server: string;
  /** When it was learnt of, and when a link to it last stood, in seconds since 1970; 0: never. */
  readonly learntAt: number;
  readonly seenAt: number;
}

export interface KnownNeighborsOptions {
  readonly countMax: number;
  /** In seconds: one that was not seen for so long is forgotten. */
  readonly keptS: number;
  /** In seconds: the same for one that was never seen at all, but only told of. */
  readonly heardS: number;
}

const FILE = 'neighbors.json';
/** A change is written so much later, together with those that follow. */
const SAVE_DELAY_MS = 500;

export class KnownNeighbors implements Iterable<KnownNeighbor> {
  readonly #path: string;
  readonly #options: KnownNeighborsOptions;
  readonly #nowS: () => number;
  readonly #failed: (error: Error) => void;
  readonly #dropped: (address: string) => void;
  readonly #known = new Map<string, KnownNeighbor>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * Reads what is kept; a damaged file counts as none.
   * @param nowS seconds since 1970
   * @param failed told when the file cannot be written
   * @param dropped told who had to make room, or was too old
   */
  constructor(
    dataPath: string,
    options: KnownNeighborsOptions,
    nowS: () => number,
    failed: (error: Error) => void,
    dropped: (address: string) => void,
  ) {
    this.#path = join(dataPath, FILE);
    this.#options = options;
    this.#nowS = nowS;
    this.#failed = failed;
    this.#dropped = dropped;
    for (const neighbor of readKnown(this.#path)) this.#known.set(neighbor.address, neighbor);
    this.#forgetOld();
  }

  [Symbol.iterator](): Iterator<KnownNeighbor> {
    return this.#known.values();
  }

  has(address: string): boolean {
    return this.#known.has(address);
  }

  /** Somebody told of it. @returns whether it is news and has a place */
  hear(address: string): boolean {
    if (this.#known.has(address) || !this.#makeRoom(false)) return false;
    this.#known.set(address, { address, server: '', learntAt: this.#now, seenAt: 0 });
    this.#change();
    return true;
  }

  /** A link to it stands. @returns whether it is news */
  see(address: string, server: string): boolean {
    const known = this.#known.get(address);
    if (known === undefined && !this.#makeRoom(true)) return false;
    this.#known.set(address, { address, server, learntAt: known?.learntAt ?? this.#now, seenAt: this.#now });
    this.#change();
    return known === undefined;
  }

  forget(address: string): boolean {
    const wasKnown = this.#known.delete(address);
    if (wasKnown) this.#change();
    return wasKnown;
  }

  /** Forgets who is too old. */
  expire(): void {
    this.#forgetOld();
  }

  /** Writes what has changed. */
  close(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#save();
  }

  get #now(): number {
    return Math.floor(this.#nowS());
  }

  #forgetOld(): void {
    const { keptS, heardS } = this.#options;
    for (const { address, seenAt, learntAt } of this.#known.values())
      if (seenAt > 0 ? seenAt + keptS <= this.#now : learntAt + heardS <= this.#now) this.#drop(address);
  }

  /** For who is only told of nobody makes room; for who is seen, the one who was seen longest ago, or never. */
  #makeRoom(isSeen: boolean): boolean {
    if (this.#known.size < this.#options.countMax) return true;
    const [oldest] = [...this.#known.values()].sort((a, b) => a.seenAt - b.seenAt || a.learntAt - b.learntAt);
    if (oldest === undefined || !isSeen) return false;
    this.#drop(oldest.address);
    return true;
  }

  #drop(address: string): void {
    this.#known.delete(address);
    this.#dropped(address);
    this.#change();
  }

  #change(): void {
    this.#timer ??= setTimeout(() => this.#save(), SAVE_DELAY_MS).unref();
  }

  #save(): void {
    this.#timer = undefined;
    try {
      mkdirSync(join(this.#path, '..'), { recursive: true });
      writeFileSync(`${this.#path}.new`, `${JSON.stringify([...this.#known.values()])}\n`);
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

function readKnown(path: string): KnownNeighbor[] {
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
  return Array.isArray(entries) ? entries.filter(isKnown) : [];
}

function isKnown(entry: unknown): entry is KnownNeighbor {
  if (typeof entry !== 'object' || entry === null) return false;
  const { address, server, learntAt, seenAt } = entry as Partial<Record<keyof KnownNeighbor, unknown>>;
  return typeof address === 'string' && typeof server === 'string' && isTime(learntAt) && isTime(seenAt);
}
