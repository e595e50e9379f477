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
  /** Data centres, each a graph of the kind; by default all is one without a name. */
  readonly areas?: number;
  /** Links between two data centres that are joined. */
  readonly linksBetween?: number;
}

/** A graph of the kind, connected; delays, costs and where services run are drawn from `random`. */
export function makeTopology(options: TopologyOptions, random: Random): Topology {
  const { kind, nodes: count, areas: areaCount = 1 } = options;
  const areaOf = (index: number): number => Math.floor((index * areaCount) / count);
  const nodes = Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    area: areaCount === 1 ? '' : `area${areaOf(index) + 1}`,
    services: servicesOf(index, options, random),
  }));
  const links: TopologyLink[] = [];
  const firsts = Array.from({ length: areaCount }, (_, area) => Math.ceil((area * count) / areaCount));
  for (const [area, first] of firsts.entries()) {
    const size = (firsts[area + 1] ?? count) - first;
    for (const [a, b] of PAIRS[kind](size, options.degree, random)) links.push(drawLink(first + a, first + b, random));
  }
  if (areaCount > 1) links.push(...linksBetween(options, firsts, random));
  return { nodes, links };
}

function drawLink(a: number, b: number, random: Random): TopologyLink {
  return {
    a: nameOf(a),
    b: nameOf(b),
    delayMs: drawDelay(random),
    // Few different costs make many paths of equal cost.
    cost: random.chance(0.7) ? random.integer(1, 4) * 10 : undefined,
    bytesPerSecond: random.chance(0.1) ? random.integer(50, 500) * 1000 : undefined,
  };
}

/** Joins data centres by a random graph of their own; each two by some links, between machines that are drawn. */
function linksBetween(
  { nodes: count, areas = 1, linksBetween: wanted = 2, degree }: TopologyOptions,
  firsts: readonly number[],
  random: Random,
): TopologyLink[] {
  const member = (area: number): number => random.integer(firsts[area] ?? 0, (firsts[area + 1] ?? count) - 1);
  const links = new Map<string, TopologyLink>();
  for (const [one, other] of PAIRS.random(areas, degree, random)) {
    for (let place = 0; place < wanted; place++) {
      const [a, b] = [member(one), member(other)];
      const delayMs = 5 + random.next() * 75;
      links.set(`${a} ${b}`, { ...drawLink(a, b, random), delayMs, cost: random.chance(0.5) ? 100 : undefined });
    }
  }
  return [...links.values()];
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
