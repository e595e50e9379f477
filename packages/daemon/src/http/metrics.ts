// Metrics in the text form of Prometheus, made of the table when somebody asks.

import { Counter, Gauge, Registry } from 'prom-client';
import { METRICS, type Metric, PREFIX } from './metric-table.ts';
import type { Readings } from './readings.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** @param read takes the readings; told how late the event loop was, in ms */
export function createMetrics(read: (loopDelayMs: number) => Readings): Metrics {
  const registry = new Registry();
  const all = METRICS.map((metric) => ({ metric, collector: collectorOf(metric, registry) }));
  return {
    contentType: registry.contentType,
    text: async () => {
      const readings = read(await loopDelayMs());
      for (const { metric, collector } of all) {
        collector.reset();
        for (const { labels, value } of metric.samples(readings)) collector.inc(labels, value);
      }
      return registry.metrics();
    },
  };
}

function collectorOf({ name, kind, help, labels }: Metric, registry: Registry): Counter | Gauge {
  const settings = { name: PREFIX + name, help, labelNames: Object.keys(labels), registers: [registry] };
  return kind === 'counter' ? new Counter(settings) : new Gauge(settings);
}

/** How long a turn of the event loop takes now. One sample, for a histogram would need a timer that never rests. */
export function loopDelayMs(): Promise<number> {
  const start = performance.now();
  return new Promise((resolve) => setImmediate(() => resolve(performance.now() - start)));
}
