// Whether each machine would send to the right instance of a service: one that does not drain, the nearest, the less loaded.

import type { SimulatedMachine } from './machine.ts';
import { distancesFrom, edgesOf } from './oracle.ts';

/** Choices that are not as they should be once all is quiet, in sentences. Within one data centre. */
export function* wrongChoices(machines: readonly SimulatedMachine[]): Generator<string> {
  if (new Set(machines.map(({ setup }) => setup.area)).size > 1) return;
  const edges = edgesOf(machines);
  const services = new Set(machines.flatMap((machine) => [...machine.services]));
  for (const machine of machines) {
    const distances = distancesFrom(machine.setup.id, edges);
    for (const service of services) {
      if (machine.services.has(service)) continue;
      const wanted = best(machines, service, distances);
      const decision = machine.node?.router.forward('', service);
      const chosen = decision?.kind === 'node' ? decision.node : undefined;
      if (chosen === undefined ? wanted.length > 0 : !wanted.includes(chosen)) {
        yield `${machine.setup.name} sends for ${service} to ${chosen}, not to ${wanted.join(' or ')}`;
      }
    }
  }
}

/** The ids of the machines to choose from. */
function best(
  machines: readonly SimulatedMachine[],
  service: string,
  distances: ReadonlyMap<string, number>,
): string[] {
  let least: readonly number[] = [2];
  let found: string[] = [];
  for (const { services, setup, load, isDraining } of machines) {
    const distance = distances.get(setup.id);
    if (distance === undefined || !services.has(service)) continue;
    const rank = [Number(isDraining), distance, load];
    const order = compareRanks(rank, least);
    if (order < 0) {
      least = rank;
      found = [];
    }
    if (order <= 0) found.push(setup.id);
  }
  return found;
}

/** By the first place that differs. */
function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, place) => value !== b[place]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
