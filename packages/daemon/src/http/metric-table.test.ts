// Tests of the table of metrics: names as Prometheus wants them, labels that are bounded.

import { expect, test } from 'vitest';
import { METRICS, PREFIX } from './metric-table.ts';
import { createMetrics } from './metrics.ts';
import { NeighborTotals } from './neighbor-totals.ts';
import type { Readings } from './readings.ts';

const totals = new NeighborTotals(2);
totals.add(
  ['beta', 'gamma', 'delta"\n', 'epsilon'].map((server, port) => ({
    port,
    peer: { server },
    counters: { messagesOut: 1, messagesIn: 1, bytesOut: 1, bytesIn: 1, framesDropped: 1 },
  })),
);
const READINGS = {
  server: 'alpha',
  version: '1',
  innerLoop: 'WebAssembly',
  accepted: 7,
  neighbors: totals.counts,
  refused: { absent: 3, 'of a version to come': 1 },
  ...Object.fromEntries(
    ['dropped', 'invalid', 'connections', 'destinations', 'links', 'linksRefused', 'framesRefused', 'memory'].map(
      (name) => [name, {}],
    ),
  ),
  processorSeconds: {},
} as unknown as Readings;

test.each(METRICS.map((metric) => [metric.name, metric] as const))('%s', (name, { kind, help, labels }) => {
  expect(name).toMatch(/^[a-z][a-z_]*[a-z]$/);
  expect(kind === 'counter').toBe(name.endsWith('_total'));
  expect(name).not.toMatch(/_(count|sum|bucket|ms|milliseconds|kb|mb|minutes|percent)(_|$)/);
  expect(name).not.toMatch(/gauge|counter/);
  expect(help).toMatch(/^[A-Z].*\.$/);
  for (const [label, values] of Object.entries(labels)) {
    expect(label).toMatch(/^[a-z_]+$/);
    expect(label).not.toMatch(/^(job|instance|le|quantile)$/);
    expect(values).not.toBe('');
  }
});

test('no name is there twice', () => {
  const names = METRICS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('samples have the labels that are documented, and no more values than that', () => {
  for (const { labels, samples, name } of METRICS) {
    const found = samples(READINGS);
    for (const { labels: given } of found) expect(Object.keys(given), name).toEqual(Object.keys(labels));
    const documented = Object.values(labels).map((values) => values.split(', ').length);
    const most = 'neighbor' in labels ? 6 : documented.reduce((product, count) => product * count, 1);
    expect(found.length, name).toBeLessThanOrEqual(most);
  }
});

test('are told anew each time', async () => {
  const metrics = createMetrics(() => READINGS);
  await metrics.text();
  const text = await metrics.text();
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain(`# TYPE ${PREFIX}messages_accepted_total counter\n${PREFIX}messages_accepted_total 7\n`);
  expect(text).toContain(`${PREFIX}messages_refused_total{reason="absent"} 3\n`);
  expect(text).toContain(`${PREFIX}link_messages_total{neighbor="other",direction="out"} 2\n`);
  expect(text).not.toContain('of a version to come');
});
