// The command line of snapcom: its subcommands by the table, of which only the one asked for is loaded.

import { Command, CommanderError } from 'commander';
import { EXIT, EXIT_CODE_HELP, type ExitCode, exitCodeOf, explain } from './exit-codes.ts';
import { HIDDEN_TOOLS, TOOLS } from './index.ts';
import type { Output } from './output.ts';
import type { CommonOptions, ToolEntry } from './tool.ts';

export interface ProgramOptions {
  readonly version: string;
  readonly output: Output;
}

/** Help reads the same in a terminal, in a file and on a page. */
const helpColumns = 120;

const TO = ['--to <address>', 'the communicator: sc://host:port, sc:///path, scs://…, scu://…'] as const;
const JSON_FLAG = ['--json', 'one JSON value a line'] as const;

/** Runs snapcom with the arguments that stand behind its name. Never throws. */
export async function runProgram(argv: readonly string[], { version, output }: ProgramOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    const program = createProgram(version, output);
    const name = subcommandIn(argv);
    const asked = [...TOOLS, ...HIDDEN_TOOLS].find((entry) => entry.name === name);
    // The others are there to be listed, and to be compared with a word that is none of them: else they only cost time.
    const areListed = asked === undefined || argv.some((arg) => arg === '-h' || arg === '--help');
    for (const entry of areListed ? TOOLS : []) if (entry !== asked) addSubcommand(program, entry);
    if (asked !== undefined) {
      const command = addSubcommand(program, asked, HIDDEN_TOOLS.includes(asked));
      const tool = await asked.load();
      tool.describe(command);
      command.action(async () => {
        const options: CommonOptions = { ...program.opts(), ...command.opts() };
        const behindDashes = argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : [];
        const wholeCommandLine = (): Promise<Command> => wholeProgram(version, output);
        code = await tool.run({ args: command.args, behindDashes, options, output, program: wholeCommandLine });
      });
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    output.say(explain(error));
    const exitCode = exitCodeOf(error);
    if (exitCode === EXIT.usage) output.say(`see: snapcom ${subcommandIn(argv) ?? ''} --help`);
    return exitCode;
  }
}

function createProgram(version: string, output: Output): Command {
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
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => output.complain(text),
      getOutHelpWidth: () => helpColumns,
      getErrHelpWidth: () => helpColumns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `
Without --to the communicator is the one that SNAPCOMMUNICATOR names, else the Unix socket, else sc://127.0.0.1:4040.
${EXIT_CODE_HELP}`,
    );
}

/** The subcommand as far as it is known without its file. */
function addSubcommand(program: Command, { name, summary }: ToolEntry, isHidden = false): Command {
  return program
    .command(name, { hidden: isHidden })
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .option(...TO)
    .option(...JSON_FLAG)
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false);
}

/** The command line with everything in it. */
async function wholeProgram(version: string, output: Output): Promise<Command> {
  const program = createProgram(version, output);
  for (const entry of TOOLS) {
    const command = addSubcommand(program, entry);
    (await entry.load()).describe(command);
  }
  return program;
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
