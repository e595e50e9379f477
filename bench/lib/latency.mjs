// The latency of two bystanders while something else goes on at the daemon.
const PAUSE_SECONDS = 0.0003;
const WARM_UP = 500;

/** Round trips of two services for so many seconds, with pauses that leave the machine to others. Times in µs. */
export function bystanders({ generate, adapter }, daemon, seconds) {
  const options = { ...adapter.roundTrip(), address: daemon.address, seconds, pause: PAUSE_SECONDS, warmUp: WARM_UP };
  return generate('round-trip', options, daemon.directory);
}

/**
 * The 99th percentile undisturbed and under several disturbances, by turns, so that what else the machine does meets all.
 *
 * @param disturbances by name; each begins a disturbance and resolves, when it has begun, with a function that ends it.
 * @returns by name, and for `quiet`: the 99th percentile of each turn in µs.
 */
export async function compare(context, daemon, disturbances, { turns, seconds }) {
  const p99 = { quiet: [] };
  for (let turn = 0; turn < turns; turn++) {
    p99.quiet.push((await bystanders(context, daemon, seconds)).p99);
    for (const [name, disturb] of Object.entries(disturbances)) {
      const end = await disturb(turn);
      p99[name] ??= [];
      try {
        p99[name].push((await bystanders(context, daemon, seconds)).p99);
      } finally {
        await end();
      }
    }
  }
  return p99;
}
