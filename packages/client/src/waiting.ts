// Waiting with an end: for a time, for a signal, for a promise but no longer than that.

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Waits for a promise, but no longer than that. */
export async function within(promise: Promise<void>, limitMs: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort = (): void => {};
  const over = new Promise<void>((resolve) => {
    onAbort = resolve;
    timer = setTimeout(resolve, limitMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) resolve();
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', onAbort);
}
