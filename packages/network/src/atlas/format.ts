// Figures of the graph as people read them, short enough to stand on a link.

/** A length of time in its greatest unit: `40 s`, `3 d`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const) {
    if (whole >= 2 * size) return `${Math.floor(whole / size)} ${unit}`;
  }
  return `${whole} s`;
}

/** A round trip: `0.31 ms`, `4.2 ms`, `40 ms`. */
export function formatMs(ms: number): string {
  const digits = ms < 1 ? 2 : ms < 10 ? 1 : 0;
  return `${ms.toFixed(digits)} ms`;
}

/** Messages a second: `0.4/s`, `120/s`, `1.2k/s`, `35k/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 10_000) return `${Math.round(perSecond / 1000)}k/s`;
  if (perSecond >= 1000) return `${(perSecond / 1000).toFixed(1)}k/s`;
  return perSecond >= 10 || perSecond === 0 ? `${Math.round(perSecond)}/s` : `${perSecond.toFixed(1)}/s`;
}

/** `1 machine`, `3 machines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function enumerated(names: readonly string[], countMax = 6): string {
  const shown =
    names.length > countMax ? [...names.slice(0, countMax - 1), `${names.length - countMax + 1} more`] : names;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
