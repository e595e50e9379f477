// A service that never reads, and somebody who floods it: what that costs others in time and the daemon in memory.
import { setTimeout as pause } from 'node:timers/promises';

import { bystanders } from '../lib/latency.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { residentKilobytes } from '../lib/processes.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { line } from '../lib/traffic.mjs';

const SECONDS = 8;
const QUIET_SECONDS = 3;
const EXTRA_MS_MAX = 10;
const MEGABYTES_MAX = 64;
const CREEP_MEGABYTES_MAX = 16; // the garbage collector takes its time
const SAMPLE_MS = 100;

export const slowReceiver = {
  name: 'slow-receiver',
  goal: `a receiver that never reads costs others less than ${EXTRA_MS_MAX} ms at the 99th percentile and the daemon a bounded number of megabytes`,
  seconds: 20,

  async run(context) {
    const daemon = await context.daemon();
    const quiet = await bystanders(context, daemon, QUIET_SECONDS);
    const before = residentKilobytes(daemon.pid);

    const slow = await (await lineClient(daemon.target)).register('slow');
    slow.socket.pause();
    const stop = new AbortController();
    const memory = watchMemory(daemon.pid, stop.signal);
    const flooding = flood(daemon, stop.signal);
    const loud = await bystanders(context, daemon, SECONDS);
    stop.abort();
    const [megabytes, written] = await Promise.all([memory, flooding]);
    slow.close();

    const growth = megabytes.map((value) => value - before / 1000);
    const half = growth.length >> 1;
    const creep = Math.max(...growth.slice(half)) - Math.max(...growth.slice(0, half));
    const extra = (loud.p99 - quiet.p99) / 1000;
    return fromParts(
      [
        part(
          `others wait less than ${EXTRA_MS_MAX} ms longer at p99`,
          `p99 ${(quiet.p99 / 1000).toFixed(2)} ms undisturbed, ${(loud.p99 / 1000).toFixed(2)} ms beside it`,
          extra < EXTRA_MS_MAX,
        ),
        part(
          `the daemon grows by at most ${MEGABYTES_MAX} MB`,
          `grew by ${Math.max(...growth).toFixed(1)} MB at most`,
          Math.max(...growth) <= MEGABYTES_MAX,
        ),
        part(
          `and has stopped growing in the second half`,
          `${creep.toFixed(1)} MB more in the second half`,
          creep <= CREEP_MEGABYTES_MAX,
        ),
      ],
      [`${(written / 1e6).toFixed(0)} MB were written for the receiver that does not read, in ${SECONDS} s`],
    );
  },
};

/** Writes lines for the service that does not read, as fast as they are taken; gives the bytes written. */
async function flood(daemon, signal) {
  const client = await (await lineClient(daemon.target)).register('flood');
  const block = Buffer.from(line('slow/', 'PING', 128).repeat(512));
  let written = 0;
  while (!signal.aborted && !client.closed) {
    const room = client.write(block);
    written += block.length;
    await Promise.race([room, pause(200)]);
    while (client.socket.writableLength > 4 * block.length && !signal.aborted && !client.closed) await pause(5);
  }
  client.close();
  return written;
}

async function watchMemory(pid, signal) {
  const samples = [];
  while (!signal.aborted) {
    samples.push(residentKilobytes(pid) / 1000);
    await pause(SAMPLE_MS);
  }
  return samples;
}
