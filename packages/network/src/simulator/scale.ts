// How the graph behaves with many nodes: what a node knows and says while nothing happens, and how soon all routes are
// right after a link is lost. In a virtual clock: computing costs no time there, and is measured beside it.

import { Graph } from '../router/graph.ts';
import { shortestPaths } from '../router/shortest-path.ts';
import { distancesFrom, edgesOf } from './oracle.ts';
import { Random } from './random.ts';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import { makeTopology } from './topology.ts';

export interface ScaleOptions {
  readonly nodes: number;
  readonly degree: number;
  readonly servicesPerNode: number;
  readonly seed: number;
  /** Links that are lost, one after the other. */
  readonly losses: number;
}

export interface ScaleResult {
  readonly nodes: number;
  readonly links: number;
  /** Virtual time from the start until every node knew all others. */
  readonly startMs: number;
  /** Bytes a second over one link while nothing happens, both ways together. */
  readonly idleBytesPerLinkSecond: number;
  /** From the loss of a link until all routes of the nodes looked at were right; the longest of all losses. */
  readonly rightAfterMs: number;
  /** From the loss of a link until its news had reached the last node, at best: the longest of all losses. */
  readonly floodingMs: number;
}

/** Nodes whose routes are compared with the oracle's. */
const SAMPLES = 10;

export function measureScale(options: ScaleOptions): ScaleResult {
  const { nodes, degree, servicesPerNode, seed } = options;
  const drawn = makeTopology({ kind: 'random', nodes, degree, servicesPerNode }, new Random(seed));
  // No slow cables: they would tell how long a database takes over them, and nothing about the graph.
  const topology = { ...drawn, links: drawn.links.map((link) => ({ ...link, bytesPerSecond: undefined })) };
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed, topology, isByteExact: false });
  const { queue, machines, cables, random } = simulation;
  const samples = Array.from({ length: SAMPLES }, () => random.pick(machines));
  const areRight = (): boolean => {
    const edges = edgesOf(machines);
    return samples.every(({ setup, node }) => {
      const distances = distancesFrom(setup.id, edges);
      const routes = node?.router.graph?.routes;
      return machines.every(({ setup: { id } }) => (distances.get(id) ?? 0x7fffffff) === routes?.distanceTo(id));
    });
  };
  simulation.begin();
  while (machines.some(({ node }) => node?.router.graph?.database.size !== nodes) || !areRight()) {
    queue.runUntil(queue.nowMs + 100);
    if (queue.nowMs > 60_000) throw new Error(`${nodes} nodes do not know each other after a minute`);
  }
  const startMs = queue.nowMs;
  queue.runUntil(startMs + 10_000);
  const bytesBefore = total(simulation);
  queue.runUntil(queue.nowMs + 10_000);
  const idleBytesPerLinkSecond = (total(simulation) - bytesBefore) / cables.length / 10;
  let rightAfterMs = 0;
  let floodingMs = 0;
  for (let loss = 0; loss < options.losses; loss++) {
    const cable = random.pick(cables.filter(({ state }) => state === 'up'));
    const lostAtMs = queue.nowMs;
    cable.unplug();
    floodingMs = Math.max(floodingMs, eccentricity(simulation, cable.link.a, cable.link.b));
    do queue.runUntil(queue.nowMs + 1);
    while (!areRight());
    rightAfterMs = Math.max(rightAfterMs, queue.nowMs - lostAtMs);
    queue.runUntil(queue.nowMs + 1000);
  }
  return { nodes, links: cables.length, startMs, idleBytesPerLinkSecond, rightAfterMs, floodingMs };
}

/** How long news takes from the ends of a lost link to the farthest node, by the quickest ways. */
function eccentricity({ machines, cables, topology }: Simulation, ...ends: readonly string[]): number {
  const delays = new Map(machines.map(({ setup }) => [setup.name, new Map<string, number>()]));
  for (const { link, state, delayMs } of cables) {
    if (state !== 'up') continue;
    delays.get(link.a)?.set(link.b, delayMs);
    delays.get(link.b)?.set(link.a, delayMs);
  }
  const lost = topology.links.find(({ a, b }) => ends.includes(a) && ends.includes(b))?.delayMs ?? 0;
  // The slower end begins later, but all have heard when its news has come everywhere, too.
  return lost + Math.max(...ends.map((end) => Math.max(...distancesFrom(end, delays).values())));
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
