// Lines have the sizes that the rows name, and blocks become the bytes that the generators expect.
import { describe, expect, it } from 'vitest';

import { adapters } from '../adapters/index.mjs';
import { rows } from './rows.mjs';
import { goalVerdict, median, rowVerdict } from './statistics.mjs';

const pumpRows = rows.filter(({ generator }) => generator === 'pump');

describe('traffic', () => {
  it.each(pumpRows.map((row) => [row.name, row]))(
    '%s: every line has its size, every stamp is counted',
    (_name, row) => {
      const { block, messages, delivered, senderHello } = adapters.get('snapcommunicatord').pump(row.shape);
      const lines = block.toString('latin1').split('\n').slice(0, -1);
      expect(lines).toHaveLength(messages);
      expect(new Set(lines.map(({ length }) => length + 1))).toEqual(new Set([row.shape.size]));
      const sender = /service=([^;]+)/.exec(senderHello.toString())[1];
      const stamped = lines.map((line) => `<alpha:${sender} ${line.replace(/^<\S* /, '')}\n`);
      expect(stamped.join('').length).toBe(delivered);
    },
  );

  it('names every destination, none beyond', () => {
    const row = pumpRows.find(({ name }) => name === 'destinations-10');
    const { block } = adapters.get('nats-server').pump(row.shape);
    const subjects = new Set(block.toString('latin1').match(/PUB \S+/g));
    expect([...subjects].sort()).toEqual(Array.from({ length: 10 }, (_, index) => `PUB svc000${index}`));
  });
});

describe('verdicts', () => {
  it.each([
    [3.2, { must: 3.3, mark: 4 }, 'higher', 'falls short'],
    [3.3, { must: 3.3, mark: 4 }, 'higher', 'holds'],
    [4, { must: 3.3, mark: 4 }, 'higher', 'beats the mark'],
    [0.8, { must: 0.85, mark: 0.77 }, 'lower', 'holds'],
    [0.9, { must: 0.85, mark: 0.77 }, 'lower', 'falls short'],
    [0.9, { mark: 1 }, 'higher', 'below the mark'],
    [Number.NaN, { must: 1 }, 'higher', 'not measured'],
  ])('%d against %o, %s is better: %s', (value, goal, better, verdict) => {
    expect(goalVerdict(value, goal, better)).toBe(verdict);
  });

  it('is the worst of the musts, and the mark only when every mark is reached', () => {
    expect(rowVerdict(['beats the mark', 'falls short'])).toBe('falls short');
    expect(rowVerdict(['beats the mark', 'below the mark'])).toBe('holds');
    expect(rowVerdict(['beats the mark', 'holds', 'not measured'])).toBe('beats the mark');
    expect(rowVerdict(['not measured'])).toBe('not measured');
  });

  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
