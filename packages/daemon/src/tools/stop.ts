// `snapcom stop`: stops the daemon in order and waits until it has closed.

import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import { durationOption } from './option-values.ts';
import type { Call } from './tool.ts';

export interface StopOptions {
  readonly timeout: number;
}

export function describe(command: Command): void {
  command.addOption(durationOption('--timeout <duration>', 'how long it may take to close', '15s')).addHelpText(
    'after',
    `
Stopping needs a privilege: the Unix socket (--to sc:///run/snapcommunicator/communicatord.sock), or a daemon with
compat_control. Services are told DISCONNECTING, and what is queued goes out first.`,
  );
}

export async function run({ options, output }: Call<StopOptions>): Promise<ExitCode> {
  const bus = await openConnection({ to: options.to });
  try {
    await stopped(bus, options.timeout);
  } finally {
    await bus.close({ timeout: 1000 }).catch(() => {});
  }
  if (options.json) output.json({ stopped: true });
  return EXIT.done;
}

/** Resolves when the daemon has closed the connection, which it does when everything else has gone out. */
function stopped(bus: Communicator, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new ToolError(EXIT.timedOut, `the daemon did not stop within ${timeoutMs / 1000} s: does its log say why?`),
      );
    }, timeoutMs);
    bus.on('closed', () => {
      clearTimeout(timer);
      resolve();
    });
    bus.on('rejected', ({ parameters }) => {
      clearTimeout(timer);
      const reason = parameters['message'] ?? 'the daemon refuses to stop';
      const help =
        bus.registration?.address.startsWith('sc:///') === true
          ? ''
          : '. Use its Unix socket: --to sc:///path/communicatord.sock';
      reject(new ToolError(EXIT.refused, `${reason}${help}`));
    });
    bus.send({ command: 'STOP' }).catch(reject);
  });
}
