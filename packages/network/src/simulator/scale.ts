// How the graph behaves with many nodes: what a node knows and says while nothing happens, and how soon all routes are
// right after a link is lost. In a virtual clock: computing costs no time there, and is measured beside it.

import { encodeFrame } from '../frame/encoder.ts';
import { Graph } from '../router/graph.ts';
import type { LinkState } from '../router/link-state.ts';
import { shortestPaths } from '../router/shortest-path.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Cable } from './network.ts';
import { distancesFrom, edgesOf, oracleOf } from './oracle.ts';
import { Random } from './random.ts';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import { makeTopology } from './topology.ts';

export interface ScaleOptions {
  readonly nodes: number;
  readonly degree: number;
  readonly servicesPerNode: number;
  readonly seed: number;
  /** Links that are lost, one after the other, each within a data centre. */
  readonly losses: number;
  /** Data centres; by default one. They come up by themselves first, and are then joined. */
  readonly areas?: number;
  /** Gives the bytes in use by this process, and is asked when nothing happens. */
  readonly memoryBytes?: () => number;
}

export interface ScaleResult {
  readonly nodes: number;
  readonly links: number;
  readonly areas: number;
  /** Virtual time from the start until every node knew all that it is to know. */
  readonly startMs: number;
  /** Bytes a second over one link while nothing happens, both ways together. */
  readonly idleBytesPerLinkSecond: number;
  /** From the loss of a link until all next hops of the nodes looked at were right; the longest of all losses. */
  readonly rightAfterMs: number;
  /** From the loss of a link until its news had reached the last node, at best: the longest of all losses. */
  readonly floodingMs: number;
  /** What one node knows: link states of its area, and summaries of all; each with the bytes of their text. */
  readonly knownNodes: number;
  readonly knownNodesBytes: number;
  readonly knownBorders: number;
  readonly knownBordersBytes: number;
  /** In use by this process for all nodes together, while nothing happens. States that are equal are held once. */
  readonly memoryBytes: number | undefined;
}

/** Nodes whose routes are compared with the oracle's, the ends of the lost link and their neighbours among them. */
const SAMPLES = 20;
/** Data centres are joined one link after the other: all at once, what is under way would be most of the memory. */
const JOIN_PAUSE_MS = 50;
const START_MS_MAX = 120_000;
const RIGHT_MS_MAX = 10_000;

export function measureScale(options: ScaleOptions): ScaleResult {
  const { nodes, areas = 1, memoryBytes } = options;
  const simulation = simulationOf(options);
  const { queue, machines, cables, topology } = simulation;
  const before = memoryBytes?.() ?? 0;
  const areaOf = new Map(topology.nodes.map(({ name, area }) => [name, area]));
  const between = cables.filter(({ link }) => areaOf.get(link.a) !== areaOf.get(link.b));
  for (const cable of between) cable.unplug();
  simulation.begin();
  rest(simulation, () => machines.every(knowsItsArea));
  for (const [place, cable] of between.entries()) queue.after(place * JOIN_PAUSE_MS, () => cable.restore());
  queue.runUntil(queue.nowMs + between.length * JOIN_PAUSE_MS);
  rest(simulation, () => machines.every(knowsItsArea) && haveEqualSummaries(simulation, between.length > 0));
  const startMs = queue.nowMs;
  queue.runUntil(startMs + 5000);
  const used = memoryBytes === undefined ? undefined : memoryBytes() - before;
  const bytesBefore = total(simulation);
  queue.runUntil(queue.nowMs + 10_000);
  const idleBytesPerLinkSecond = (total(simulation) - bytesBefore) / cables.length / 10;
  const losses = Array.from({ length: options.losses }, () => loseLink(simulation, areaOf));
  return {
    nodes,
    links: cables.length,
    areas,
    startMs,
    idleBytesPerLinkSecond,
    rightAfterMs: Math.max(0, ...losses.map(({ rightAfterMs }) => rightAfterMs)),
    floodingMs: Math.max(0, ...losses.map(({ floodingMs }) => floodingMs)),
    ...knowledgeOf(machines[0] as SimulatedMachine),
    memoryBytes: used,
  };
}

function simulationOf({ nodes, degree, servicesPerNode, seed, areas = 1 }: ScaleOptions): Simulation {
  const shape = { kind: 'random', nodes, degree, servicesPerNode, areas, linksBetween: 1 } as const;
  const drawn = makeTopology(shape, new Random(seed));
  // No slow cables: they would tell how long a database takes over them, and nothing about the graph.
  const topology = { ...drawn, links: drawn.links.map((link) => ({ ...link, bytesPerSecond: undefined })) };
  return new Simulation({ ...SIMULATION_OPTIONS, seed, topology, isByteExact: false });
}

/** Lets time pass until all is as it should be. */
function rest({ queue }: Simulation, isSo: () => boolean): void {
  const endMs = queue.nowMs + START_MS_MAX;
  do {
    if (queue.nowMs > endMs) throw new Error(`the nodes do not know each other after ${START_MS_MAX / 1000} s`);
    queue.runUntil(queue.nowMs + 100);
  } while (!isSo());
}

/** Whether a machine can reach all others of its area that it has heard of, with all its links up. */
function knowsItsArea({ node, cables }: SimulatedMachine): boolean {
  const graph = node?.router.graph;
  if (graph === undefined) return false;
  const links = graph.links().filter(({ state }) => state === 'full').length;
  if (links !== cables.filter(({ cable }) => cable.state === 'up').length) return false;
  for (const { origin, facts } of graph.database.states()) {
    if (facts.links.size === 0 || !graph.routes.isReachable(origin)) return origin === graph.database.own.origin;
  }
  return true;
}

function haveEqualSummaries({ machines, queue }: Simulation, areExpected: boolean): boolean {
  const hashes = machines.map(({ node }) => node?.router.graph?.areas.summaries.hash ?? 0);
  if (hashes.some((hash) => hash !== hashes[0] || (areExpected && hash === 0))) return false;
  // What borders have still to say, they say within two seconds.
  queue.runUntil(queue.nowMs + 2000);
  return machines.every(({ node }) => node?.router.graph?.areas.summaries.hash === hashes[0]);
}

/** Takes a link away, and waits for the next hops of those nearest to it, and some others of the data centre. */
function loseLink(
  simulation: Simulation,
  areaOf: ReadonlyMap<string, string>,
): { readonly rightAfterMs: number; readonly floodingMs: number } {
  const { queue, machines, cables, random } = simulation;
  const cable = random.pick(
    cables.filter(({ link, state }) => state === 'up' && areaOf.get(link.a) === areaOf.get(link.b)),
  );
  const { a, b } = cable.link;
  const area = machines.filter(({ setup }) => setup.area === areaOf.get(a));
  const ends = area.filter(({ setup }) => setup.name === a || setup.name === b);
  const near = ends.flatMap(({ cables: own }) => own.map(({ other }) => other)).filter((each) => area.includes(each));
  const samples = new Set([...ends, ...near]);
  while (samples.size < Math.min(SAMPLES, area.length)) samples.add(random.pick(area));
  cable.unplug();
  const wanted = wantedRoutes(area, [...samples], cable);
  const lostAtMs = queue.nowMs;
  do {
    if (queue.nowMs - lostAtMs > RIGHT_MS_MAX) throw new Error(`the routes are wrong ${RIGHT_MS_MAX} ms after a loss`);
    queue.runUntil(queue.nowMs + 1);
  } while (!wanted.every((isRight) => isRight()));
  const rightAfterMs = queue.nowMs - lostAtMs;
  queue.runUntil(queue.nowMs + 1000);
  return { rightAfterMs, floodingMs: eccentricity(area, cable) };
}

/** Of each sample whether its next hops are those of the oracle, once the link is gone. */
function wantedRoutes(
  area: readonly SimulatedMachine[],
  samples: readonly SimulatedMachine[],
  lost: Cable,
): (() => boolean)[] {
  const edges = edgesOf(area, false, lost);
  const distances = new Map<string, ReadonlyMap<string, number>>();
  for (const { setup } of samples) {
    for (const id of [setup.id, ...(edges.get(setup.id)?.keys() ?? [])]) {
      if (!distances.has(id)) distances.set(id, distancesFrom(id, edges));
    }
  }
  return samples.map(({ setup, node }) => {
    const { hops } = oracleOf(setup.id, edges, distances);
    const wanted = new Map([...hops].map(([to, first]) => [to, [...first].sort().join()]));
    return () => {
      const routes = node?.router.graph?.routes;
      return area.every(
        ({ setup: { id } }) => id === setup.id || routes?.nextHops(id).join() === (wanted.get(id) ?? ''),
      );
    };
  });
}

function knowledgeOf({ node }: SimulatedMachine) {
  const graph = node?.router.graph;
  const states = [...(graph?.database.states() ?? [])];
  const summaries = [...(graph?.areas.summaries.states() ?? [])];
  return {
    knownNodes: states.length,
    knownNodesBytes: textBytes(states),
    knownBorders: summaries.length,
    knownBordersBytes: textBytes(summaries),
  };
}

const textBytes = (states: readonly LinkState[]): number =>
  states.reduce((sum, state) => sum + encodeFrame(state.since(0)).length, 0);

/** How long news takes from the ends of a lost link to the farthest node of the area, by the quickest ways. */
function eccentricity(area: readonly SimulatedMachine[], lost: Cable): number {
  const members = new Set(area.map(({ setup }) => setup.name));
  const delays = new Map([...members].map((name) => [name, new Map<string, number>()]));
  for (const { setup, cables } of area) {
    for (const { cable, other } of cables) {
      if (cable.state === 'up' && members.has(other.setup.name)) {
        delays.get(setup.name)?.set(other.setup.name, cable.delayMs);
      }
    }
  }
  // The slower end begins later, but all have heard when its news has come everywhere, too.
  const ends = [lost.link.a, lost.link.b];
  return lost.link.delayMs + Math.max(...ends.map((end) => Math.max(...distancesFrom(end, delays).values())));
}

const total = ({ cables }: Simulation): number =>
  cables.reduce((sum, { connections }) => sum + [...connections].reduce((bytes, each) => bytes + each.bytes, 0), 0);

/** A random graph as a router has it, for measuring how long one computation of all paths takes. */
export function pathsOf(nodes: number, degree: number, seed: number): () => number {
  const random = new Random(seed);
  const { links } = makeTopology({ kind: 'random', nodes, degree, servicesPerNode: 1 }, random);
  const advertised = new Map<string, Map<string, number>>();
  for (const { a, b, cost } of links) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const costs = advertised.get(from) ?? new Map<string, number>();
      advertised.set(from, costs.set(to, cost ?? random.integer(10, 90)));
    }
  }
  const graph = new Graph();
  for (const [node, costs] of advertised) graph.advertise(node, costs);
  return () => shortestPaths(graph, 0).order.length;
}
