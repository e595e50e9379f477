// The log's brake: foreign input, whatever names it brings, makes it say so much and no more.

import { describe, expect, it } from 'vitest';
import { prettyLine, RateLimit } from './log.ts';

describe('brake', () => {
  it('lets one line of a kind through per interval, and tells how many it left out', () => {
    let now = 0;
    const brake = new RateLimit(1000, () => now);
    const lines: string[] = [];
    const run = (kind: string): void => brake.run(kind, (skipped) => lines.push(`${kind} ${skipped}`));
    for (let count = 0; count < 5; count++) run('a');
    run('b');
    now = 1000;
    run('a');
    run('b');
    expect(lines).toEqual(['a 0', 'b 0', 'a 4', 'b 0']);
  });

  it('is not got round by new names', () => {
    let now = 0;
    const brake = new RateLimit(1000, () => now);
    let written = 0;
    let skippedInAll = 0;
    const flood = (): void => {
      for (let count = 0; count < 10_000; count++) {
        brake.run(`refused ${now}_${count}`, (skipped) => {
          written++;
          skippedInAll += skipped;
        });
      }
    };
    flood();
    expect(written).toBeLessThanOrEqual(65);
    now = 1000;
    flood();
    expect(written).toBeLessThanOrEqual(130);
    expect(skippedInAll).toBeGreaterThan(9900);
  });
});

it('a line for people has time, level, sentence and fields', () => {
  const json = '{"level":40,"time":1795353879000,"server":"n1","msg":"message refused","to":"web","skipped":3}';
  expect(prettyLine(json)).toMatch(/^\d\d:\d\d:\d\d\.000 WARN {2}message refused to=web skipped=3\n$/);
});
