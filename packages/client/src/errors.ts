// What can go wrong for a user of the library: one error class with stable codes, and their catalogue.

/** Every code of a `CommunicatorError`, with what causes it and what to do about it. */
export const CLIENT_ERRORS = {
  NO_SUCH_SERVICE: {
    cause: 'No instance of the service could be reached and the message was not kept for it.',
    remedy: 'Start the service, check its name with `snapcom services`, or let the message wait with `cache: { ttl }`.',
  },
  TIMEOUT: {
    cause: 'No answer came within the time that was given.',
    remedy:
      'Look at the service that should answer; give it longer with `timeout`; `snapcom why` tells what became of the message.',
  },
  REFUSED: {
    cause: 'The communicator or the service refused what was asked, and said why.',
    remedy:
      'Read the reason in the message: a name in use, a wrong password, a certificate, a full queue, a missing privilege.',
  },
  EXPIRED: {
    cause: 'The message was kept for the service until its time was over.',
    remedy: 'Start the service, or keep the message longer with `cache: { ttl }` (at most 24 h).',
  },
  DISCONNECTED: {
    cause: 'There is no connection to the communicator, or it was lost or closed before the outcome was known.',
    remedy:
      'Check that the daemon runs and that SNAPCOMMUNICATOR names its address; repeat what may safely be repeated.',
  },
  INVALID_MESSAGE: {
    cause: 'The message is not one, or it does not fit the contract of its command, or it was not understood.',
    remedy: 'Correct the command or the parameter that the error names.',
  },
  QUEUE_FULL: {
    cause: 'More is waiting than the limit allows.',
    remedy:
      'Await `send()`, which slows the sender down to what the communicator takes, or raise the limit that the error names.',
  },
} as const;

export type CommunicatorErrorCode = keyof typeof CLIENT_ERRORS;

/**
 * The one error of the library. `code` never changes its meaning; `message` is a sentence for people, which says what,
 * where, and what to do: "images does not answer RESIZE within 500 ms".
 */
export class CommunicatorError extends Error {
  readonly code: CommunicatorErrorCode;

  constructor(code: CommunicatorErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CommunicatorError';
    this.code = code;
  }
}

/** The text of anything that was thrown. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses of one host name fail together, and the outer error then says nothing.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(textOf).join('; ');
  return error.message;
}
