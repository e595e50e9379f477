// Traffic of several daemons as one: each message once, each service and link once.

import { expect, it } from 'vitest';
import { mergeTraffic, sortedTraffic } from './merged-traffic.ts';
import type { Traffic } from './traffic.ts';

const traffic = (parts: Partial<Traffic>): Traffic => ({
  time: 1000,
  seconds: 1,
  isSampled: false,
  messages: 0,
  bytes: 0,
  services: [],
  commands: [],
  flows: [],
  links: [],
  ...parts,
});

const flow = (from: string, to: string, messages: number) => ({
  from,
  to,
  command: 'PING',
  messages,
  bytes: messages * 100,
});
const link = (server: string, out: number, back: number) => ({
  server,
  messagesOut: out,
  messagesIn: back,
  bytesOut: out * 120,
  bytesIn: back * 120,
});

const alpha = traffic({
  services: [
    { service: 'alpha:web', sent: 10, received: 4 },
    { service: 'beta:images', sent: 4, received: 10 },
  ],
  flows: [flow('alpha:web', 'beta:images', 10), flow('beta:images', 'alpha:web', 4), flow('', ':web', 2)],
  links: [link('beta', 10, 4)],
});
const beta = traffic({
  time: 1001,
  isSampled: true,
  services: [{ service: 'images', sent: 4, received: 10 }],
  flows: [flow('beta:images', 'alpha:web', 4), flow('alpha:web', ':images', 10)],
  links: [link('alpha', 4, 10), link('gamma', 1, 1)],
});

it('counts each message where it began', () => {
  const merged = mergeTraffic(
    [
      { server: 'alpha', traffic: alpha },
      { server: 'beta', traffic: beta },
    ],
    10,
  );
  expect(merged).toEqual({
    time: 1001,
    seconds: 1,
    isSampled: true,
    messages: 16,
    bytes: 1600,
    services: [
      { service: 'alpha:web', sent: 10, received: 4 },
      { service: 'beta:images', sent: 4, received: 10 },
    ],
    commands: [{ command: 'PING', messages: 16, bytes: 1600 }],
    flows: [flow('alpha:web', 'beta:images', 10), flow('beta:images', 'alpha:web', 4), flow('', ':web', 2)],
    links: [
      { ...link('beta', 10, 4), server: 'alpha – beta' },
      { ...link('gamma', 1, 1), server: 'beta – gamma' },
    ],
  });
});

it('nobody has no traffic', () => {
  expect(mergeTraffic([], 10)).toEqual(traffic({ time: 0, seconds: 0 }));
});

it('is sorted by what is asked for, and ends where there is enough', () => {
  const rows = traffic({
    commands: [
      { command: 'B', messages: 5, bytes: 10 },
      { command: 'A', messages: 5, bytes: 20 },
      { command: 'C', messages: 9, bytes: 15 },
    ],
  });
  const names = (order: 'messages' | 'bytes' | 'name', count = 3): string =>
    sortedTraffic(rows, order, count)
      .commands.map(({ command }) => command)
      .join('');
  expect([names('messages'), names('bytes'), names('name'), names('bytes', 1)]).toEqual(['CAB', 'ACB', 'ABC', 'A']);
});
