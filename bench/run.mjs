// npm run bench: measures this daemon beside others, row by row, and writes bench/RESULTS.md.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { adapters, OURS } from './adapters/index.mjs';
import { contest } from './lib/contest.mjs';
import { compileGenerators } from './lib/generator.mjs';
import { describeMachine } from './lib/machine.mjs';
import { keepResult, readResults, writeReport } from './lib/report.mjs';
import { rows } from './lib/rows.mjs';

const USAGE = `npm run bench [-- ROW …] [--rounds N] [--seconds S] [--quick] [--list]

  ROW              only these rows (default: all)
  --rounds N       how often each contender of a row is measured (default 5)
  --seconds S      how long each measurement lasts, after a warm-up (default 1.5)
  --against NAMES  only these beside ours, separated by commas; nothing is written
  --quick          2 rounds of 0.5 s, to see that it works; nothing is written
  --list           the rows`;

const ROUNDS_MAX = 100;
const BUSY_CORES = 0.5;

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      against: { type: 'string' },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return finish(USAGE);
  if (values.list) return finish(rows.map(({ name, title }) => `${name.padEnd(18)} ${title}`).join('\n'));
  const chosen = positionals.length === 0 ? rows : positionals.map((name) => rows.find((row) => row.name === name));
  const unknown = positionals.filter((_, index) => chosen[index] === undefined);
  if (unknown.length > 0)
    throw new RangeError(`no row ${unknown.join(', ')}; there are ${rows.map(({ name }) => name).join(', ')}`);
  return {
    chosen,
    isKept: !values.quick && values.against === undefined,
    others: values.against?.split(',').map(contender),
    rounds: number('rounds', values.rounds ?? (values.quick ? '2' : '5'), 1, ROUNDS_MAX),
    seconds: number('seconds', values.seconds ?? (values.quick ? '0.5' : '1.5'), 0.1, 60),
    warmUp: values.quick ? 0.3 : 0.7,
  };
}

function contender(name) {
  if (adapters.has(name)) return name;
  throw new RangeError(`no contender ${name}; there are ${[...adapters.keys()].join(', ')}`);
}

function number(name, text, min, max) {
  const value = Number(text);
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw new RangeError(`--${name} ${text}: expected a number from ${min} to ${max}`);
}

function finish(text) {
  console.log(text);
  process.exit(0);
}

async function main() {
  const { chosen, isKept, others, rounds, seconds, warmUp } = readCommandLine();
  const missing = adapters.get(OURS).missing();
  if (missing !== undefined) throw new Error(`${OURS} cannot be measured: ${missing}`);
  compileGenerators();
  const machine = describeMachine();
  console.log(
    `${machine.cores} cores, Node ${machine.node}, ${machine.nats ?? 'no nats-server'}, commit ${machine.commit}`,
  );
  const [load] = loadavg();
  if (load > BUSY_CORES)
    console.log(`the machine is busy (load ${load.toFixed(1)}): these figures will not be worth much`);
  const mentioned = new Set();
  for (const row of chosen) {
    console.log(`${row.name}: ${row.title}`);
    const result = await contest(row, { rounds, seconds, warmUp, machine, others, log: console.log });
    for (const [name, reason] of Object.entries(result.skipped)) {
      if (!mentioned.has(name)) console.log(`  ${name} is skipped: ${reason}`);
      mentioned.add(name);
    }
    for (const line of verdictLines(row, result)) console.log(`  ${line}`);
    if (isKept) writeReport(keepResult(result));
  }
  if (isKept) console.log(`written: bench/RESULTS.md (${Object.keys(readResults()).length} rows)`);
}

function verdictLines(row, result) {
  const lines = row.measures.flatMap((measure, index) =>
    result.measures[index].goals.map((goal) => {
      const bounds = ['must', 'mark'].filter((kind) => goal[kind] !== undefined).map((kind) => `${kind} ${goal[kind]}`);
      return `${measure.key}: ${goal.ratio.toFixed(2)}${goal.against ? ` × ${goal.against}` : ''} (${bounds.join(', ')}): ${goal.verdict}`;
    }),
  );
  return [...lines, `verdict: ${result.verdict}`];
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
