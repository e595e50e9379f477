// Waiting with an end: for a time, for a promise but no longer than that, each cut short by a signal.

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}

/** Waits for a promise, but no longer than that. @returns whether it was settled in time */
export async function within(promise: Promise<unknown>, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  const isSettled = await Promise.race([promise.then(() => true), pause(limitMs, over.signal).then(() => false)]);
  stop();
  signal?.removeEventListener('abort', stop);
  return isSettled;
}
