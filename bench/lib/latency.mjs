// The latency of two bystanders while something else goes on at the daemon.
import { median } from './statistics.mjs';

const PAUSE_SECONDS = 0.0003;
const WARM_UP = 500;

/** Round trips of two services for so many seconds, with pauses that leave the machine to others. Times in µs. */
export function bystanders({ generate, adapter }, daemon, seconds) {
  const options = { ...adapter.roundTrip(), address: daemon.address, seconds, pause: PAUSE_SECONDS, warmUp: WARM_UP };
  return generate('round-trip', options, daemon.directory);
}

/**
 * The 99th percentile without and with a disturbance, by turns, so that what else the machine does meets both.
 *
 * @param disturb begins the disturbance and resolves, when it has begun, with a function that ends it.
 * @returns medians over the turns in µs, and all single values.
 */
export async function compare(context, daemon, disturb, { turns = 3, seconds = 2 } = {}) {
  const quiet = [];
  const disturbed = [];
  for (let turn = 0; turn < turns; turn++) {
    quiet.push((await bystanders(context, daemon, seconds)).p99);
    const end = await disturb(turn);
    try {
      disturbed.push((await bystanders(context, daemon, seconds)).p99);
    } finally {
      await end();
    }
  }
  return { quiet: median(quiet), disturbed: median(disturbed), all: { quiet, disturbed } };
}
