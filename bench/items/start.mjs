// How soon the daemon is ready, how soon `snapcom send` is done, and what an idle daemon costs.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { lineClient } from '../lib/line-client.mjs';
import { ROOT } from '../lib/places.mjs';
import { freePort, processorSeconds, residentKilobytes } from '../lib/processes.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { summary } from '../lib/statistics.mjs';

const REPEATS = 10;
const READY_MS_MAX = 500;
const SEND_MS_MAX = 150;
const IDLE_SECONDS = 10;
const IDLE_SETTLE_MS = 3_000;
const IDLE_CORE_MAX = 0.01;
const IDLE_MEGABYTES_MAX = 90;
const GIVE_UP_MS = 10_000;

export const start = {
  name: 'start',
  goal: `ready within ${READY_MS_MAX / 1000} s of process start; snapcom send ends within ${SEND_MS_MAX} ms; idle under 1 % of a core and under ${IDLE_MEGABYTES_MAX} MB`,
  seconds: 30,

  async run({ daemon, adapter, log }) {
    const ready = [];
    for (let i = 0; i < REPEATS; i++) ready.push(await timeToReady(adapter));
    log(`ready after ${ready.map((ms) => ms.toFixed(0)).join(', ')} ms`);

    const running = await daemon();
    const receiver = await (await lineClient(running.target)).register('receiver');
    const sends = [];
    for (let i = 0; i < REPEATS; i++) sends.push(await timeToSend(running.port, receiver, i));
    receiver.close();
    log(`snapcom send took ${sends.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    await running.stop();

    const idle = await daemon();
    await pause(IDLE_SETTLE_MS); // what runs once after the start is not idling
    const began = processorSeconds(idle.pid);
    await pause(IDLE_SECONDS * 1000);
    const core = (processorSeconds(idle.pid) - began) / IDLE_SECONDS;
    const megabytes = residentKilobytes(idle.pid) / 1000;

    const times = (values) => {
      const { median, min, max } = summary(values);
      return `median ${median.toFixed(0)} ms of ${values.length} (${min.toFixed(0)} – ${max.toFixed(0)})`;
    };
    return fromParts([
      part(
        `answers REGISTER within ${READY_MS_MAX} ms of process start`,
        `ready: ${times(ready)}`,
        summary(ready).median <= READY_MS_MAX,
      ),
      part(`snapcom send within ${SEND_MS_MAX} ms`, `send: ${times(sends)}`, summary(sends).median <= SEND_MS_MAX),
      part(
        'idle under 1 % of a core',
        `idle: ${(core * 100).toFixed(2)} % of a core over ${IDLE_SECONDS} s`,
        core < IDLE_CORE_MAX,
      ),
      part(
        `idle under ${IDLE_MEGABYTES_MAX} MB`,
        `${megabytes.toFixed(1)} MB resident`,
        megabytes < IDLE_MEGABYTES_MAX,
      ),
    ]);
  },
};

/** Milliseconds from starting the process until a service that asks for it has been registered. */
async function timeToReady(adapter) {
  const directory = mkdtempSync(join(tmpdir(), 'snapstart-'));
  const port = await freePort();
  const command = adapter.command({ directory, port, unixPath: join(directory, 's.sock') });
  const began = performance.now();
  const child = spawn(command.program, command.arguments, { cwd: directory, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    while (performance.now() - began < GIVE_UP_MS && child.exitCode === null) {
      const client = await lineClient({ host: '127.0.0.1', port }).catch(() => undefined);
      if (client === undefined) {
        await pause(2);
        continue;
      }
      await client.register('first');
      const elapsed = performance.now() - began;
      client.close();
      return elapsed;
    }
    throw new Error(`the daemon was not ready within ${GIVE_UP_MS} ms`);
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Milliseconds that the whole program takes, from its start to its end; the message must have come. */
async function timeToSend(port, receiver, number) {
  const began = performance.now();
  const program = join(ROOT, 'bin/snapcom');
  const flags = ['send', `receiver/PING number=${number}`, '--to', `sc://127.0.0.1:${port}`];
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const elapsed = performance.now() - began;
  if (code !== 0) throw new Error(`snapcom send ended with ${code}: ${said}`);
  if ((await receiver.line(new RegExp(`PING number=${number}$`))) === undefined)
    throw new Error('the message did not come');
  return elapsed;
}
