// Graphs to simulate: random ones, lines, rings, grids, and described ones.

import type { Random } from './random.ts';

export interface TopologyNode {
  readonly name: string;
  /** The data centre; empty for the one without a name. */
  readonly area: string;
  readonly services: readonly string[];
}

export interface TopologyLink {
  readonly a: string;
  readonly b: string;
  /** One way. */
  readonly delayMs: number;
  /** Set at both ends, or derived from delay and kind. */
  readonly cost: number | undefined;
  /** Bytes a second; undefined: no limit. */
  readonly bytesPerSecond: number | undefined;
}

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
}

export const TOPOLOGIES = ['random', 'line', 'ring', 'grid'] as const;
export type TopologyKind = (typeof TOPOLOGIES)[number];

export interface TopologyOptions {
  readonly kind: TopologyKind;
  readonly nodes: number;
  /** Links of a node, on average, in a random graph. */
  readonly degree: number;
  readonly servicesPerNode: number;
}

/** A graph of the kind, connected; delays, costs and where services run are drawn from `random`. */
export function makeTopology(options: TopologyOptions, random: Random): Topology {
  const { kind, nodes: count } = options;
  const nodes = Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    area: '',
    services: servicesOf(index, options, random),
  }));
  const links = PAIRS[kind](count, options.degree, random).map(([a, b]) => ({
    a: nameOf(a),
    b: nameOf(b),
    delayMs: drawDelay(random),
    // Few different costs make many paths of equal cost.
    cost: random.chance(0.7) ? random.integer(1, 4) * 10 : undefined,
    bytesPerSecond: random.chance(0.1) ? random.integer(50, 500) * 1000 : undefined,
  }));
  return { nodes, links };
}

type Pair = readonly [a: number, b: number];

const PAIRS: Readonly<Record<TopologyKind, (count: number, degree: number, random: Random) => Pair[]>> = {
  line: (count) => Array.from({ length: count - 1 }, (_, index): Pair => [index, index + 1]),
  ring: (count) =>
    Array.from({ length: count }, (_, index): Pair => [index, (index + 1) % count]).slice(count < 3 ? 1 : 0),
  grid: (count) => {
    const width = Math.ceil(Math.sqrt(count));
    const pairs: Pair[] = [];
    for (let at = 0; at < count; at++) {
      if (at % width < width - 1 && at + 1 < count) pairs.push([at, at + 1]);
      if (at + width < count) pairs.push([at, at + width]);
    }
    return pairs;
  },
  random: (count, degree, random) => {
    const seen = new Set<string>();
    const pairs: Pair[] = [];
    const add = (a: number, b: number): void => {
      const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
      if (a === b || seen.has(key)) return;
      seen.add(key);
      pairs.push([a, b]);
    };
    // A tree first, so that all are connected, then chords.
    for (let node = 1; node < count; node++) add(random.integer(0, node - 1), node);
    const wanted = Math.min(Math.round((count * degree) / 2), (count * (count - 1)) / 2);
    for (let attempt = 0; pairs.length < wanted && attempt < wanted * 20; attempt++) {
      add(random.integer(0, count - 1), random.integer(0, count - 1));
    }
    return pairs;
  },
};

export const nameOf = (index: number): string => `n${index + 1}`;

/** One service of its own, and some that run in several places. */
function servicesOf(index: number, { servicesPerNode, nodes }: TopologyOptions, random: Random): string[] {
  const services = new Set([`own_${index + 1}`]);
  const shared = Math.max(2, Math.ceil(nodes / 3));
  for (let turn = 1; turn < servicesPerNode; turn++) services.add(`svc_${random.integer(1, shared)}`);
  return [...services];
}

/** Mostly one data centre, now and then a continent. */
const drawDelay = (random: Random): number => (random.chance(0.8) ? 0.1 + random.next() * 2 : 5 + random.next() * 75);
