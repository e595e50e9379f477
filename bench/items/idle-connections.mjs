// What 10,000 registered connections cost that say nothing, and how fast they are registered.
import { fromParts, part } from '../lib/proof.mjs';
import { summary } from '../lib/statistics.mjs';

const CONNECTIONS = 10_000;
const REPEATS = 3;
const KILOBYTES_MAX = 8;
const SECONDS_MAX = 2;

export const idleConnections = {
  name: 'idle-connections',
  goal: `10,000 idle registered connections at ≤ ${KILOBYTES_MAX} kB each, 10,000 registrations within ${SECONDS_MAX} s`,
  seconds: 25,

  async run({ daemon, generate, adapter, log }) {
    const runs = [];
    for (let i = 0; i < REPEATS; i++) {
      const running = await daemon();
      const options = { ...adapter.idle(), address: running.address, connections: CONNECTIONS, daemonPid: running.pid };
      const run = await generate('hold', options, running.directory);
      log(`${run.kilobytesPerConnection} kB each, ${run.answered} registered in ${run.seconds} s`);
      if (run.closed > 0) throw new Error(`${run.closed} of ${CONNECTIONS} connections were closed`);
      runs.push(run);
      await running.stop();
    }
    const kilobytes = summary(runs.map((run) => run.kilobytesPerConnection));
    const seconds = summary(runs.map((run) => run.seconds));
    const shown = ({ median, min, max }, digits) =>
      `${median.toFixed(digits)} (${min.toFixed(digits)} – ${max.toFixed(digits)})`;
    return fromParts(
      [
        part(`≤ ${KILOBYTES_MAX} kB each`, `${shown(kilobytes, 2)} kB each`, kilobytes.median <= KILOBYTES_MAX),
        part(
          `registered within ${SECONDS_MAX} s`,
          `registered in ${shown(seconds, 2)} s`,
          seconds.median <= SECONDS_MAX,
        ),
      ],
      [`growth of the daemon’s resident memory, 2 s after the last was registered; median of ${REPEATS}`],
    );
  },
};
