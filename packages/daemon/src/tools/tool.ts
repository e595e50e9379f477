// What a subcommand is: how it describes itself, and what it is given when it runs.

import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Options of every subcommand. */
export interface CommonOptions {
  /** Where the communicator is; default: the environment, then where daemons listen. */
  readonly to?: string;
  readonly json?: boolean;
}

/** One run of a subcommand. */
export interface Call<Options extends object = object> {
  readonly args: readonly string[];
  /** Those of `args` that stand behind a `--`. */
  readonly behindDashes: readonly string[];
  readonly options: Options & CommonOptions;
  readonly output: Output;
  /** Makes the whole command line, with every subcommand loaded: for what tells about it. */
  program(): Promise<Command>;
}

/** The module of a subcommand. */
export interface Tool {
  /** Adds arguments, options and examples to its part of the command line. */
  describe(command: Command): void;
  /** Does it. @throws ToolError, CommunicatorError */
  run(call: Call): Promise<ExitCode>;
}

/** A row of the table of subcommands. */
export interface ToolEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Tool>;
}
