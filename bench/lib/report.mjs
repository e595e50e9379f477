// The report of the benchmark: bench/RESULTS.md from what bench/.work/results.json remembers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { OURS } from '../adapters/index.mjs';
import { show } from './contest.mjs';
import { BETWEEN, RESULTS, WORK } from './places.mjs';
import { rows } from './rows.mjs';

const FILE = join(WORK, 'results.json');
const NATS = 'nats-server';

/** All rows measured so far on this machine, by name. */
export function readResults() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
}

export function keepResult(result) {
  const all = { ...readResults(), [result.row]: result };
  writeFileSync(FILE, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

export function writeReport(results) {
  const measured = rows.filter(({ name }) => results[name] !== undefined);
  if (measured.length === 0) return;
  const text = [
    '# How fast it is\n',
    'Written by `npm run bench`; [README.md](README.md) says what is measured and how.\n',
    machineSection(measured.map(({ name }) => results[name])),
    mainTable(measured, results),
    besideSection(measured, results),
    belowSection(measured, results),
    methodSection(measured),
  ];
  writeFileSync(RESULTS, text.filter((part) => part !== '').join('\n'));
}

function machineSection(list) {
  const latest = list.map(({ machine }) => machine).sort((a, b) => (a.date < b.date ? 1 : -1))[0];
  const rounds = [...new Set(list.map((result) => result.rounds))].join(', ');
  const seconds = [...new Set(list.map((result) => result.seconds))].join(', ');
  const servers = [latest.nats, latest.redis, latest.mosquitto]
    .filter((text) => text)
    .map((text) => text.replace(/ sha=.*/, ''));
  return [
    `- Machine: ${latest.cores} cores (${latest.processor}), ${latest.memoryGigabytes} GB, Linux ${latest.kernel}; generator and daemon share the cores.`,
    `- Programs: Node ${latest.node}; ${servers.join('; ') || 'no other server installed'}.`,
    `- Date: ${latest.date} UTC, commit ${[...new Set(list.map(({ machine }) => machine.commit))].join(', ')}.`,
    `- Rounds of a row: ${rounds}; measured in each: ${seconds} s after a warm-up; medians, and from the least to the greatest.\n`,
  ].join('\n');
}

function mainTable(measured, results) {
  const lines = [
    '| row | unit | ours | spread | nats-server | × nats | must | mark | × prototype | × pipe | verdict |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
  ];
  for (const row of measured) {
    const result = results[row.name];
    row.measures.forEach((measure, index) => {
      const { figures, goals } = result.measures[index];
      const ours = figures[OURS];
      const ratioTo = (name) => {
        const other = figures[name];
        return ours && other ? (ours.median / other.median).toFixed(2) : '–';
      };
      const primary = goals.find(({ against }) => against === NATS) ?? goals[0];
      lines.push(
        `| ${[
          index === 0 ? row.title : '',
          measure.title,
          show(measure, ours?.median),
          ours ? `${show(measure, ours.min)} – ${show(measure, ours.max)}` : '–',
          show(measure, figures[NATS]?.median),
          ratioTo(NATS),
          bound(primary?.must, primary, measure),
          bound(primary?.mark, primary, measure),
          ratioTo('prototype') + goalNote(goals, 'prototype', measure),
          ratioTo('pipe') + goalNote(goals, 'pipe', measure),
          index === 0 ? `**${result.verdict}**` : '',
        ].join(' | ')} |`,
      );
    });
  }
  return `${lines.join('\n')}\n`;
}

function bound(value, goal, measure) {
  if (value === undefined) return '–';
  const sign = measure.better === 'lower' ? '≤' : '≥';
  if (goal.against === undefined) return `${sign} ${show({ ...measure, scale: 1 }, value)}`;
  return `${sign} ${value} ×${goal.against === NATS ? '' : ` ${goal.against}`}`;
}

function goalNote(goals, against, measure) {
  const goal = goals.find((each) => each.against === against);
  if (goal === undefined) return '';
  const sign = measure.better === 'lower' ? '≤' : '≥';
  return goal.must === undefined ? ` (mark ${goal.mark})` : ` (${sign} ${goal.must})`;
}

/** What ran beside us in a row and is not in the table, and what could not run or did not count. */
function besideSection(measured, results) {
  const lines = [];
  for (const row of measured) {
    const result = results[row.name];
    row.measures.forEach((measure, index) => {
      const { figures, goals } = result.measures[index];
      const others = Object.entries(figures)
        .filter(([name]) => name !== OURS && name !== NATS)
        .map(([name, { median }]) => `${name} ${show(measure, median)}${ratio(figures[OURS], median)}`);
      const fixed = goals
        .filter(({ value }) => value !== undefined)
        .map(
          (goal) =>
            `${goal.ratio.toFixed(0)} × ${goal.against}’s ${goal.value.toLocaleString('en-US')} (must ${goal.must} ×: ${goal.verdict})`,
        );
      if (others.length + fixed.length > 0)
        lines.push(`- ${row.title}, ${measure.title}: ${[...others, ...fixed].join('; ')}.`);
    });
    for (const [name, list] of Object.entries(result.problems)) {
      lines.push(`- ${row.title}: ${list.length} of ${result.rounds} runs of ${name} do not count: ${list[0]}.`);
    }
  }
  const skipped = new Map(measured.flatMap(({ name }) => Object.entries(results[name].skipped)));
  for (const [name, reason] of skipped) lines.push(`- ${name} did not take part: ${reason}.`);
  return lines.length === 0 ? '' : `## Beside it\n\n${lines.join('\n')}\n`;
}

/** How ours stands to it. */
const ratio = (ours, other) => (ours === undefined ? '' : ` (ours ${(ours.median / other).toFixed(2)} ×)`);

/** For each row below its mark, what stands between, as somebody who looked has written it into bench/between.json. */
function belowSection(measured, results) {
  const reasons = existsSync(BETWEEN) ? JSON.parse(readFileSync(BETWEEN, 'utf8')) : {};
  const lines = [];
  for (const row of measured) {
    const below = results[row.name].measures
      .flatMap(({ goals }) => goals)
      .filter(
        (goal) => goal.verdict === 'falls short' || (goal.mark !== undefined && goal.verdict !== 'beats the mark'),
      )
      .filter(({ verdict }) => verdict !== 'not measured');
    if (below.length === 0) continue;
    const what = below.map(
      ({ against, ratio, mark, must }) =>
        `${ratio.toFixed(2)}${against ? ` × ${against}` : ''}, ${mark === undefined ? 'must' : 'mark'} ${mark ?? must}`,
    );
    lines.push(`- ${row.title} (${what.join('; ')}): ${reasons[row.name] ?? 'not looked into yet.'}`);
  }
  return lines.length === 0 ? '' : `## What stands between, where a mark is not reached\n\n${lines.join('\n')}\n`;
}

function methodSection(measured) {
  return `## Method of each row\n\n${measured.map(({ title, method }) => `- ${title}: ${method}`).join('\n')}\n`;
}
