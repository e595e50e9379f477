// `snapcom reload`: has the daemon read its certificates, passwords and credentials again.

import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Call } from './tool.ts';

export function describe(command: Command): void {
  command.addHelpText(
    'after',
    `
Links that stand are not touched. Options are read at the start only: restart the daemon for those. Needs a privilege:
the Unix socket, or a daemon with compat_control.`,
  );
}

export async function run({ options, output }: Call): Promise<ExitCode> {
  await withConnection({ to: options.to }, async (bus) => {
    await bus.request('communicatord', 'RELOAD');
  });
  if (options.json) output.json({ reloaded: true });
  return EXIT.done;
}
