#!/usr/bin/env node
// The daemon's program: reads the configuration, runs the daemon until it is told to stop.

import { Daemon } from '../daemon.ts';
import { StartError } from '../errors.ts';
import { VERSION } from '../machine/version.ts';
import { processCommandLine } from '../options/index.ts';

const CANNOT_START = 1;

async function main(): Promise<number> {
  const errand = processCommandLine({ argv: process.argv.slice(2), version: VERSION });
  if (errand.kind === 'exit') {
    process.stdout.write(errand.output);
    process.stderr.write(errand.errors);
    return errand.code;
  }
  const { configuration, warnings } = errand.loaded;
  let daemon = new Daemon(configuration);
  for (const warning of warnings) daemon.log.lines.warn(warning);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void daemon.stop(signal));
  // What moved the log file away says so by this signal, as it does to other daemons.
  process.on('SIGHUP', () => daemon.log.reopen());
  for (;;) {
    await daemon.start();
    if ((await daemon.stopped) === 'stopped') return 0;
    daemon = new Daemon(configuration);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof StartError) process.stderr.write(`snapcommunicatord: ${error.message}\n  ${error.remedy}\n`);
    else process.stderr.write(`snapcommunicatord: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(CANNOT_START);
  },
);
