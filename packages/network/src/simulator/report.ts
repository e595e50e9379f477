// What is said of a simulation that failed: the seed, the commit, what was violated, and the command that repeats it.

import { FAULT_KINDS } from './faults.ts';
import type { SimulationOptions, SimulationResult } from './simulator.ts';

/** What of the options the tool can be told. */
export type RepeatOptions = Pick<SimulationOptions, 'seed' | 'nodes' | 'faults'>;

/** The command that runs the same simulation again. */
export function repeatCommand({ seed, nodes, faults }: RepeatOptions): string {
  const words = ['snapcom simulate', `--seed ${seed}`, '--seeds 1'];
  if (nodes !== undefined) words.push(`--nodes ${nodes}`);
  if (faults.length === 0) words.push('--faults none');
  else if (FAULT_KINDS.some((kind) => !faults.includes(kind))) words.push(`--faults ${faults.join(',')}`);
  return words.join(' ');
}

/**
 * The lines of a report.
 * @param commit which version of the code it was, in the caller's words
 */
export function failureReport(result: SimulationResult, options: RepeatOptions, commit: string): string[] {
  const { seed, nodes, links, violations } = result;
  return [
    `seed ${seed} failed at commit ${commit}, with ${nodes} machines and ${links} cables`,
    `repeat it with: ${repeatCommand(options)}`,
    ...violations.map((violation) => `  ${violation}`),
  ];
}
