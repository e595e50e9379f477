// Ctrl-C and its like, for tools that run until they are told to end.

// Not SIGHUP: `nohup` has it ignored, and a handler would undo that.
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** 128 and the number of SIGINT, as shells count. */
const INTERRUPTED = 130;

/** A signal that is aborted when the user or the system wants the tool to end. A second time it ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
