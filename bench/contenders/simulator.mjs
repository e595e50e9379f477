// Runs what the proof asks of the simulator, in a process of its own: seeds with faults, or one measurement of scale.
import {
  failureReport,
  measureScale,
  pathsOf,
  SIMULATION_OPTIONS,
  simulate,
} from '@snapcommunicator/network/simulator';

const PATHS_WARM_UP = 50;
const PATHS_REPEATS = 200;

const tasks = {
  /** Seeds one after the other: the sums of what happened, and what failed. */
  seeds({ first, count, commit }) {
    const sums = { seeds: 0, events: 0, virtualMs: 0, handshakesRefused: 0, messages: {}, sizes: {} };
    let healedMsMax = 0;
    const failures = [];
    for (let seed = first; seed < first + count; seed++) {
      const options = { ...SIMULATION_OPTIONS, seed };
      const result = simulate(options);
      sums.seeds++;
      sums.events += result.events;
      sums.virtualMs += result.virtualMs;
      for (const refused of Object.values(result.handshakes.refused)) sums.handshakesRefused += refused;
      for (const [what, number] of Object.entries(result.messages))
        sums.messages[what] = (sums.messages[what] ?? 0) + number;
      const size = result.nodes <= 12 ? '3 – 12' : result.nodes <= 30 ? '13 – 30' : '31 – 60';
      sums.sizes[size] = (sums.sizes[size] ?? 0) + 1;
      healedMsMax = Math.max(healedMsMax, result.healedMs ?? 0);
      if (result.violations.length > 0) failures.push({ seed, report: failureReport(result, options, commit) });
    }
    return { sums, healedMsMax, failures, processorSeconds: process.cpuUsage().user / 1e6 };
  },

  /** A graph of so many nodes: what it knows, says, and takes to be right again. */
  scale(options) {
    // What is resident after what can be collected has been.
    const memoryBytes = () => {
      globalThis.gc();
      return process.memoryUsage().rss;
    };
    const result = measureScale({ ...options, memoryBytes });
    return { ...result, processorSeconds: process.cpuUsage().user / 1e6 };
  },

  /** One computation of all shortest paths of a node, in ms: the median and the 99th percentile. */
  paths({ nodes, degree, seed }) {
    const compute = pathsOf(nodes, degree, seed);
    for (let turn = 0; turn < PATHS_WARM_UP; turn++) compute();
    const times = Array.from({ length: PATHS_REPEATS }, () => {
      const start = performance.now();
      compute();
      return performance.now() - start;
    }).sort((a, b) => a - b);
    return { medianMs: times[PATHS_REPEATS / 2], p99Ms: times[Math.floor(PATHS_REPEATS * 0.99)] };
  },
};

process.on('message', ({ task, options }) => process.send(tasks[task](options)));
process.on('disconnect', () => process.exit());
