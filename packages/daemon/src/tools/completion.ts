// `snapcom completion`: prints a script by which a shell completes what is typed behind snapcom.

import { script } from '@bomb.sh/tab';
import { Argument, type Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Call } from './tool.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function describe(command: Command): void {
  command.addArgument(new Argument('<shell>').choices(SHELLS)).addHelpText(
    'after',
    `
For this shell session:
  source <(snapcom completion bash)
  source <(snapcom completion zsh)
  snapcom completion fish | source
For every one, put that line into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish. snapcom must be in the PATH.`,
  );
}

export async function run({ args }: Call): Promise<ExitCode> {
  // What it prints calls `snapcom complete -- WORDS` at each press of the key.
  script(args[0] as (typeof SHELLS)[number], 'snapcom', 'snapcom');
  return EXIT.done;
}
