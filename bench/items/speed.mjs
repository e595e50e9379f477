// The benchmark as a part of the proof: its rows are measured and their verdicts taken over.
import { contest } from '../lib/contest.mjs';
import { keepResult, writeReport } from '../lib/report.mjs';
import { rows } from '../lib/rows.mjs';

const TIMING = { rounds: 5, seconds: 1.5, warmUp: 0.7 };

export const speed = {
  name: 'speed',
  goal: 'every row of the benchmark reaches its must (bench/RESULTS.md)',
  seconds: 1300,

  /** An interrupted run goes on with the next row. */
  async run({ state, save, log, machine }) {
    state.rows ??= {};
    for (const row of rows) {
      if (state.rows[row.name] !== undefined) continue;
      const result = await contest(row, { ...TIMING, machine, log });
      writeReport(keepResult(result));
      state.rows[row.name] = { verdict: result.verdict, ratios: ratiosOf(result) };
      save();
    }
    const verdicts = Object.entries(state.rows);
    const counted = ['beats the mark', 'holds', 'below the mark', 'falls short', 'invalid', 'not measured']
      .map((kind) => [kind, verdicts.filter(([, { verdict }]) => verdict === kind).length])
      .filter(([, count]) => count > 0);
    const short = verdicts.some(([, { verdict }]) => ['falls short', 'invalid', 'not measured'].includes(verdict));
    return {
      measured: `${verdicts.length} rows: ${counted.map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
      verdict: short ? 'falls short' : 'holds',
      details: verdicts.map(([name, { verdict, ratios }]) => `${name}: ${ratios} — ${verdict}`),
    };
  },
};

function ratiosOf(result) {
  return result.measures
    .flatMap(({ goals }) => goals)
    .filter(({ ratio }) => Number.isFinite(ratio))
    .map(({ ratio, against, must, mark }) => {
      const bounds = [must === undefined ? '' : `must ${must}`, mark === undefined ? '' : `mark ${mark}`].filter(
        Boolean,
      );
      return `${ratio.toFixed(2)}${against ? ` × ${against}` : ''} (${bounds.join(', ')})`;
    })
    .join('; ');
}
