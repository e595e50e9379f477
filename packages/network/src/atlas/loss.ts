// What would be lost without servers or links: who would lose whom and which services, and which ways would cost more.

import type { GraphDocument } from './document.ts';
import { Atlas, type Part, type Removal } from './paths.ts';

/** What would be lost without something. */
export interface Loss {
  /** The parts into which what hung together falls; none or one: nobody loses anybody. The greatest first. */
  readonly parts: readonly Part[];
  /** Services that go with a server: nowhere else is an instance of them. */
  readonly services: readonly string[];
}

/** What one part of the graph would lose. */
export interface PartLoss {
  readonly servers: readonly string[];
  readonly loses: readonly string[];
  /** Services that run, but only among those that are lost. */
  readonly services: readonly string[];
}

/** A way that would cost more. */
export interface Detour {
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  readonly before: number;
}

/** What would be lost: the parts into which what hangs together now would fall, and services that are nowhere else. */
export function lossWithout(document: GraphDocument, ...removals: readonly Removal[]): Loss {
  const before = new Atlas(document);
  const after = new Atlas(document, ...removals);
  const left = after.parts();
  const parts = before
    .parts()
    .map((together) => left.filter(([first]) => together.includes(first as string)))
    .filter((fallen) => fallen.length > 1)
    .flat();
  const instances = after.document.servers.filter(({ isReachable }) => isReachable).flatMap(({ services }) => services);
  const present = new Set(instances.map(({ name }) => name));
  const gone = document.servers.filter(({ name }) => after.server(name) === undefined);
  const services = new Set(gone.flatMap((server) => server.services.map(({ name }) => name)));
  return { parts, services: [...services].filter((name) => !present.has(name)).sort() };
}

/** What each of the parts into which a graph falls would lose with the others. */
export function partLosses({ servers }: GraphDocument, parts: readonly Part[]): PartLoss[] {
  const servicesOf = (names: readonly string[]): Set<string> =>
    new Set(
      servers.filter(({ name }) => names.includes(name)).flatMap(({ services }) => services.map(({ name }) => name)),
    );
  return parts.map((part) => {
    const loses = parts.filter((other) => other !== part).flat();
    const kept = servicesOf(part);
    return {
      servers: part,
      loses: [...loses].sort(),
      services: [...servicesOf(loses)].filter((name) => !kept.has(name)).sort(),
    };
  });
}

/**
 * The ways between those that are left that would cost more, the one that grows most first.
 * @param serversMax of a graph with more than so many none is told: all would be compared with all
 */
export function detoursWithout(document: GraphDocument, removals: readonly Removal[], serversMax: number): Detour[] {
  if (document.servers.length > serversMax) return [];
  const [before, after] = [new Atlas(document), new Atlas(document, ...removals)];
  const names = document.servers.map(({ name }) => name).filter((name) => after.server(name) !== undefined);
  const detours: Detour[] = [];
  for (const [at, from] of names.entries()) {
    for (const to of names.slice(at + 1)) {
      const [cost, old] = [after.cost(from, to), before.cost(from, to)];
      if (cost !== undefined && old !== undefined && cost > old) detours.push({ from, to, cost, before: old });
    }
  }
  return detours.sort((a, b) => b.cost - b.before - (a.cost - a.before));
}
