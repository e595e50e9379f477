// Opens the connection of a tool, with the right exit code for each way in which that fails.

import {
  AddressError,
  Communicator,
  CommunicatorError,
  type CommunicatorOptions,
  parseAddress,
} from 'snapcommunicator';
import { EXIT, ToolError, usageError } from './exit-codes.ts';

export interface ConnectionOptions extends CommunicatorOptions {
  /** `--to`. */
  readonly to: string | undefined;
  /** The name to register; by default a passing one. */
  readonly service?: string;
  /** Called before anything is connected: what listens now misses nothing. */
  readonly prepare?: (bus: Communicator) => void;
}

/** How long the first connection may take. */
const connectMsMax = 10_000;
/** How long the communicator may take to have read all that was sent: it pauses senders for a second at a stretch. */
const settleMsMax = 30_000;

/** The address that was asked for, on the command line or in the environment; undefined: the usual places. */
const wantedAddress = (to: string | undefined): string | undefined =>
  to ?? (process.env['SNAPCOMMUNICATOR'] || undefined);

/** That address, if it is one for datagrams, over which nobody is answered. */
export function signalAddress(to: string | undefined): string | undefined {
  const address = wantedAddress(to);
  return address !== undefined && /^\s*(scu|cdu):/i.test(address) ? address : undefined;
}

/** Connects and registers, once. @throws ToolError, CommunicatorError */
export async function openConnection({ to, service, prepare, ...options }: ConnectionOptions): Promise<Communicator> {
  const address = wantedAddress(to);
  checkAddresses(to, address);
  const isPassing = service === undefined;
  const bus = new Communicator(service ?? 'snapcom', {
    transient: isPassing,
    reconnect: false,
    queueWhileDisconnected: false,
    ...(address !== undefined && { address }),
    ...options,
  });
  prepare?.(bus);
  try {
    return await connectOnce(bus);
  } catch (error) {
    throw connectionError(error);
  }
}

/** Does something over a connection, and closes it in order. */
export async function withConnection<T>(
  options: ConnectionOptions,
  use: (bus: Communicator) => Promise<T>,
): Promise<T> {
  const bus = await openConnection(options);
  let isDone = false;
  try {
    const result = await use(bus);
    isDone = true;
    return result;
  } finally {
    // After a failure the way in which the connection ends says nothing new.
    if (isDone) await bus.close();
    else await bus.close({ timeout: 1000 }).catch(() => {});
  }
}

/**
 * Waits until the communicator has read everything that was sent before: it handles the lines of a connection in order,
 * so its answer to a question means that it has dealt with all that went ahead.
 */
export async function settle(bus: Communicator): Promise<void> {
  await bus.request('', 'ALIVE', {}, { timeout: settleMsMax });
}

/** @throws ToolError for what is no address, or one that a tool with a conversation cannot use */
function checkAddresses(to: string | undefined, text: string | undefined): void {
  if (signalAddress(to) !== undefined) {
    throw usageError(`${text} is for datagrams, over which nobody is answered: give an sc: or scs: address with --to`);
  }
  try {
    for (const one of text?.split(',') ?? []) parseAddress(one);
  } catch (error) {
    if (error instanceof AddressError) throw usageError(error.message);
    throw error;
  }
}

/** A connection that is to be kept tries again and again; the first one, however, has somebody waiting. */
async function connectOnce(bus: Communicator): Promise<Communicator> {
  const failed = new AbortController();
  const stopListening = bus.on('retrying', ({ error }) => failed.abort(error));
  try {
    return await bus.connect({ timeout: connectMsMax, signal: failed.signal });
  } finally {
    stopListening();
  }
}

function connectionError(error: unknown): unknown {
  if (!(error instanceof CommunicatorError)) {
    const text = error instanceof Error ? error.message : String(error);
    return new ToolError(EXIT.noConnection, `cannot connect to a communicator: ${text}. Does the daemon run?`, {
      cause: error,
    });
  }
  // The socket that may not be opened is no word of the daemon's.
  const isDenied = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
  const isSilent = error.code === 'TIMEOUT';
  return isDenied || isSilent ? new ToolError(EXIT.noConnection, error.message, { cause: error }) : error;
}
