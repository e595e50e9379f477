// A graph to simulate from a document: the live one as a daemon tells it, or a file that describes one.

import type { AtlasLink, GraphDocument } from '../atlas/document.ts';
import type { Topology } from './topology.ts';

/** One way, in ms, where the document does not know a round trip. */
const DELAY_MS = { network: 0.3, 'data-center': 20 } as const;
/** The shortest delay, in ms: a cable without any would have no order of events. */
const DELAY_MS_MIN = 0.05;

/** A name of its own, as the handshake demands it. */
const SERVER = /^[a-z_][a-z0-9_]*$/;

/**
 * The machines of a document that a simulation can be made of, and the links between them: those of which everything is
 * known, and that can be reached. Daemons of another kind and machines of which there is only a summary are left out, and named.
 */
export function topologyOf(document: GraphDocument): { readonly topology: Topology; readonly leftOut: string[] } {
  const whole = document.servers.filter(
    ({ name, knowledge, isReachable }) => knowledge === 'whole' && isReachable && SERVER.test(name),
  );
  const names = new Set(whole.map(({ name }) => name));
  const nodes = whole.map(({ name, dataCenter, services }) => ({
    name,
    area: dataCenter,
    services: services.map((service) => service.name),
  }));
  const links = document.links
    .filter(({ from, to, state }) => state === 'up' && names.has(from) && names.has(to))
    .map((link) => ({ a: link.from, b: link.to, delayMs: delayOf(link), cost: link.cost, bytesPerSecond: undefined }));
  const leftOut = document.servers.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  return { topology: { nodes, links }, leftOut };
}

const delayOf = ({ roundTripMs, kind }: AtlasLink): number =>
  roundTripMs === undefined ? DELAY_MS[kind] : Math.max(roundTripMs / 2, DELAY_MS_MIN);
