// The command line of snapcom: its subcommands by the table, of which only the one asked for is loaded.

import { Command, CommanderError } from 'commander';
import { EXIT, EXIT_CODE_HELP, type ExitCode, exitCodeOf, explain } from './exit-codes.ts';
import { HIDDEN_TOOLS, TOOLS } from './index.ts';
import { Output } from './output.ts';
import type { CommonOptions, Tool, ToolEntry } from './tool.ts';

export interface ProgramOptions {
  readonly version: string;
  readonly output?: Output;
}

const TO = ['--to <address>', 'the communicator: sc://host:port, sc:///path, scs://…, scu://…'] as const;
const JSON_FLAG = ['--json', 'one JSON value a line'] as const;

/** Runs snapcom with the arguments that stand behind its name. Never throws. */
export async function runProgram(argv: readonly string[], { version, output = new Output() }: ProgramOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    const program = createProgram(version, output);
    const name = subcommandIn(argv);
    for (const entry of [...TOOLS, ...HIDDEN_TOOLS]) {
      const command = addSubcommand(program, entry, HIDDEN_TOOLS.includes(entry));
      if (entry.name !== name) continue;
      const tool = await entry.load();
      tool.describe(command);
      command.action(async () => {
        code = await runTool(tool, program, command, output);
      });
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    output.say(explain(error));
    return exitCodeOf(error);
  }
}

export function createProgram(version: string, output: Output): Command {
  return new Command('snapcom')
    .description('Speaks with the communicator of this machine: sends, listens, looks, measures.')
    .usage('SUBCOMMAND [OPTION…] [ARGUMENT…]')
    .version(version, '-V, --version', 'print the version')
    .option(...TO)
    .option(...JSON_FLAG)
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [subcommand]', 'explain a subcommand')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.write(text), writeErr: (text) => output.complain(text) })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `
Without --to the communicator is the one that SNAPCOMMUNICATOR names, else the Unix socket, else sc://127.0.0.1:4040.
${EXIT_CODE_HELP}`,
    );
}

/** The subcommand as far as it is known without its file. */
export function addSubcommand(program: Command, { name, summary }: ToolEntry, isHidden = false): Command {
  return program
    .command(name, { hidden: isHidden })
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .option(...TO)
    .option(...JSON_FLAG)
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false);
}

function runTool(tool: Tool, program: Command, command: Command, output: Output): Promise<ExitCode> {
  const common: CommonOptions = program.opts();
  return tool.run({ args: command.args, options: { ...common, ...command.opts() }, output });
}

/** The word that names the subcommand, or the one that `help` is asked about. */
export function subcommandIn(argv: readonly string[]): string | undefined {
  const words: string[] = [];
  for (let at = 0; at < argv.length && words.length < 2; at++) {
    const arg = argv[at] as string;
    if (arg === '--to') at++;
    else if (!arg.startsWith('-')) words.push(arg);
  }
  return words[0] === 'help' ? words[1] : words[0];
}
