// What a command line asks of the daemon's program: to run, or to print something and exit.

import { printCheckConfig } from './check-config.ts';
import { type Loaded, type LoadOptions, loadConfiguration } from './configuration.ts';
import { printHelp } from './help.ts';
import { readFlags } from './sources.ts';

/** The exit code for a bad configuration, EX_CONFIG of sysexits. */
export const BAD_CONFIGURATION = 78;

export type Errand =
  | { readonly kind: 'run'; readonly loaded: Loaded }
  | {
      readonly kind: 'exit';
      readonly code: 0 | typeof BAD_CONFIGURATION;
      /** For standard output, and for standard error; empty or whole lines. */
      readonly output: string;
      readonly errors: string;
    };

/** Reads the command line and the configuration. @param version what `--version` prints */
export function processCommandLine(options: LoadOptions & { readonly version: string }): Errand {
  const { command } = readFlags(options.argv ?? []);
  if (command === 'help') return { kind: 'exit', code: 0, output: printHelp(), errors: '' };
  if (command === 'version')
    return { kind: 'exit', code: 0, output: `snapcommunicatord ${options.version}\n`, errors: '' };
  const loaded = loadConfiguration(options);
  if ('problems' in loaded) {
    const errors = loaded.problems.map((problem) => `snapcommunicatord: ${problem}\n`).join('');
    return { kind: 'exit', code: BAD_CONFIGURATION, output: '', errors };
  }
  if (command === 'run') return { kind: 'run', loaded };
  const errors = loaded.warnings.map((warning) => `snapcommunicatord: warning: ${warning}\n`).join('');
  return { kind: 'exit', code: 0, output: printCheckConfig(loaded), errors };
}
