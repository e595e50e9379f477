// The daemon's commands: checks a message against the contract and calls the handler for its command.

import {
  type CommandTable,
  communicatord,
  type ParameterTable,
  type Received,
  readParameters,
} from 'snapcommunicator/contract';
import type { Message } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';

type Commands = (typeof communicatord)['commands'];
export type DaemonCommand = keyof Commands;
type TableOf<C extends DaemonCommand> = Commands[C] extends { readonly parameters: infer P extends ParameterTable }
  ? P
  : Record<never, never>;

export type Answer = (command: DaemonCommand, values?: Readonly<Record<string, string | number | undefined>>) => void;

/** How a command came, for the recorder. */
export interface LineDetails {
  readonly lineBytes: number;
  /** Its id, if another daemon gave it one. */
  readonly id?: string | undefined;
  /** The link that it came over. */
  readonly port?: number | undefined;
}

/** Who sent a command, and how to answer. */
export interface Caller {
  /** Undefined for a datagram, which nobody answers, and for who is on another machine. */
  readonly connection: Connection | undefined;
  /** It came from another machine. */
  readonly isRemote?: true;
  /** It came from a C++ daemon, which tells its direct neighbours only. */
  readonly isOpaque?: true;
  readonly message: Message;
  readonly received?: LineDetails;
  readonly answer: Answer;
}

/** A command with its parameters read. */
export type Handler<C extends DaemonCommand = DaemonCommand> = (values: Received<TableOf<C>>, caller: Caller) => void;

export interface HandlerTraits {
  /** It changes or shows what is not the caller's own: only over a Unix socket, unless `compat_control` is on. */
  readonly isPrivileged?: true;
  /** It may come as a datagram. */
  readonly isSignal?: true;
}

interface Entry extends HandlerTraits {
  readonly handler: (values: never, caller: Caller) => void;
}

/** What the dispatcher of commands must be told. */
export interface CommandPolicy {
  /** Why this caller may not ask this; undefined if it may. @param isPrivileged whether the command is for some only */
  refusal(caller: Pick<Caller, 'connection' | 'isRemote'>, command: string, isPrivileged: boolean): string | undefined;
  /** A command was refused or not understood: counted and logged. */
  complained(caller: Caller, problem: string): void;
}

/** Commands that are never answered by UNKNOWN or INVALID. */
export const SILENT: ReadonlySet<string> = new Set(['INVALID', 'UNKNOWN']);

export class CommandRunner {
  readonly #entries = new Map<string, Entry>();
  readonly #policy: CommandPolicy;

  constructor(policy: CommandPolicy) {
    this.#policy = policy;
  }

  /** The commands that are handled, in order, for COMMANDS. */
  get names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  on<C extends DaemonCommand>(command: C, handler: Handler<C>, traits: HandlerTraits = {}): void {
    this.#entries.set(command, { ...traits, handler });
  }

  /** Why this connection may not ask a daemon for a command, if so: another one cannot see who asks. */
  refusal(connection: Connection, command: string): string | undefined {
    return this.#policy.refusal({ connection }, command, this.needsPrivilege(command));
  }

  /** Whether a command is for some only. */
  needsPrivilege(command: string): boolean {
    return this.#entries.get(command)?.isPrivileged ?? false;
  }

  /** Handles one command; whatever is wrong with it is answered. */
  run(caller: Caller): void {
    const { command, parameters } = caller.message;
    const entry = this.#entries.get(command);
    if (caller.connection === undefined && !caller.isRemote && !entry?.isSignal)
      return this.#policy.complained(caller, 'a datagram cannot ask this');
    if (entry === undefined) {
      if (SILENT.has(command)) return;
      this.#policy.complained(caller, 'unknown command');
      return caller.answer('UNKNOWN', { command });
    }
    const message = this.#policy.refusal(caller, command, entry.isPrivileged ?? false);
    if (message !== undefined) {
      this.#policy.complained(caller, message);
      return caller.answer('INVALID', { command, message });
    }
    const table = (communicatord.commands as CommandTable)[command]?.parameters ?? {};
    const reading = readParameters(table, parameters);
    if ('problems' in reading) {
      const message = reading.problems.map(({ problem }) => problem).join('; ');
      this.#policy.complained(caller, message);
      if (!SILENT.has(command)) caller.answer('INVALID', { command, message });
      return;
    }
    entry.handler(reading.values as never, caller);
  }
}
