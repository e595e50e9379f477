// `snapcom simulate`: runs the graph in a virtual clock, with faults, and tells whether what is promised held; or takes a
// link or machine away, and tells who would lose whom and for how long messages would stand still.

import { readFileSync } from 'node:fs';
import { type GraphDocument, readGraph } from '@snapcommunicator/network/atlas';
import {
  FAULT_KINDS,
  type FaultKind,
  failureReport,
  parseScript,
  repeatCommand,
  runScript,
  type Script,
  SIMULATION_OPTIONS,
  type SimulationOptions,
  type SimulationResult,
  simulate,
  type Topology,
  topologyOf,
  type WhatIfResult,
  whatIf,
} from '@snapcommunicator/network/simulator';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { integer } from 'snapcommunicator/contract';
import { askCluster } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { countOption, typedOption } from './option-values.ts';
import type { Output } from './output.ts';
import { sourceVersion } from './source-version.ts';
import { formatCount, formatLatency, plural } from './text.ts';
import type { Call } from './tool.ts';
import { readRemoval } from './what-if.ts';

interface Options {
  readonly nodes?: number;
  readonly seed: number;
  readonly seeds: number;
  readonly faults: readonly FaultKind[];
  readonly topology?: string;
  readonly without?: string;
  readonly silently?: boolean;
}

/** What `--topology` names: a scenario with its own events, or a graph. */
type Described = { readonly script: Script } | { readonly graph: GraphDocument; readonly topology: Topology };

/** A table of seeds would be long: so many that failed are told in full. */
const FAILURES_TOLD_MAX = 10;
const STANDARD_INPUT = 0;

export function describe(command: Command): void {
  command
    .addOption(
      countOption('--nodes <n>', 'machines of each random graph; otherwise 3 to 60, drawn from the seed', 1000),
    )
    .addOption(typedOption('--seed <n>', 'the first seed', integer({ min: 0, max: 2 ** 31 }), '1'))
    .addOption(countOption('--seeds <count>', 'so many seeds, one after the other', 1_000_000, '10'))
    .addOption(
      new Option('--faults <list>', 'what may go wrong, separated by commas, or none')
        .argParser(readFaults)
        .default(FAULT_KINDS, 'all'),
    )
    .option('--topology <file>', "a graph from 'map --format json', 'live' for this one, or a scenario; - reads it")
    .option('--without <what>', 'takes a machine away from the graph, or a link: a-b; nothing else goes wrong')
    .option('--silently', 'with --without: nobody is told, as when a cable is cut')
    .addHelpText(
      'after',
      `
Machines, links and clocks are simulated; what decides is the code of the daemon itself. First links are cut, machines
crash and services come and go, while it is checked that no message is doubled, out of order or lost; then all is mended,
and databases, routes and services must be right within 15 s of the virtual clock. The same seed does the same again.
Exit code 1 if anything was not as promised, or somebody would lose somebody.

What may go wrong: ${FAULT_KINDS.join(', ')}.

Examples:
  snapcom simulate --seeds 100
  snapcom simulate --seed 240 --seeds 1 --faults crash,cut
  snapcom simulate --topology live --without n3`,
    );
}

export async function run({ options, output }: Call<Options>): Promise<ExitCode> {
  const { topology: source, without } = options;
  const described = source === undefined ? undefined : await readDescribed(source, options.to, output);
  if (described !== undefined && 'script' in described) {
    if (without !== undefined) throw usageError(`${source} is a scenario: it says itself what is taken away`);
    return exitCodeOf(runScenario(described.script, options, output));
  }
  if (without === undefined) return exitCodeOf(runSeeds(described?.topology, options, output));
  if (described === undefined) throw usageError('--without takes something away from a graph: name it by --topology');
  return exitCodeOf(takeAway(described, without, options, output));
}

const exitCodeOf = (isWell: boolean): ExitCode => (isWell ? EXIT.done : EXIT.no);

function readFaults(text: string): FaultKind[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const kind = FAULT_KINDS.find((each) => each === name.trim());
    if (kind === undefined) throw new InvalidArgumentError(`Expected none, or some of ${FAULT_KINDS.join(', ')}.`);
    return kind;
  });
}

async function readDescribed(source: string, to: string | undefined, output: Output): Promise<Described> {
  if (source === 'live') return described(await withConnection({ to }, askCluster), output);
  const name = source === '-' ? 'standard input' : source;
  let text: string;
  try {
    text = readFileSync(source === '-' ? STANDARD_INPUT : source, 'utf8');
  } catch (error) {
    throw usageError(`${name}: ${messageOf(error)}`);
  }
  if (text.trimStart().startsWith('{')) {
    const reading = readGraph(text);
    if ('problem' in reading) throw usageError(`${name}: ${reading.problem}`);
    return described(reading.graph, output);
  }
  try {
    return { script: parseScript(text) };
  } catch (error) {
    throw usageError(`${name}: ${messageOf(error)}`);
  }
}

function described(graph: GraphDocument, output: Output): Described {
  const { topology, leftOut } = topologyOf(graph);
  if (leftOut.length > 0) output.say(`left out, for too little is known of them: ${leftOut.join(', ')}`);
  if (topology.nodes.length < 2) throw usageError('there are not two machines to simulate');
  return { graph, topology };
}

/** Runs seeds, one after the other. @returns whether all held */
function runSeeds(topology: Topology | undefined, options: Call<Options>['options'], output: Output): boolean {
  const { nodes, seed: first, seeds, faults } = options;
  const isJson = options.json === true;
  const failures: SimulationResult[] = [];
  let accepted = 0;
  let slowestMs = 0;
  const optionsOf = (seed: number): SimulationOptions => ({
    ...SIMULATION_OPTIONS,
    seed,
    faults,
    ...(nodes === undefined ? {} : { nodes }),
    ...(topology === undefined ? {} : { topology }),
  });
  for (let seed = first; seed < first + seeds; seed++) {
    const result = simulate(optionsOf(seed));
    accepted += result.messages.accepted;
    slowestMs = Math.max(slowestMs, result.healedMs ?? 0);
    const isWell = result.violations.length === 0;
    if (isJson) output.json(isWell ? result : { ...result, ...leadsBack(optionsOf(seed), options.topology) });
    if (!isWell) failures.push(result);
  }
  if (isJson) return failures.length === 0;
  for (const result of failures.slice(0, FAILURES_TOLD_MAX)) {
    const given = optionsOf(result.seed);
    const [head = '', , ...violations] = failureReport(result, given, sourceVersion());
    output.line(output.paint('red', head));
    output.line(`repeat it with: ${leadsBack(given, options.topology).repeat}`);
    for (const violation of violations) output.line(violation);
  }
  const verdict =
    failures.length === 0 ? output.paint('green', 'all as promised') : output.paint('red', `${failures.length} FAILED`);
  output.line(
    `${plural(seeds, 'seed')}, ${formatCount(accepted)} messages: ${verdict}; mended within ${(slowestMs / 1000).toFixed(1)} s at most`,
  );
  return failures.length === 0;
}

/** What repeats a simulation; a graph that was described is named by where it came from. */
function leadsBack(options: SimulationOptions, source: string | undefined): { commit: string; repeat: string } {
  const described = source === undefined ? '' : ` --topology ${source}`;
  return { commit: sourceVersion(), repeat: `${repeatCommand(options)}${described}` };
}

function runScenario(script: Script, { seed: first, seeds }: Options, output: Output): boolean {
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

/** @returns whether nobody loses anybody, and no service is gone */
function takeAway(
  { graph, topology }: { readonly graph: GraphDocument; readonly topology: Topology },
  what: string,
  options: Call<Options>['options'],
  output: Output,
): boolean {
  const removal = readRemoval(graph, what);
  let result: WhatIfResult;
  try {
    result = whatIf(topology, removal, { seed: options.seed, isSilent: options.silently === true });
  } catch (error) {
    throw usageError(`--without ${what}: ${messageOf(error)}`);
  }
  const { parts, services, violations } = result;
  const isWell = parts.length === 1 && services.length === 0 && violations.length === 0;
  if (options.json === true) {
    output.json(result);
    return isWell;
  }
  if (parts.length === 1) output.line(`without ${what} everybody who is left reaches everybody`);
  else {
    output.line(output.paint('red', `without ${what} there are ${parts.length} parts that do not reach each other:`));
    for (const part of parts) output.line(`  ${part.join(' ')}`);
  }
  if (services.length > 0) output.line(output.paint('red', `nowhere any more: ${services.join(' ')}`));
  output.line(
    `${formatCount(result.arrived)} of ${formatCount(result.sent)} messages arrived; the longest gap was ${formatLatency(result.longestGapMs)} (${result.longestGapIn}); ${
      result.rightAfterMs === undefined
        ? 'routes did not settle'
        : `routes were right after ${formatLatency(result.rightAfterMs)}`
    }`,
  );
  for (const violation of violations) output.line(`  ${violation}`);
  return isWell;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
