// Whether this machine's clock is synchronised: from timesyncd's files, or chronyc, else nobody knows.

import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';

export type Clock = { readonly resolution: 'verified' | 'no_ntp' } | { readonly error: 'checking' | 'invalid' };

/** How the state is found out; tests give another one. */
export interface ClockSources {
  exists(path: string): boolean;
  /** What `chronyc -n tracking` prints; undefined when it is not there or does not answer. */
  chrony(): Promise<string | undefined>;
}

const TIMESYNC_DIRECTORY = '/run/systemd/timesync';
const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';
const CHRONY_TIMEOUT_MS = 3000;

export const systemSources: ClockSources = {
  exists(path) {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  },
  chrony: () =>
    new Promise((resolve) => {
      execFile('chronyc', ['-n', 'tracking'], { timeout: CHRONY_TIMEOUT_MS }, (error, output) =>
        resolve(error === null ? output : undefined),
      );
    }),
};

/** Finds out once. */
export async function readClock(sources: ClockSources): Promise<Clock> {
  if (sources.exists(TIMESYNC_MARK)) return { resolution: 'verified' };
  if (sources.exists(TIMESYNC_DIRECTORY)) return { error: 'invalid' };
  const tracking = await sources.chrony();
  if (tracking === undefined) return { resolution: 'no_ntp' };
  return /^Leap status\s*:\s*Normal/m.test(tracking) ? { resolution: 'verified' } : { error: 'invalid' };
}

/** Looks every so often, and says when it changes. */
export class ClockStatus {
  current: Clock = { error: 'checking' };
  readonly #sources: ClockSources;
  readonly #timer: NodeJS.Timeout;
  onChange: (clock: Clock) => void = () => undefined;

  constructor(intervalMs: number, sources: ClockSources = systemSources) {
    this.#sources = sources;
    this.#timer = setInterval(() => void this.look(), intervalMs).unref();
  }

  async look(): Promise<void> {
    const clock = await readClock(this.#sources);
    const isChanged = JSON.stringify(clock) !== JSON.stringify(this.current);
    this.current = clock;
    if (isChanged) this.onChange(clock);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
