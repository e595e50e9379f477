// What a communicator can be told when it is made, its defaults and limits, and the events that it tells of.

import type { BackoffOptions } from './connection/backoff.ts';
import type { Registration } from './connection/link.ts';
import type { Retry } from './connection/session.ts';
import { textOf } from './errors.ts';
import type { Address } from './transport/address.ts';
import type { OpenTransport, TlsOptions } from './transport/transport.ts';
import type { Message } from './wire/message.ts';

/** Options of `Communicator`. All may be left out. */
export interface CommunicatorOptions {
  /**
   * Where the communicator listens; several are tried in turn. Default: `SNAPCOMMUNICATOR` in the environment, else the Unix
   * sockets where daemons listen, else `sc://127.0.0.1:4040`.
   */
  readonly address?: string | Address | readonly (string | Address)[];
  /** `user:password`, where the listener asks for one and the address has none. */
  readonly password?: string;
  /** Certificates for `scs:`. */
  readonly tls?: TlsOptions;
  /** Allows plain `sc:` to a public address, where everybody on the way can read and forge messages (false). */
  readonly allowPublicPlain?: boolean;
  /** Registers as a tool: announced to nobody, its name made unique by the daemon. Default: only without a service name. */
  readonly transient?: boolean;
  /** Whether to connect again, for ever, when nobody listens or the connection is lost (true). */
  readonly reconnect?: boolean;
  /** The pauses between attempts. */
  readonly backoff?: BackoffOptions;
  /** Whether what is sent without a connection waits for the next one (true); else it is DISCONNECTED. */
  readonly queueWhileDisconnected?: boolean;
  /** Most that may wait to be sent, in bytes (16 MiB); beyond it, QUEUE_FULL. */
  readonly queueBytesMax?: number;
  /** From so many waiting bytes on, an awaited `send()` waits until there is room (1 MiB). */
  readonly highWaterBytes?: number;
  /** Longest message, sent or received, in bytes (1 MiB); a communicator takes no longer ones unless it is told to. */
  readonly messageBytesMax?: number;
  /** How long an answer may take unless the request says otherwise, in milliseconds (5,000). */
  readonly requestTimeoutMs?: number;
  /** How many requests may be under way, and how many reports awaited (10,000 each). */
  readonly requestsMax?: number;
  /** After how long an answer without a correlation id cannot come any more to a request that was given up, in milliseconds (30,000). */
  readonly lateAnswerMs?: number;
  /** How long the communicator may take to answer REGISTER, in milliseconds (10,000). */
  readonly registerTimeoutMs?: number;
  /** How long `close()` may take to let handlers end and what is queued go out, in milliseconds (5,000). */
  readonly drainTimeoutMs?: number;
  /** Gets what handlers and listeners throw. Default: one line on standard error for each kind of error. */
  readonly onError?: (error: unknown, message: Message | undefined) => void;
  /** How to open a connection, for tests and other transports. */
  readonly open?: OpenTransport;
}

/** Options of `connect()`. */
export interface ConnectOptions extends CommunicatorOptions {
  /** The name of the service. Without one, the program is a passing client under a name that the daemon makes unique. */
  readonly service?: string;
  /** How long the first connection may take, in milliseconds. Default: for ever. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** What `bus.on('…')` can listen to besides commands. */
export interface CommunicatorEvents {
  /** Registered with the communicator, for the first time or again. */
  connected: Registration;
  /** The registered connection was lost; `lostBytes` had been sent and may not have arrived. */
  disconnected: { readonly error: Error | undefined; readonly lostBytes: number };
  /** No connection; the next attempt follows after the pause. */
  retrying: Retry;
  /** Closed for good. */
  closed: { readonly error: Error | undefined };
  /** Somebody asks this program to stop. Whether it does is its own affair. */
  stop: Message;
  /** The communicator stops in order. */
  disconnecting: Message;
  /** The communicator is stopping and takes nothing more. */
  quitting: Message;
  /** UNKNOWN, INVALID or SERVICE_UNAVAILABLE came for something that was sent, not as the answer to a request. */
  rejected: Message;
  /** A TRANSMISSION_REPORT that nobody awaits, after `report('failure')` for instance. */
  report: Message;
  /** A send that was not taken, for those who do not await it. */
  refused: { readonly error: Error; readonly command: string };
  /** A line that is not a message, or one with malformed parameters, was received and dropped. */
  malformed: { readonly error: string; readonly command: string };
}

/** How much has passed, since the program began. */
export interface Statistics {
  /** Messages handed over for sending. */
  readonly sent: number;
  readonly received: number;
  /** Lines that were no messages. */
  readonly malformed: number;
  /** Durable messages that came again and were dropped. */
  readonly repeats: number;
  /** Answers that came when nobody waited for them any more. */
  readonly lateAnswers: number;
  /** Messages with a command that nobody here understands. */
  readonly unknown: number;
  readonly connections: number;
}

type Defaulted =
  | 'allowPublicPlain'
  | 'reconnect'
  | 'queueWhileDisconnected'
  | 'queueBytesMax'
  | 'highWaterBytes'
  | 'messageBytesMax'
  | 'requestTimeoutMs'
  | 'requestsMax'
  | 'lateAnswerMs'
  | 'registerTimeoutMs'
  | 'drainTimeoutMs';

export const DEFAULTS: Required<Pick<CommunicatorOptions, Defaulted>> = {
  allowPublicPlain: false,
  reconnect: true,
  queueWhileDisconnected: true,
  queueBytesMax: 16 << 20,
  highWaterBytes: 1 << 20,
  messageBytesMax: 1 << 20,
  requestTimeoutMs: 5000,
  requestsMax: 10_000,
  lateAnswerMs: 30_000,
  registerTimeoutMs: 10_000,
  drainTimeoutMs: 5000,
};

/** How many different errors the default `onError` prints. */
const printedMax = 100;

/** Prints each error of a program once: a handler that fails for every message must not flood the log. */
export function createErrorPrinter(
  print: (text: string) => void = console.error,
): (error: unknown, message: Message | undefined) => void {
  const printed = new Set<string>();
  return (error, message) => {
    const text = `${message === undefined ? 'a listener' : `the handler of ${message.command}`} failed: ${textOf(error)}`;
    if (printed.has(text) || printed.size >= printedMax) return;
    printed.add(text);
    const stack = error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
    print(`snapcommunicator: ${text}; it is not printed again. Give onError to see all of them.${stack}`);
  };
}
