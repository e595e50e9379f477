// How long traffic stops when a link or a daemon in the middle is lost, on real networks, and that nothing is lost by it.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { ROOT, WORK } from '../lib/places.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { summary } from '../lib/statistics.mjs';

const RUNS = 20;
/** Rounds with FRR, and how large a graph its daemons are weighed in. */
const MARK_RUNS = 3;
const MARK_MACHINES = [10, 100];
/** How finely chance chooses a moment. */
const STEPS = 2 ** 20;
const CLOSED_MS_MAX = 100;
const MENDED_MS_MAX = 100;
const BEYOND_DEAD_MS_MAX = 300;

/** The daemon's own intervals, and the short ones that it shall bear as well. */
const SETTINGS = [
  { title: 'defaults', deadIntervalMs: 2000, options: {} },
  {
    title: 'hello 100 ms, dead 300 ms',
    deadIntervalMs: 300,
    options: { helloIntervalMs: 100, deadIntervalMs: 300 },
  },
];

export const gaps = {
  name: 'gaps',
  goal: `a ring of five in network namespaces, ${RUNS} runs with varying timing: no message lost, doubled or out of order; longest gap: closed socket ≤ ${CLOSED_MS_MAX} ms, silent cut ≤ dead interval + ${BEYOND_DEAD_MS_MAX} ms, mended link none above ${MENDED_MS_MAX} ms`,
  seconds: 600,

  async run({ random, state, save, log }) {
    const tests = await bundled('test/namespaces/gaps.ts');
    const { measureGaps } = tests;
    const missing = tests.missingForNamespaces();
    if (missing !== '') throw new Error(`namespaces: ${missing}`);
    const parts = [];
    const details = [];
    for (const { title, deadIntervalMs, options } of SETTINGS) {
      log(title);
      state[title] ??= await measureGaps({ ...options, runs: RUNS, random: () => random(STEPS) / STEPS, log });
      save();
      const { gaps: found, outcomes } = state[title];
      const bounds = {
        'closed socket': CLOSED_MS_MAX,
        'killed daemon': CLOSED_MS_MAX,
        'silent cut': deadIntervalMs + BEYOND_DEAD_MS_MAX,
        'mended link': MENDED_MS_MAX,
        'restarted daemon': MENDED_MS_MAX,
      };
      for (const [fault, bound] of Object.entries(bounds)) {
        const { median, min, max } = summary(found.filter((gap) => gap.fault === fault).map(({ gapMs }) => gapMs));
        const figure = `${fault} ${max.toFixed(0)} ms at most (median ${median.toFixed(0)}, least ${min.toFixed(0)})`;
        parts.push(part(`${title}: ${fault} ≤ ${bound} ms`, figure, max <= bound));
      }
      parts.push(conservation(title, outcomes));
      const own = Math.max(...found.map(({ ownPauseMs }) => ownPauseMs));
      details.push(
        `${title}: the measuring process itself paused for at most ${own.toFixed(0)} ms, which is in the gaps`,
      );
    }
    if (tests.hasFrr()) {
      log('FRR on the same ring');
      state.frr ??= await measureMark(tests);
      save();
    }
    return fromParts(parts, [
      ...details,
      ...(state.frr ?? ['FRR is not installed here (apt-get install frr), so it was not measured beside']),
      'daemons and measuring process run in the real-time class, so that what else the machine does is not measured; FRR too',
      '1,000 messages a second each way between two machines of the ring; each gap is the longest time between two arrivals, on one clock',
    ]);
  },
};

function conservation(title, outcomes) {
  const total = (what) => outcomes.reduce((sum, outcome) => sum + what(outcome), 0);
  const sent = total((outcome) => outcome.sent);
  const wrong = ['lost', 'doubled', 'late'].map((name) => [name, total((outcome) => outcome[name].length)]);
  const refused = total((outcome) => Object.keys(outcome.refused).length);
  const text = [...wrong, ['refused', refused]].map(([name, count]) => `${count} ${name}`).join(', ');
  return part(
    `${title}: no message lost, doubled or out of order`,
    `of ${sent.toLocaleString('en')} messages ${text}`,
    wrong.every(([, count]) => count === 0) && refused === 0,
  );
}

/** What FRR's ospfd, with BFD at 3 × 100 ms, does on the same ring, and what it weighs. */
async function measureMark({ measureFrrGaps, measureFrrMemory }) {
  const gaps = await measureFrrGaps(MARK_RUNS);
  const lines = ['lost carrier', 'silent cut', 'mended link'].map((fault) => {
    const { median, min, max } = summary(gaps.filter((gap) => gap.fault === fault).map(({ gapMs }) => gapMs));
    const spread = `${min.toFixed(0)} – ${max.toFixed(0)}`;
    return `the mark: FRR’s ospfd with BFD at 3 × 100 ms on this ring, ${fault}: ${median.toFixed(0)} ms (${spread})`;
  });
  for (const machines of MARK_MACHINES) {
    const { median } = summary(await measureFrrMemory(machines));
    lines.push(`one ospfd, ${machines} machines with four links each: ${(median / 1000).toFixed(1)} MB resident`);
  }
  return lines;
}

/** A module of the tests: they are TypeScript, which not every supported Node runs. */
async function bundled(file) {
  mkdirSync(WORK, { recursive: true });
  const outfile = join(WORK, 'gaps.bundle.mjs');
  const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' };
  const define = { 'import.meta.url': 'moduleUrl' };
  await build({ ...options, define, entryPoints: [join(ROOT, file)], outfile, plugins: [ownUrls] });
  return import(pathToFileURL(outfile).href);
}

/** Each module finds what lies beside it also after it was bundled. */
const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /[.]ts$/ }, ({ path }) => ({
      contents: `const moduleUrl = ${JSON.stringify(pathToFileURL(path).href)};\n${readFileSync(path, 'utf8')}`,
      loader: 'ts',
    }));
  },
};
