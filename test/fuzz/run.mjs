// npm run fuzz: tries inputs that follow coverage on every parser and on the inner loop, for as long as wanted.

import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { recordResults } from './engine/record.mjs';
import { fuzzTarget } from './engine/supervisor.mjs';
import { TARGETS } from './targets.mjs';

const USAGE = `npm run fuzz -- [TARGET …] [--seconds N] [--inputs N] [--seed S] [--record] [--input FILE] [--list]

  TARGET        only these (default: all)
  --seconds N   time in all, shared equally (default 20, or without end if --inputs is given)
  --inputs N    inputs in all, shared equally
  --seed S      repeats a run (default: drawn, and printed)
  --record      writes test/fuzz/RESULTS.md
  --input FILE  tries this one input on one target
  --list        the targets`;
const SECONDS_DEFAULT = 20;

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      inputs: { type: 'string' },
      seed: { type: 'string' },
      record: { type: 'boolean', default: false },
      input: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !TARGETS.some((target) => target.name === name));
  if (unknown.length > 0) throw new RangeError(`no target ${unknown.join(', ')}; there are ${nameList(TARGETS)}`);
  const targets = positionals.length === 0 ? TARGETS : TARGETS.filter(({ name }) => positionals.includes(name));
  if (values.input !== undefined && targets.length !== 1)
    throw new RangeError('--input needs the one target to try it on');
  const isCounted = values.inputs !== undefined;
  return {
    ...values,
    targets,
    seconds:
      values.seconds === undefined && isCounted
        ? Number.POSITIVE_INFINITY
        : number('seconds', values.seconds ?? SECONDS_DEFAULT, 1e7),
    inputs: isCounted ? number('inputs', values.inputs, Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER,
    seed: values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : number('seed', values.seed, 2 ** 31),
  };
}

function number(name, text, max) {
  const value = Number(text);
  if (value > 0 && value <= max) return value;
  throw new RangeError(`--${name} ${text}: expected a number above 0, at most ${max}`);
}

const nameList = (targets) => targets.map(({ name }) => name).join(', ');
const mebibytes = (bytes) => (bytes / (1 << 20)).toFixed(1);
const count = (value) => Math.round(value).toLocaleString('en');

function describe({ name, inputs, seconds, corpus, reached, memoryStart, memoryEnd, slowestMs }) {
  const speed = `${count(inputs)} inputs, ${count(inputs / seconds)} a second, the slowest ${slowestMs.toFixed(0)} ms`;
  const found = `corpus ${corpus}, ${count(reached)} characters of code reached`;
  return `${name.padEnd(14)} ${speed}; ${found}; memory ${mebibytes(memoryStart)} → ${mebibytes(memoryEnd)} MiB`;
}

function explain({ name, seed, inputs, trouble }) {
  const { kind, message, file, isRepeatable } = trouble;
  const lines = [`${name}: ${kind} after ${count(inputs)} inputs: ${message}`];
  if (file !== undefined) lines.push(`  the input: ${relative(process.cwd(), file)}`);
  if (file !== undefined && isRepeatable) {
    lines.push(`  again: npm run fuzz -- ${name} --input ${relative(process.cwd(), file)}`);
  } else
    lines.push(
      `  the input alone does nothing; again: npm run fuzz -- ${name} --seed ${seed} --inputs ${inputs + 512}`,
    );
  return lines.join('\n');
}

async function main() {
  const { targets, seconds, inputs, seed, record, input, list, help } = readCommandLine();
  if (help) return console.log(USAGE);
  if (list) return console.log(nameList(TARGETS));
  const bytes = input === undefined ? undefined : new Uint8Array(readFileSync(resolve(input)));
  if (bytes === undefined) console.log(`seed ${seed}, ${targets.length} targets`);
  const outcomes = [];
  for (const target of targets) {
    const limits = { seconds: seconds / targets.length, inputsMax: Math.ceil(inputs / targets.length), seed };
    const outcome = await fuzzTarget(target, { ...limits, ...(bytes && { input: bytes }) });
    outcomes.push(outcome);
    if (outcome.trouble !== undefined) console.error(explain(outcome));
    else console.log(bytes === undefined ? describe(outcome) : `${outcome.name}: nothing is wrong with this input`);
  }
  if (record) console.log(`written: ${relative(process.cwd(), recordResults(outcomes))}`);
  const troubles = outcomes.filter(({ trouble }) => trouble !== undefined);
  if (troubles.length > 0) process.exitCode = 1;
  if (bytes === undefined) console.log(summary(outcomes, troubles));
}

function summary(outcomes, troubles) {
  const total = outcomes.reduce((sum, { inputs }) => sum + inputs, 0);
  const fault = troubles.length === 0 ? 'nothing found' : `something found in ${nameList(troubles)}`;
  const memory = mebibytes(process.memoryUsage().rss);
  return `${count(total)} inputs, seed ${outcomes[0].seed}, the whole process ${memory} MiB: ${fault}`;
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
