// Clusters to lay out and to draw: of the simulator's topologies, with traffic drawn from the same seed.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { makeTopology, Random } from '@snapcommunicator/network/simulator';
import { NO_EMPHASIS } from '../emphasis.ts';
import { layOut } from '../layout.ts';
import { buildScene, type MapTraffic, type Scene } from '../model.ts';
import { compose, type Picture, type PictureParts } from '../picture.ts';

const START = 1_800_000_000;

/** The graph and the traffic of a cluster; machines are called `n1` and so on, data centres `area1`. */
export function clusterOf(
  machines: number,
  dataCenters: number,
  seed = 1,
): { graph: GraphDocument; traffic: MapTraffic } {
  const random = new Random(seed);
  const shape = { kind: 'random', nodes: machines, degree: 2.8, servicesPerNode: 4, areas: dataCenters } as const;
  const { nodes, links } = makeTopology(shape, random);
  const areas = [...new Set(nodes.map(({ area }) => area))];
  const areaOf = new Map(nodes.map(({ name, area }) => [name, area]));
  const graph: GraphDocument = {
    version: 1,
    seenFrom: 'n1',
    time: START,
    dataCenters: areas.map((name, at) => ({
      name,
      isOwn: at === 0,
      serverCount: nodes.filter(({ area }) => area === name).length,
    })),
    servers: nodes.map(({ name, area, services }) => ({
      name,
      dataCenter: area,
      knowledge: 'whole',
      load: random.integer(0, 60),
      upSince: START - 100_000,
      isDraining: false,
      isReachable: true,
      nextHops: [],
      services: services.map((service) => ({ name: service })),
    })),
    links: links.map(({ a, b, cost = 10 }) => ({
      from: a,
      to: b,
      cost,
      kind: areaOf.get(a) === areaOf.get(b) ? 'network' : 'data-center',
      state: 'up',
      isOpaque: false,
      isSecure: random.chance(0.5),
      roundTripMs: random.next() * 10,
    })),
  };
  const rates = links.map(({ a, b }) => ({ from: a, to: b, messages: 10 ** (random.next() * 4) }));
  const flows = nodes.map(({ name, services }) => ({
    from: `${name}:${services[0] ?? ''}`,
    to: `n1:${nodes[0]?.services[0] ?? ''}`,
    messages: 10 ** (random.next() * 3),
  }));
  return { graph, traffic: { time: START, flows, links: rates } };
}

export function sceneOf(machines: number, dataCenters: number, seed = 1): Scene {
  const { graph, traffic } = clusterOf(machines, dataCenters, seed);
  return buildScene(graph, traffic, graph.time);
}

export const placesOf = ({ machines, links }: Scene): Map<string, { x: number; y: number }> =>
  layOut({ machines: [...machines.values()].map(({ name, dataCenter }) => ({ name, dataCenter })), links });

/** A picture as a browser would compose it; a character is so many pixels wide. */
export function pictureOf(
  scene: Scene,
  parts: Partial<PictureParts> & Pick<PictureParts, 'positions' | 'camera'>,
): Picture {
  return compose({
    scene,
    size: { width: 1400, height: 860 },
    emphasis: NO_EMPHASIS,
    wanted: new Set(),
    measure: (text) => text.length * 6.4,
    margins: { top: 10, right: 10, bottom: 10, left: 10 },
    before: new Map(),
    ...parts,
  });
}
