// Whether the network has come to rest as it should: equal databases, right next hops, every service within reach.

import type { SimulatedMachine } from './machine.ts';
import { distancesFrom, type Edges, edgesOf, oracleOf } from './oracle.ts';

/** What is not yet as it should be, in sentences; empty when all is well. */
export function* differences(machines: readonly SimulatedMachine[]): Generator<string> {
  const running = machines.filter(({ node }) => node !== undefined);
  const alive = new Set(running.map(({ node }) => node?.self));
  for (const { setup, cables, node } of running) {
    const full = node?.router.graph?.links().filter(({ state }) => state === 'full') ?? [];
    // As many links as there should be may still be one that is missing and one to a machine that has silently gone.
    const gone = full.find(({ peer }) => !alive.has(peer.instance));
    if (gone !== undefined) yield `${setup.name} has a link to ${gone.peer.instance}, which is not there`;
    const links = full.length;
    const wanted = cables.filter(({ cable, other }) => cable.state === 'up' && other.node !== undefined).length;
    if (links !== wanted) yield `${setup.name} has ${links} links of ${wanted}`;
  }
  const edges = edgesOf(running);
  const all = new Map(running.map(({ setup }) => [setup.id, distancesFrom(setup.id, edges)]));
  const byId = new Map(running.map((machine) => [machine.setup.id, machine]));
  const world = worldOf(running);
  for (const machine of running) {
    const { id } = machine.setup;
    const members = [...(all.get(id) as Map<string, number>).keys()].flatMap((each) => byId.get(each) ?? []);
    yield* databaseDifferences(machine, members);
    yield* routeDifferences(machine, oracleOf(id, edges, all));
    yield* wideDifferences(machine, world);
    const reached = [...(world.distances.get(id) as Map<string, number>).keys()];
    yield* serviceDifferences(
      machine,
      reached.flatMap((each) => byId.get(each) ?? []),
    );
  }
}

/** By machine the part of its data centre that it is in: a machine that stands for all that reach each other within it. */
export function partsOf(machines: readonly SimulatedMachine[]): Map<SimulatedMachine, SimulatedMachine> {
  const edges = edgesOf(machines);
  const byId = new Map(machines.map((machine) => [machine.setup.id, machine]));
  const parts = new Map<SimulatedMachine, SimulatedMachine>();
  for (const first of machines) {
    if (parts.has(first)) continue;
    for (const id of distancesFrom(first.setup.id, edges).keys()) {
      const member = byId.get(id);
      if (member !== undefined) parts.set(member, first);
    }
  }
  return parts;
}

interface World {
  readonly edges: Edges;
  /** Over the links of all data centres, from each machine to all. */
  readonly distances: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly parts: ReadonlyMap<SimulatedMachine, SimulatedMachine>;
}

function worldOf(machines: readonly SimulatedMachine[]): World {
  const edges = edgesOf(machines, true);
  const distances = new Map(machines.map(({ setup }) => [setup.id, distancesFrom(setup.id, edges)]));
  return { edges, distances, parts: partsOf(machines) };
}

/** Machines of other parts are reached by the nearest machine of their part; and all summaries are alike. */
function* wideDifferences(machine: SimulatedMachine, { edges, distances, parts }: World): Generator<string> {
  const { id, name } = machine.setup;
  const graph = machine.node?.router.graph;
  if (graph === undefined) return;
  for (const [other, part] of parts) {
    if (part === parts.get(machine)) continue;
    if (graph.areas.summaries.hash !== other.node?.router.graph?.areas.summaries.hash) {
      if (distances.get(id)?.has(other.setup.id)) yield `${name} and ${other.setup.name} have other summaries`;
      continue;
    }
    if (distances.get(id)?.has(other.setup.id) && graph.areas.instanceOf(other.setup.id) !== other.node?.self) {
      yield `${name} has ${other.setup.name} in the life ${graph.areas.instanceOf(other.setup.id)}, not ${other.node?.self}`;
    }
    const members = [...parts].filter(([, each]) => each === part).map(([member]) => member.setup.id);
    const toPart = (from: string): number =>
      Math.min(...members.map((member) => distances.get(from)?.get(member) ?? Number.POSITIVE_INFINITY));
    const distance = toPart(id);
    const found = graph.areas.partOf(other.setup.id);
    const wanted = [...(edges.get(id) ?? [])].flatMap(([to, cost]) => (cost + toPart(to) === distance ? [to] : []));
    if (distance === Number.POSITIVE_INFINITY ? found !== undefined : found?.distance !== distance) {
      yield `${name} has the part of ${other.setup.name} at ${found?.distance}, the oracle at ${distance}`;
    } else if (found !== undefined && found.hops.join(' ') !== wanted.sort().join(' ')) {
      yield `${name} goes to the part of ${other.setup.name} by ${found.hops.join(' ')}, the oracle by ${wanted.join(' ')}`;
    }
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
  const byId = new Map(reached.map((other) => [other.setup.id, other]));
  for (const other of reached) {
    for (const service of other.services) {
      for (const server of ['', other.setup.name]) {
        const decision = router?.forward(server, service);
        const chosen = decision?.kind === 'node' ? byId.get(decision.node) : undefined;
        if (decision?.kind === 'port' || chosen?.services.has(service)) continue;
        yield `${machine.setup.name} finds ${server}:${service} ${decision?.kind} ${chosen?.setup.name ?? ''}`;
      }
    }
  }
}

function isEqual<V>(a: ReadonlyMap<string, V> | undefined, b: ReadonlyMap<string, V> | undefined): boolean {
  if (a?.size !== b?.size) return false;
  for (const [key, value] of a ?? []) if (b?.get(key) !== value) return false;
  return true;
}
