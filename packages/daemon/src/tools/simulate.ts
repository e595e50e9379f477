// `snapcom simulate`: runs the graph in a virtual clock, with faults, and tells whether what is promised held.

import { readFileSync } from 'node:fs';
import {
  parseScript,
  runScript,
  SIMULATION_OPTIONS,
  type SimulationResult,
  simulate,
} from '@snapcommunicator/network/simulator';
import type { Command } from 'commander';
import { integer } from 'snapcommunicator/contract';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { countOption, typedOption } from './option-values.ts';
import type { Output } from './output.ts';
import { formatCount, plural } from './text.ts';
import type { Call } from './tool.ts';

interface Options {
  readonly nodes?: number;
  readonly seed: number;
  readonly seeds: number;
  readonly topology?: string;
}

/** A table of seeds would be long: so many that failed are told in full. */
const FAILURES_TOLD_MAX = 10;

export function describe(command: Command): void {
  command
    .addOption(
      countOption('--nodes <n>', 'machines of each random graph; otherwise 3 to 12, drawn from the seed', 1000),
    )
    .addOption(typedOption('--seed <n>', 'the first seed', integer({ min: 0, max: 2 ** 31 }), '1'))
    .addOption(countOption('--seeds <count>', 'so many seeds, one after the other', 1_000_000, '10'))
    .option('--topology <file>', 'a described graph with what happens to it, instead of random ones')
    .addHelpText(
      'after',
      `
Machines, links and clocks are simulated; what decides is the code of the daemon itself. First links are cut, machines
crash and services come and go, while it is checked that no message is doubled, out of order or lost; then all is mended,
and databases, routes and services must be right within 15 s of the virtual clock. The same seed does the same again.
Exit code 1 if anything was not as promised.`,
    );
}

export async function run({ options, output }: Call<Options>): Promise<ExitCode> {
  const isWell =
    options.topology === undefined
      ? runSeeds(options, output, options.json)
      : runFile(options.topology, options, output);
  return isWell ? EXIT.done : EXIT.no;
}

function runSeeds({ nodes, seed: first, seeds }: Options, output: Output, isJson: boolean | undefined): boolean {
  const failures: SimulationResult[] = [];
  let accepted = 0;
  let slowestMs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const result = simulate({ ...SIMULATION_OPTIONS, seed, ...(nodes === undefined ? {} : { nodes }) });
    accepted += result.messages.accepted;
    slowestMs = Math.max(slowestMs, result.healedMs ?? 0);
    if (isJson) output.json(result);
    if (result.violations.length > 0) failures.push(result);
  }
  if (isJson) return failures.length === 0;
  for (const { seed, violations } of failures.slice(0, FAILURES_TOLD_MAX)) {
    output.line(
      `${output.paint('red', `seed ${seed}`)}  repeat with: snapcom simulate --seed ${seed} --seeds 1${nodes === undefined ? '' : ` --nodes ${nodes}`}`,
    );
    for (const violation of violations) output.line(`  ${violation}`);
  }
  const verdict =
    failures.length === 0 ? output.paint('green', 'all as promised') : output.paint('red', `${failures.length} FAILED`);
  output.line(
    `${plural(seeds, 'seed')}, ${formatCount(accepted)} messages: ${verdict}; mended within ${(slowestMs / 1000).toFixed(1)} s at most`,
  );
  return failures.length === 0;
}

function runFile(file: string, { seed: first, seeds }: Options, output: Output): boolean {
  let script: ReturnType<typeof parseScript>;
  try {
    script = parseScript(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  let isWell = true;
  for (let seed = first; seed < first + seeds; seed++) {
    for (const violation of runScript(script, seed)) {
      isWell = false;
      output.line(`seed ${seed}: ${violation}`);
    }
  }
  if (isWell) output.line(`${plural(seeds, 'seed')}: ${output.paint('green', 'all as expected')}`);
  return isWell;
}
