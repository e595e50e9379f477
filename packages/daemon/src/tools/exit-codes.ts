// How a tool ends: the exit codes that scripts rely on, the error that carries one, and which error means which.

import { CommunicatorError, type CommunicatorErrorCode } from 'snapcommunicator';

export const EXIT = {
  done: 0,
  /** What was asked has the answer no: not well, not up, outcome unknown. */
  no: 1,
  usage: 2,
  noConnection: 3,
  noService: 4,
  timedOut: 5,
  refused: 6,
  /** A fault of the tool itself: outside of what scripts are promised. */
  fault: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The codes with what they mean, for `--help`. */
export const EXIT_CODE_HELP =
  'Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 cannot connect, 4 no such service, 5 timed out, 6 refused.';

/** Ends a tool: a sentence for standard error, and the exit code. */
export class ToolError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ToolError';
    this.exitCode = exitCode;
  }
}

/** Wrong usage, with what was expected. */
export const usageError = (message: string): ToolError => new ToolError(EXIT.usage, message);

const EXIT_OF: Readonly<Record<CommunicatorErrorCode, ExitCode>> = {
  NO_SUCH_SERVICE: EXIT.noService,
  TIMEOUT: EXIT.timedOut,
  EXPIRED: EXIT.timedOut,
  REFUSED: EXIT.refused,
  QUEUE_FULL: EXIT.refused,
  DISCONNECTED: EXIT.noConnection,
  // Messages are checked before they are sent, so this is another's word on one that is well formed.
  INVALID_MESSAGE: EXIT.refused,
};

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ToolError) return error.exitCode;
  return error instanceof CommunicatorError ? EXIT_OF[error.code] : EXIT.fault;
}

/** What standard error is told about it. Only of our own faults does the place in the code help anybody. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return exitCodeOf(error) === EXIT.fault ? (error.stack ?? error.message) : error.message;
}
