// Spans of OpenTelemetry, as a provider gets them that somebody has given to the daemons.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest, temporaryDirectory } from '../support/one-test.ts';

const PROVIDER = fileURLToPath(new URL('../support/trace-provider.mjs', import.meta.url));
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `traceparent=00-${TRACE}-${SPAN}-01`;

interface Span {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parent: { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  readonly status?: { readonly code: number; readonly message: string };
}

/** Where spans go, and what is there. */
function spanFile() {
  const file = join(temporaryDirectory(), 'spans');
  const spans = (): Span[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Span)
      : [];
  return { env: { NODE_OPTIONS: `--import ${PROVIDER}`, SPANS: file }, spans };
}

test('a message has one at its first daemon and one at its last, below the span that it names', async () => {
  const { env, spans } = spanFile();
  const cluster = new Cluster([{ name: 'n1' }, { name: 'n2', dials: ['n1'] }]);
  onTestFinished(() => cluster.stop());
  for (const name of ['n1', 'n2']) await cluster.startDaemon(name, { args: ['--tracing'], env });
  await cluster.untilLinked();
  const one = await cluster.join('one', 'n1');
  const two = await cluster.join('two', 'n2');
  for (let number = 0; number < 3; number++) one.send(`two/PING number=${number}`);
  one.send(`two/PING number=3;${TRACEPARENT}`);
  one.send(`two/PING ${TRACEPARENT};number=4`);
  one.send('two/PING number=5;traceparent=nonsense');
  one.send(`two/PING number=6;traceparent=00-${'0'.repeat(32)}-${SPAN}-01`);
  for (let number = 0; number < 3; number++) await two.expect(`<n1:one two/PING number=${number}`);
  await two.expect(`<n1:one two/PING number=3;${TRACEPARENT}`);
  await two.expect(`<n1:one two/PING ${TRACEPARENT};number=4`);
  await two.expect(/number=5/);
  await two.expect(/number=6/);
  await until('all spans are there', async () => spans().length >= 4);
  const found = spans().map(({ name, attributes }) => `${String(attributes['snapcommunicator.server'])} ${name}`);
  expect(found.sort()).toEqual(['n1 sent PING', 'n1 sent PING', 'n2 delivered PING', 'n2 delivered PING']);
  for (const { parent, status } of spans()) {
    expect(parent).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    expect(status).toBeUndefined();
  }
  const ids = spans().map(({ attributes }) => attributes['messaging.message.id']);
  // One id for a message on all machines.
  expect(new Set(ids).size).toBe(2);
  expect(spans()[0]?.attributes).toMatchObject({
    'messaging.system': 'snapcommunicator',
    'messaging.operation.name': 'sent',
    'messaging.destination.name': 'n2:two',
    'snapcommunicator.from': 'n1:one',
    'snapcommunicator.command': 'PING',
  });
});

test('a message that is refused has a failed one', async () => {
  const { env, spans } = spanFile();
  const daemon = await startForTest({ args: ['--tracing'], env });
  const one = await LineClient.register({ port: daemon.port }, 'one');
  one.send(`nobody/PING cache=no;${TRACEPARENT}`);
  await until('the span is there', async () => spans().length > 0);
  expect(spans()).toMatchObject([{ name: 'refused PING', status: { code: 2, message: 'absent' } }]);
  await one.close();
});

test('nothing is traced unless somebody asks for it', async () => {
  const { env, spans } = spanFile();
  const daemon = await startForTest({ env });
  const one = await LineClient.register({ port: daemon.port }, 'one');
  one.send(`one/PING ${TRACEPARENT}`);
  await one.expect(/PING/);
  await one.close();
  expect(spans()).toEqual([]);
});
