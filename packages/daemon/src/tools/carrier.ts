// How messages of `snapcom send` leave, over a connection or as datagrams, and with which options.

import type { Message } from 'snapcommunicator/wire';
import type { CompositionOptions } from './composition.ts';
import type { ExitCode } from './exit-codes.ts';
import type { CommonOptions } from './tool.ts';

export interface SendOptions extends CompositionOptions, CommonOptions {
  readonly report?: boolean;
  /** For the report, in milliseconds. */
  readonly timeout?: number;
  readonly keepGoing?: boolean;
  readonly signalSecretFile?: string;
  readonly maxSize?: number;
}

/** How messages leave: over a connection, or as datagrams. */
export interface Carrier {
  /** Resolves when the next one may come. @param line of standard input @throws ToolError, CommunicatorError */
  send(message: Message, line: number | undefined): Promise<void>;
  /** Everything has been handed over and taken. @returns the exit code as far as the communicator knows */
  finish(): Promise<ExitCode>;
  /** Ends after a failure. */
  abandon(): Promise<void>;
}
