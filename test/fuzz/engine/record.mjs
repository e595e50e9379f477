// Writes what a run came to into RESULTS.md.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const FILE = new URL('../RESULTS.md', import.meta.url);
const count = (value) => Math.round(value).toLocaleString('en');
const mebibytes = (bytes) => (bytes / (1 << 20)).toFixed(1);

function row({ name, inputs, seconds, corpus, reached, slowestMs, memoryStart, memoryEnd, trouble }) {
  const memory = trouble === undefined ? `${mebibytes(memoryStart)} → ${mebibytes(memoryEnd)}` : '';
  const figures = [count(inputs), count(inputs / seconds), corpus, count(reached), slowestMs.toFixed(0), memory];
  return `| ${[name, ...figures, trouble?.kind ?? 'nothing'].join(' | ')} |`;
}

/**
 * @param {readonly import('./supervisor.mjs').Outcome[]} outcomes of one run
 * @returns {string} the file's path
 */
export function recordResults(outcomes) {
  const inputs = outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0);
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  const [processor] = cpus();
  const text = `# The longest fuzz run

Written by \`npm run fuzz -- --inputs N --seed S --record\`; do not edit.

- ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${processor?.model ?? 'unknown processor'}, one target at a time
- seed ${outcomes[0]?.seed}, **${count(inputs)} inputs** in ${count(seconds / 60)} minutes
- found: ${outcomes.every(({ trouble }) => trouble === undefined) ? 'nothing: no crash, no input above a second of processor time, no growth of memory' : 'see the last column'}

| target | inputs | a second | corpus | characters of code reached | slowest, ms | memory after warm-up → end, MiB | found |
|---|---|---|---|---|---|---|---|
${outcomes.map(row).join('\n')}

Memory is what is in use after a full collection, the kept inputs not counted. The slowest input is measured by the wall
clock, on a machine that may be busy; a hang is judged by processor time.
`;
  writeFileSync(FILE, text);
  return fileURLToPath(FILE);
}
