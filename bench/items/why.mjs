// How soon `snapcom why` tells what became of a message across five daemons: delivered, expired, refused, lost in a crash.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { lineClient } from '../lib/line-client.mjs';
import { ROOT } from '../lib/places.mjs';
import { accepting, startProgram } from '../lib/processes.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { makeStations } from '../lib/stations.mjs';
import { summary } from '../lib/statistics.mjs';

const DAEMONS = 5;
const REPEATS = 10;
const WHY_MS_MAX = 1000;
const SETTLE_MS_MAX = 30_000;
const LOOK_MS = 50;

export const why = {
  name: 'why',
  goal: `snapcom why finds a message’s story across ${DAEMONS} machines within ${WHY_MS_MAX / 1000} s, for a delivered, an expired, a refused and a lost-in-a-crash message`,
  seconds: 60,

  async run({ adapter, log }) {
    const line = await startLine(adapter);
    try {
      const parts = [];
      for (const { name, command, fate, bring } of cases(line)) {
        await bring();
        await line.until(command, fate);
        const times = [];
        for (let i = 0; i < REPEATS; i++) times.push((await line.why(command)).ms);
        const { median, max } = summary(times);
        const told = `${name}: median ${median.toFixed(0)} ms, at most ${max.toFixed(0)} ms of ${REPEATS}`;
        log(told);
        parts.push(part(`${name}: told within ${WHY_MS_MAX} ms`, told, max <= WHY_MS_MAX));
      }
      return fromParts(parts, ['the whole program, from its start to its end, by the Unix socket of the first daemon']);
    } finally {
      await line.stop();
    }
  },
};

/** Each message: what it is called, how it is brought about, and what is to be told of it. */
const cases = (line) => [
  { name: 'delivered', command: 'DELIVERED', fate: 'delivered', bring: () => line.send('far/DELIVERED n=1') },
  { name: 'expired', command: 'EXPIRED', fate: 'expired', bring: () => line.send('absent/EXPIRED cache="ttl=10"') },
  { name: 'refused', command: 'REFUSED', fate: 'refused', bring: () => line.send('absent/REFUSED cache=no') },
  {
    name: 'under way to a daemon that was killed',
    command: 'LOST',
    fate: 'under-way',
    async bring() {
      process.kill(line.last().pid, 'SIGSTOP');
      await line.send('far/LOST n=1');
      await line.until('LOST', 'under-way', ({ hops }) => hops.length >= DAEMONS - 1);
      await line.kill();
    },
  },
  {
    name: 'lost in a crash, the daemon started again',
    command: 'LOST',
    fate: 'unknown',
    bring: () => line.startLast(),
  },
];

/** Five daemons, each linked with the next; a sender at the first, and its receiver at the last. */
async function startLine(adapter) {
  const { directory, secret, stations, targets } = await makeStations(DAEMONS);
  const options = { 'cluster-secret-file': secret };
  const start = async (place) => {
    const station = stations[place];
    const command = adapter.command({ ...station, options, isSecure: false, place, stations });
    const program = startProgram(adapter.name, command, station);
    await accepting(targets[place], program);
    return program;
  };
  const programs = [];
  for (let place = 0; place < DAEMONS; place++) programs.push(await start(place));
  await adapter.joined(targets);
  const enter = async (place, name) => (await lineClient(targets[place])).register(name);
  let receiver = await enter(DAEMONS - 1, 'far');
  const sender = await enter(0, 'near');
  const line = {
    last: () => programs[DAEMONS - 1],
    send: (text) => sender.write(`${text}\n`),
    async kill() {
      receiver.close();
      programs[DAEMONS - 1].child.kill('SIGKILL');
      await programs[DAEMONS - 1].stop();
    },
    async startLast() {
      programs[DAEMONS - 1] = await start(DAEMONS - 1);
      receiver = await enter(DAEMONS - 1, 'far');
    },
    why: (command) => askWhy(stations[0].unixPath, command),
    async until(command, fate, isThere = () => true) {
      const deadline = performance.now() + SETTLE_MS_MAX;
      for (;;) {
        const { story } = await line.why(command);
        if (story?.fate === fate && isThere(story)) return;
        if (performance.now() > deadline)
          throw new Error(`${command} was to be ${fate} by now, and is told so: ${JSON.stringify(story)}`);
        await pause(LOOK_MS);
      }
    },
    async stop() {
      sender.close();
      receiver.close();
      await Promise.all(programs.map((program) => program.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  // Until all know where it is, the first message would wait instead of going.
  await line.send('far/READY n=1');
  await line.until('READY', 'delivered');
  return line;
}

/** Milliseconds that the whole program takes, and what it tells. */
async function askWhy(unixPath, command) {
  const began = performance.now();
  const flags = ['why', `command==${command}`, '--count', '1', '--json', '--to', `sc://${unixPath}`];
  const child = spawn(process.execPath, [join(ROOT, 'bin/snapcom'), ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    told += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const ms = performance.now() - began;
  if (code !== 0 && code !== 1) throw new Error(`snapcom why ended with ${code}: ${said}`);
  return { ms, story: told === '' ? undefined : JSON.parse(told) };
}
