// Metrics as Prometheus gets them, the document that describes them, and the dashboard that shows them.

import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { LineClient } from '../support/line-client.ts';
import { ask, CONSOLE, urlOf, withConsole } from '../support/web.ts';

describe('metrics', () => {
  const PREFIXED = /snapcommunicator_\w+/g;
  const documentOf = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

  test('served are the ones that are documented, and the dashboard asks for no others', async () => {
    const { url } = await withConsole();
    const { text, headers } = await ask(`${url}/metrics`);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const served = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]));
    const rows = documentOf('metrics.md').matchAll(/^\| `(snapcommunicator_\w+)` \| (\w+) \|/gm);
    expect(new Map([...rows].map(([, name, kind]) => [name, kind]))).toEqual(served);
    const dashboard = documentOf('grafana-dashboard.json');
    const asked = new Set([...dashboard.matchAll(PREFIXED)].map(([name]) => name));
    expect([...asked].filter((name) => !served.has(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(served.size / 2);
  });

  test('the dashboard filters by the instance everywhere, and asks for rates of counters only', () => {
    const { panels, templating } = JSON.parse(documentOf('grafana-dashboard.json')) as {
      readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
      readonly templating: { readonly list: readonly { readonly name: string }[] };
    };
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) {
      for (const [metric, selector] of expression.matchAll(/snapcommunicator_\w+(\{[^}]*\})?/g)) {
        expect(selector, expression).toContain('instance=~"$instance"');
        const name = metric.slice(0, metric.indexOf('{'));
        expect(expression.includes(`rate(${name}{`), expression).toBe(name.endsWith('_total'));
      }
    }
  });

  test('count what happens', async () => {
    const { daemon, url } = await withConsole();
    const one = await LineClient.register({ port: daemon.port }, 'one');
    for (let number = 0; number < 10; number++) one.send(`one/PING number=${number}`);
    one.send('nobody/PING cache=no');
    one.send('ALIVE');
    await one.expect(/PING number=0$/);
    await until('all is counted', async () => {
      const { text } = await ask(`${url}/metrics`);
      return (
        /messages_accepted_total 10$/m.test(text) &&
        /messages_refused_total\{reason="absent"\} 1$/m.test(text) &&
        /snapcommunicator_services 1$/m.test(text) &&
        /connections\{listener="tcp"\} 1$/m.test(text)
      );
    });
    await one.close();
  });

  test('tell of links and other machines, in balance with each other', async () => {
    const cluster = new Cluster([{ name: 'n1' }, { name: 'n2', dials: ['n1'] }]);
    onTestFinished(() => cluster.stop());
    for (const name of ['n1', 'n2'])
      await cluster.startDaemon(name, { args: [...CONSOLE, '--max-metrics-neighbors', name === 'n1' ? '5' : '0'] });
    await cluster.untilLinked();
    const one = await cluster.join('one', 'n1');
    const two = await cluster.join('two', 'n2');
    for (let number = 0; number < 20; number++) one.send(`two/PING number=${number}`);
    for (let number = 0; number < 20; number++) await two.expect(new RegExp(`number=${number}$`));
    const metricsOf = async (name: string): Promise<Map<string, number>> => {
      const { text } = await ask(`${urlOf(cluster.daemon(name))}/metrics`);
      const lines = text.matchAll(/^snapcommunicator_([^ #]+) (\S+)$/gm);
      return new Map([...lines].map(([, series = '', value]) => [series, Number(value)]));
    };
    const [first, last] = [await metricsOf('n1'), await metricsOf('n2')];
    for (const metrics of [first, last])
      expect(Object.fromEntries(metrics)).toMatchObject({
        'links{state="full"}': 1,
        machines_known: 2,
        machines_reachable: 2,
        ready: 1,
      });
    expect(first.get('messages_sent_total')).toBeGreaterThanOrEqual(20);
    expect(last.get('messages_came_total{from="machines"}')).toBeGreaterThanOrEqual(20);
    expect(last.get('messages_delivered_total')).toBeGreaterThanOrEqual(20);
    expect(first.get('link_messages_total{neighbor="n2",direction="out"}')).toBeGreaterThanOrEqual(20);
    expect(last.get('link_messages_total{neighbor="other",direction="in"}')).toBeGreaterThanOrEqual(20);
    expect(last.get('link_bytes_total{neighbor="n1",direction="in"}')).toBeUndefined();
  });
});
