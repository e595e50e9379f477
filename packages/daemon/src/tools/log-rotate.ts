// `snapcom log-rotate`: has the daemon reopen its log file, after something moved it away.

import type { Command } from 'commander';
import { createMessage } from 'snapcommunicator/wire';
import { settle, signalAddress, withConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Call } from './tool.ts';

export interface LogRotateOptions {
  readonly signalSecretFile?: string;
}

export function describe(command: Command): void {
  command.option('--signal-secret-file <file>', 'scu: the secret that the daemon wants datagrams to prove').addHelpText(
    'after',
    `
To tell services as well: snapcom send ./LOG_ROTATE reaches all on this machine that list the command.`,
  );
}

export async function run({ options }: Call<LogRotateOptions>): Promise<ExitCode> {
  const address = signalAddress(options.to);
  if (address !== undefined) {
    const { openSignalCarrier } = await import('./signal-carrier.ts');
    const carrier = await openSignalCarrier(address, options);
    await carrier.send(createMessage({ command: 'LOG_ROTATE' }), undefined);
    return carrier.finish();
  }
  await withConnection({ to: options.to }, async (bus) => {
    await bus.send({ command: 'LOG_ROTATE' });
    // Behind the answer the log has been reopened, so who moved the file may touch it.
    await settle(bus);
  });
  return EXIT.done;
}
