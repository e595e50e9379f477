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

/** Who sent a command, and how to answer. */
export interface Caller {
  /** Undefined for a datagram, which nobody answers, and for who is on another machine. */
  readonly connection: Connection | undefined;
  /** It came from another machine. */
  readonly isRemote?: true;
  /** It came from a C++ daemon, which tells its direct neighbours only. */
  readonly isOpaque?: true;
  readonly message: Message;
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
  isPrivileged(caller: Pick<Caller, 'connection' | 'isRemote'>): boolean;
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

  /** Whether this connection may ask another daemon for a command: that one cannot see who asks. */
  mayAsk(connection: Connection, command: string): boolean {
    return !this.#entries.get(command)?.isPrivileged || this.#policy.isPrivileged({ connection });
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
    if (entry.isPrivileged && !this.#policy.isPrivileged(caller)) {
      const message = `${command} needs a privilege: send it over the Unix socket, or set compat_control`;
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
