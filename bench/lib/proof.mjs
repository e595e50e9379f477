// The proof's memory and report: which items have been measured, how far a long one came, bench/PROOF.md.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROOF, WORK } from './places.mjs';

const FILE = join(WORK, 'proof.json');

export class Memory {
  constructor() {
    const empty = { run: undefined, results: {}, progress: {} };
    this.data = existsSync(FILE) ? { ...empty, ...JSON.parse(readFileSync(FILE, 'utf8')) } : empty;
  }

  /** Written beside and renamed, so that an interruption leaves the old one. */
  save() {
    mkdirSync(WORK, { recursive: true });
    writeFileSync(`${FILE}.new`, `${JSON.stringify(this.data, null, 2)}\n`);
    renameSync(`${FILE}.new`, FILE);
  }

  /** Goes on with an interrupted run of the same commit and items, or begins a new one. */
  begin({ commit, names, seed, fresh }) {
    const { run } = this.data;
    const same = run !== undefined && run.commit === commit && run.names.join() === names.join();
    if (fresh || !same) {
      this.data.run = { commit, names, seed: seed ?? Math.floor(Math.random() * 2 ** 31), done: [] };
      this.data.progress = {};
    } else if (seed !== undefined) run.seed = seed;
    this.save();
    return this.data.run;
  }

  /** What an item has noted before it was interrupted. */
  progressOf(name) {
    this.data.progress[name] ??= {};
    return this.data.progress[name];
  }

  finishItem(name, result) {
    this.data.results[name] = result;
    delete this.data.progress[name];
    this.data.run.done.push(name);
    this.save();
  }

  finishRun() {
    this.data.run = undefined;
    this.save();
  }
}

/** One figure against its bound, as a part of an item. */
export function part(goal, measured, holds) {
  return { goal, measured, verdict: holds ? 'holds' : 'falls short' };
}

/** What an item returns, from its parts: all must hold. */
export function fromParts(parts, details = []) {
  return {
    measured: parts.map(({ measured }) => measured).join('; '),
    verdict: parts.every(({ verdict }) => verdict === 'holds') ? 'holds' : 'falls short',
    details: [...parts.map(({ goal, measured, verdict }) => `${goal}: ${measured} — ${verdict}`), ...details],
  };
}

export function writeProof(results, items) {
  const measured = items.filter(({ name }) => results[name] !== undefined);
  const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  const table = measured.map(({ name, goal }) => {
    const { measured: figure, verdict, seed, date, commit } = results[name];
    return `| ${[name, goal, figure, `**${verdict}**`, seed, `${date}, ${commit}`].map(cell).join(' | ')} |`;
  });
  const missing = items.filter(({ name }) => results[name] === undefined).map(({ name }) => name);
  const text = [
    '# Every figure that was asked for',
    '',
    'Written by `npm run prove`; `npm run prove -- ITEM --seed SEED` repeats a line.',
    '',
    '| item | goal | measured | verdict | seed | when, commit |',
    '|---|---|---|---|---|---|',
    ...table,
    ...(missing.length > 0 ? ['', `Not measured yet: ${missing.join(', ')}.`] : []),
    '',
    ...measured.flatMap(({ name }) => [`## ${name}`, '', ...results[name].details.map((line) => `- ${line}`), '']),
  ];
  writeFileSync(PROOF, text.join('\n'));
}
