// What the graph costs with many nodes: memory, what an idle link carries, shortest paths, how soon routes are right.
import { fromParts, part } from '../lib/proof.mjs';
import { askOnce } from '../lib/simulators.mjs';

const DEGREE = 4;
const SERVICES_PER_NODE = 10;
const LOSSES = 5;
const PATHS_MS_MAX = 2;
/** Beyond the time that news takes to the farthest node. */
const RIGHT_MS_MAX = 50;
const SIZES = [10, 100, 1000];

export const scale = {
  name: 'scale',
  goal: `1,000 nodes with ${SERVICES_PER_NODE} services each, mean degree ${DEGREE}: after a link’s loss all next hops right within the flooding time plus ${RIGHT_MS_MAX} ms; shortest paths of one node in ≤ ${PATHS_MS_MAX} ms; memory and idle bytes stated at 10, 100, 1,000 nodes`,
  seconds: 240,

  async run({ seed, state, save, log }) {
    state.results ??= {};
    for (const nodes of SIZES) {
      if (state.results[nodes] !== undefined) continue;
      const common = { nodes, degree: DEGREE, seed };
      const paths = await askOnce('paths', common);
      const graph = await askOnce('scale', { ...common, servicesPerNode: SERVICES_PER_NODE, losses: LOSSES });
      state.results[nodes] = { ...graph, ...paths };
      save();
      log(lineOf(state.results[nodes]));
    }
    const all = SIZES.map((nodes) => state.results[nodes]);
    const largest = all.at(-1);
    const late = Math.max(...all.map(({ rightAfterMs, floodingMs }) => rightAfterMs - floodingMs));
    return fromParts(
      [
        part(
          `next hops right within the flooding time plus ${RIGHT_MS_MAX} ms`,
          `1,000 nodes: right ${largest.rightAfterMs.toFixed(0)} ms after the loss, of which flooding takes ${largest.floodingMs.toFixed(0)} ms`,
          late <= RIGHT_MS_MAX,
        ),
        part(
          `shortest paths of one of 1,000 nodes in ≤ ${PATHS_MS_MAX} ms`,
          `median ${largest.medianMs.toFixed(2)} ms, 99th percentile ${largest.p99Ms.toFixed(2)} ms`,
          largest.medianMs <= PATHS_MS_MAX,
        ),
      ],
      [
        ...all.map(lineOf),
        'memory is that of the simulating process by the number of nodes; equal link states are held once for all of them, as no real daemon could: a daemon alone holds its own database',
      ],
    );
  },
};

const lineOf = ({ nodes, links, bytesPerNode, idleBytesPerLinkSecond, rightAfterMs, floodingMs, medianMs, startMs }) =>
  `${nodes.toLocaleString('en-US')} nodes, ${links.toLocaleString('en-US')} links: ${(bytesPerNode / 1000).toFixed(0)} kB a node; an idle link carries ${idleBytesPerLinkSecond.toFixed(0)} bytes a second, both ways together; all know all ${(startMs / 1000).toFixed(1)} s after the start; right again ${rightAfterMs.toFixed(0)} ms after a link’s loss, flooding ${floodingMs.toFixed(0)} ms of it; shortest paths ${medianMs.toFixed(3)} ms`;
