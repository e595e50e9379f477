// Medians, spreads and verdicts: what is made of the figures of several rounds.

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

/** Whether a value reaches a bound, where `better` says in which direction it should go: 'higher' or 'lower'. */
export function reaches(value, bound, better) {
  return better === 'lower' ? value <= bound : value >= bound;
}

/**
 * The verdict over one goal: `value` is the ratio to the contender, or the figure itself for a goal without one.
 * A goal may have a must, a mark to beat, or both; a mark alone is never missed, only not reached.
 */
export function goalVerdict(value, goal, better) {
  if (!Number.isFinite(value)) return 'not measured';
  if (goal.must !== undefined && !reaches(value, goal.must, better)) return 'falls short';
  if (goal.mark !== undefined && reaches(value, goal.mark, better)) return 'beats the mark';
  return goal.must === undefined ? 'below the mark' : 'holds';
}

/** The verdict over a row: the worst over its musts, and "beats the mark" only if every mark is reached. */
export function rowVerdict(verdicts) {
  const measured = verdicts.filter((verdict) => verdict !== 'not measured');
  if (measured.length === 0) return 'not measured';
  if (measured.includes('falls short')) return 'falls short';
  if (measured.every((verdict) => verdict === 'beats the mark' || verdict === 'holds')) {
    return measured.includes('beats the mark') ? 'beats the mark' : 'holds';
  }
  return measured.every((verdict) => verdict === 'below the mark') ? 'below the mark' : 'holds';
}
