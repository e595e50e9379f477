// Whether the network has come to rest as it should: equal databases, right next hops, every service within reach.

import type { SimulatedMachine } from './machine.ts';
import { distancesFrom, edgesOf, oracleOf } from './oracle.ts';

/** What is not yet as it should be, in sentences; empty when all is well. */
export function* differences(machines: readonly SimulatedMachine[]): Generator<string> {
  const running = machines.filter(({ node }) => node !== undefined);
  for (const { setup, cables, node } of running) {
    const links = node?.router.graph?.links().filter(({ state }) => state === 'full').length ?? 0;
    const wanted = cables.filter(({ cable, other }) => cable.state === 'up' && other.node !== undefined).length;
    if (links !== wanted) yield `${setup.name} has ${links} links of ${wanted}`;
  }
  const edges = edgesOf(running);
  const all = new Map(running.map(({ setup }) => [setup.id, distancesFrom(setup.id, edges)]));
  const byId = new Map(running.map((machine) => [machine.setup.id, machine]));
  for (const machine of running) {
    const reached = all.get(machine.setup.id) as Map<string, number>;
    yield* databaseDifferences(
      machine,
      [...reached.keys()].flatMap((id) => byId.get(id) ?? []),
    );
    yield* routeDifferences(machine, oracleOf(machine.setup.id, edges, all));
    yield* serviceDifferences(
      machine,
      [...reached.keys()].flatMap((id) => byId.get(id) ?? []),
    );
  }
}

function* databaseDifferences(machine: SimulatedMachine, reached: readonly SimulatedMachine[]): Generator<string> {
  const database = machine.node?.router.graph?.database;
  for (const other of reached) {
    const own = other.node?.router.graph?.database.own;
    const known = database?.get(other.setup.id);
    if (known?.hash !== own?.hash || known?.sequence !== own?.sequence) {
      yield `${machine.setup.name} has ${other.setup.name} at ${known?.incarnation}.${known?.sequence}, it is at ${own?.incarnation}.${own?.sequence}`;
    } else if (!isEqual(known?.facts.links, own?.facts.links) || !isEqual(known?.facts.services, own?.facts.services)) {
      yield `${machine.setup.name} has other facts of ${other.setup.name} than that machine`;
    }
  }
}

function* routeDifferences(machine: SimulatedMachine, oracle: ReturnType<typeof oracleOf>): Generator<string> {
  const routes = machine.node?.router.graph?.routes;
  if (routes === undefined) return;
  for (const [to, distance] of oracle.distances) {
    if (to === machine.setup.id) continue;
    if (routes.distanceTo(to) !== distance) {
      yield `${machine.setup.name} has ${to} at ${routes.distanceTo(to)}, the oracle at ${distance}`;
    }
    const hops = routes.nextHops(to).join(' ');
    const wanted = [...(oracle.hops.get(to) ?? [])].sort().join(' ');
    if (hops !== wanted) yield `${machine.setup.name} goes to ${to} by ${hops}, the oracle by ${wanted}`;
    const ports = new Set(routes.slotsTo(to).map((port) => machine.behind(port)?.setup.id));
    if ([...ports].sort().join(' ') !== wanted)
      yield `${machine.setup.name} has ports to ${[...ports].join(', ')} for ${to}`;
  }
}

function* serviceDifferences(machine: SimulatedMachine, reached: readonly SimulatedMachine[]): Generator<string> {
  const router = machine.node?.router;
  for (const other of reached) {
    for (const service of other.services) {
      for (const server of ['', other.setup.name]) {
        const kind = router?.forward(server, service).kind;
        if (kind !== 'port' && kind !== 'node') yield `${machine.setup.name} finds ${server}:${service} ${kind}`;
      }
    }
  }
}

function isEqual<V>(a: ReadonlyMap<string, V> | undefined, b: ReadonlyMap<string, V> | undefined): boolean {
  if (a?.size !== b?.size) return false;
  for (const [key, value] of a ?? []) if (b?.get(key) !== value) return false;
  return true;
}
