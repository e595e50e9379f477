// npm run prove: measures every figure that was asked for, and writes goal, measured, verdict and seed into bench/PROOF.md.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { snapcommunicatord } from './adapters/snapcommunicatord.mjs';
import { items } from './items/index.mjs';
import { compileGenerators, runGenerator } from './lib/generator.mjs';
import { describeMachine } from './lib/machine.mjs';
import { startContender } from './lib/processes.mjs';
import { Memory, writeProof } from './lib/proof.mjs';
import { numbers } from './lib/traffic.mjs';

const USAGE = `npm run prove [-- ITEM …] [--seed N] [--fresh] [--processes N] [--seconds N] [--list]

  ITEM      only these items (default: all)
  --seed N  what chance depends on; without it a new one, which is printed and written down
  --fresh   begins anew; else an interrupted run of the same commit goes on where it was
  --processes N   for items that simulate; without it one a core, two at most
  --seconds N     for items that go on as long as they are told to
  --list    the items`;

const PROCESSES_MAX = 64;

/** What an item works with; every daemon that it starts is stopped when it ends, however it ends. */
function contextOf({ name, seed, machine, memory, processes, seconds }) {
  const started = [];
  return {
    seed,
    machine,
    processes,
    seconds,
    random: numbers(seed),
    state: memory.progressOf(name),
    save: () => memory.save(),
    log: (line) => console.log(`  ${line}`),
    async daemon(options = {}) {
      const daemon = await startContender(snapcommunicatord, options);
      started.push(daemon);
      return daemon;
    },
    generate: runGenerator,
    adapter: snapcommunicatord,
    async end() {
      for (const daemon of started) if (daemon.alive()) await daemon.stop();
    },
  };
}

async function proveItem(item, run, memory, machine, { processes, seconds }) {
  console.log(`${item.name}: ${item.goal} (about ${item.seconds} s, seed ${run.seed})`);
  const context = contextOf({ name: item.name, seed: run.seed, machine, memory, processes, seconds });
  try {
    return await item.run(context);
  } finally {
    await context.end();
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      processes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      seconds: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (values.list) return console.log(items.map(({ name, goal }) => `${name.padEnd(18)} ${goal}`).join('\n'));
  const chosen = positionals.length === 0 ? items : items.filter(({ name }) => positionals.includes(name));
  const unknown = positionals.filter((name) => !items.some((item) => item.name === name));
  if (unknown.length > 0)
    throw new RangeError(`no item ${unknown.join(', ')}; there are ${items.map(({ name }) => name).join(', ')}`);
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new RangeError(`--seed ${values.seed}: expected a whole number below 2^32`);
  }
  const processes = Number(values.processes);
  if (!(Number.isInteger(processes) && processes >= 1 && processes <= PROCESSES_MAX)) {
    throw new RangeError(`--processes ${values.processes}: expected 1 to ${PROCESSES_MAX}`);
  }

  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) throw new RangeError(`--seconds ${values.seconds}: expected a number`);

  if (chosen.some(({ needsDaemon = true }) => needsDaemon)) {
    const missing = snapcommunicatord.missing();
    if (missing !== undefined) throw new Error(`snapcommunicatord cannot be measured: ${missing}`);
    compileGenerators();
  }
  const machine = describeMachine();
  const memory = new Memory();
  const run = memory.begin({
    commit: machine.commit,
    names: chosen.map(({ name }) => name),
    seed,
    fresh: values.fresh,
  });
  let short = 0;
  for (const item of chosen) {
    if (run.done.includes(item.name)) {
      console.log(`${item.name}: measured before the interruption`);
      continue;
    }
    const result = await proveItem(item, run, memory, machine, { processes, seconds });
    memory.finishItem(item.name, { ...result, seed: run.seed, date: machine.date, commit: machine.commit });
    writeProof(memory.data.results, items);
    for (const line of result.details) console.log(`  ${line}`);
    console.log(`  ${result.verdict}`);
    if (result.verdict !== 'holds') short++;
  }
  memory.finishRun();
  console.log(`written: bench/PROOF.md; ${short === 0 ? 'everything measured now holds' : `${short} fell short`}`);
  if (short > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
