// What the graph costs with many nodes: memory, what an idle link carries, shortest paths, how soon routes are right.
import { fromParts, part } from '../lib/proof.mjs';
import { askOnce } from '../lib/simulators.mjs';

const DEGREE = 4;
const SERVICES_PER_NODE = 10;
const LOSSES = 5;
const PATHS_MS_MAX = 2;
/** Beyond the time that news takes to the farthest node. */
const RIGHT_MS_MAX = 50;
const MEMORY_BYTES_MAX = 4e9;
const SIZES = [{ nodes: 10 }, { nodes: 100 }, { nodes: 1000 }, { nodes: 10_000, areas: 100 }];

export const scale = {
  name: 'scale',
  goal: `1,000 nodes with ${SERVICES_PER_NODE} services each, mean degree ${DEGREE}: after a link’s loss all next hops right within the flooding time plus ${RIGHT_MS_MAX} ms, shortest paths of one node in ≤ ${PATHS_MS_MAX} ms; 10,000 nodes in 100 data centres in ≤ ${MEMORY_BYTES_MAX / 1e9} GB, no node knowing more than its area and the summaries`,
  seconds: 900,
  needsDaemon: false,

  async run({ seed, state, save, log }) {
    state.results ??= {};
    for (const size of SIZES) {
      const { nodes, areas = 1 } = size;
      if (state.results[nodes] !== undefined) continue;
      const paths = await askOnce('paths', { nodes: nodes / areas, degree: DEGREE, seed });
      const options = { ...size, degree: DEGREE, seed, servicesPerNode: SERVICES_PER_NODE, losses: LOSSES };
      state.results[nodes] = { ...(await askOnce('scale', options)), ...paths };
      save();
      log(lineOf(state.results[nodes]));
    }
    const all = SIZES.map(({ nodes }) => state.results[nodes]);
    const [, , thousand, world] = all;
    const late = Math.max(...all.map(({ rightAfterMs, floodingMs }) => rightAfterMs - floodingMs));
    const perArea = world.nodes / world.areas;
    return fromParts(
      [
        part(
          `next hops right within the flooding time plus ${RIGHT_MS_MAX} ms`,
          `1,000 nodes: right ${ms(thousand.rightAfterMs)} after a link’s loss, flooding ${ms(thousand.floodingMs)} of it`,
          late <= RIGHT_MS_MAX,
        ),
        part(
          `shortest paths of one of 1,000 nodes in ≤ ${PATHS_MS_MAX} ms`,
          `median ${thousand.medianMs.toFixed(2)} ms, 99th percentile ${thousand.p99Ms.toFixed(2)} ms`,
          thousand.medianMs <= PATHS_MS_MAX,
        ),
        part(
          `10,000 nodes in ≤ ${MEMORY_BYTES_MAX / 1e9} GB`,
          `10,000 nodes in 100 data centres: ${(world.memoryBytes / 1e9).toFixed(2)} GB`,
          world.memoryBytes <= MEMORY_BYTES_MAX,
        ),
        part(
          'no node knows more than its area and the summaries',
          `a node knows ${world.knownNodes} nodes and the summaries of ${world.knownBorders} borders`,
          world.knownNodes <= perArea,
        ),
      ],
      [
        ...all.map(lineOf),
        'memory is that of the one process in which all of them are simulated, after what can be collected has been; equal link states are held there once for all nodes',
      ],
    );
  },
};

const ms = (value) => `${value.toFixed(0)} ms`;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
const count = (number) => number.toLocaleString('en-US');

const lineOf = (result) => {
  const { nodes, areas, links, memoryBytes, idleBytesPerLinkSecond, knownNodes, knownNodesBytes } = result;
  const { knownBorders, knownBordersBytes, startMs, rightAfterMs, floodingMs, medianMs } = result;
  return [
    `${count(nodes)} nodes${areas > 1 ? ` in ${areas} data centres` : ''}, ${count(links)} links: ${(memoryBytes / 1e6).toFixed(0)} MB, ${kilobytes(memoryBytes / nodes)} a node`,
    `a node knows ${count(knownNodes)} nodes (${kilobytes(knownNodesBytes)} of text)${areas > 1 ? ` and the summaries of ${count(knownBorders)} borders (${kilobytes(knownBordersBytes)})` : ''}`,
    `an idle link carries ${idleBytesPerLinkSecond.toFixed(0)} bytes a second, both ways together`,
    `all know what they are to know ${(startMs / 1000).toFixed(1)} s after the start`,
    `right again ${ms(rightAfterMs)} after a link’s loss, flooding ${ms(floodingMs)} of it; shortest paths ${medianMs.toFixed(3)} ms`,
  ].join('; ');
};
