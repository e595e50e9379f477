// When other machines are told: the first change at once, those that follow together, with growing pauses; newcomers by themselves.

export interface TellingParts {
  /** Tells one machine what holds now. */
  readonly tell: (server: string) => void;
  readonly tellAll: () => void;
}

const PAUSE_MS_MIN = 100;
/** What comes up together is told together after so long. */
const NEWCOMERS_MS = 50;
/** More newcomers than so many are told as everybody is. */
const SINGLE_MAX = 8;

export class Telling {
  readonly #parts: TellingParts;
  readonly #pauseMsMax: number;
  readonly #newcomers = new Set<string>();
  #pauseMs = PAUSE_MS_MIN;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #newcomersTimer: NodeJS.Timeout | undefined;

  /** @param pauseMsMax the greatest pause, in ms; after a calm of so long pauses begin anew */
  constructor(pauseMsMax: number, parts: TellingParts) {
    this.#pauseMsMax = pauseMsMax;
    this.#parts = parts;
  }

  /** What is to be told has changed. */
  changed(): void {
    if (this.#timer !== undefined) return;
    const calmMs = performance.now() - this.#toldAtMs;
    this.#timer = setTimeout(() => this.#tellAll(), Math.max(0, this.#pauseMs - calmMs)).unref();
  }

  /** It is told once more, unless that is about to happen. */
  again(): void {
    if (this.#timer === undefined && performance.now() - this.#toldAtMs >= this.#pauseMsMax / 2) this.#parts.tellAll();
  }

  /** A machine that was not there can be reached. */
  newcomer(server: string): void {
    this.#newcomers.add(server);
    this.#newcomersTimer ??= setTimeout(() => this.#tellNewcomers(), NEWCOMERS_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#newcomersTimer);
  }

  #tellAll(): void {
    this.#timer = undefined;
    const now = performance.now();
    const isCalm = now - this.#toldAtMs > this.#pauseMsMax;
    this.#pauseMs = isCalm ? PAUSE_MS_MIN : Math.min(this.#pauseMs * 2, this.#pauseMsMax);
    this.#toldAtMs = now;
    this.#parts.tellAll();
  }

  #tellNewcomers(): void {
    this.#newcomersTimer = undefined;
    const servers = [...this.#newcomers];
    this.#newcomers.clear();
    if (servers.length > SINGLE_MAX) this.#parts.tellAll();
    else for (const server of servers) this.#parts.tell(server);
  }
}
