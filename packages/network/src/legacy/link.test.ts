// A link to a C++ daemon as a table: what is said, in which order, and what each word brings about.

import { decodeText, encodeMessage, type Message } from 'snapcommunicator/wire';
import { describe, expect, test } from 'vitest';
import type { Introduction } from './introduction.ts';
import { LegacyLink, type LegacyLinkEffect } from './link.ts';

const self: Introduction = { server: 'n1', address: '10.77.0.1:4042', services: ['svc1'], heardOf: [], neighbors: [] };
const peer: Introduction = { server: 'n2', address: '10.77.0.2:4042', services: ['svc2'], heardOf: [], neighbors: [] };

const linkOf = (wasDialedHere = false): LegacyLink =>
  new LegacyLink(peer, { server: 'n1', wasDialedHere, aliveIntervalMs: 5000, loadIntervalMs: 5000 }, 0);

function read(line: string): Message {
  const result = decodeText(line);
  if (result.kind !== 'message') throw new Error(`no message: ${line}`);
  return result.message;
}

/** Effects as short texts, so that they make a table. */
function told(effects: readonly LegacyLinkEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'say':
        return `say ${encodeMessage(effect)}`;
      case 'carry':
      case 'command':
        return `${effect.kind} ${encodeMessage(effect.message)}`;
      case 'down':
        return `down ${effect.reason}${effect.isOrderly ? ', orderly' : ''}`;
      case 'load':
        return `load ${effect.parameters['avg']}`;
      case 'tell-load':
        return effect.kind;
    }
  });
}

describe('the greeting', () => {
  test('of the acceptor, as it was recorded', () => {
    expect(told(linkOf().open(self))).toEqual([
      'say REGISTER_FOR_LOADAVG',
      'say ACCEPT my_address=10.77.0.1:4042;server_name=n1;services=svc1',
      'say HELP',
    ]);
  });

  test('of the dialer, which has said CONNECT', () => {
    expect(told(linkOf(true).open(self))).toEqual(['say HELP', 'say REGISTER_FOR_LOADAVG']);
  });
});

test.each<[string, string[]]>([
  ['<n2:communicatord HELP', ['command <n2:communicatord HELP']],
  ['n1:communicatord/COMMANDS list=HELP,ALIVE', []],
  ['<n2:communicatord REGISTER_FOR_LOADAVG', ['tell-load']],
  ['<n2:communicatord UNREGISTER_FROM_LOADAVG', []],
  ['<n2:communicatord LOADAVG avg=1.07;my_address=10.77.0.2:4042;timestamp=1795353887.3', ['load 1.07']],
  ['<n2:communicatord DISCONNECT', ['down disconnected, orderly']],
  ['<n2:communicatord REFUSE conflict=name', ['down refused']],
  ['GOSSIP my_address=10.77.0.2:4042', ['say RECEIVED']],
  ['<n2:communicatord TRANSMISSION_REPORT command=PING;status=failed', []],
  ['n1:communicatord/UNKNOWN command=NOSUCH', []],
  ['<n2:communicatord NOSUCH', ['command <n2:communicatord NOSUCH']],
  ['<n2:w2 N1:communicatord/ALIVE serial=1', ['command <n2:w2 N1:communicatord/ALIVE serial=1']],
  ['<n2:w2 n3:communicatord/ALIVE', ['carry <n2:w2 n3:communicatord/ALIVE']],
  ['<n2:w2 w1/PING', ['carry <n2:w2 w1/PING']],
  ['<n2:w2 */PING', ['carry <n2:w2 */PING']],
  [
    'REGISTER service=foo;version=1',
    ['say INVALID command=REGISTER;message=REGISTER means nothing on a link that stands'],
  ],
])('%s', (line, effects) => {
  expect(told(linkOf().receive(read(line), 0))).toEqual(effects);
});

describe('life', () => {
  test('it is asked ALIVE every 5 s, and dead after 15 s of silence', () => {
    const link = linkOf();
    const seen: [number, string[]][] = [];
    for (let now = link.nextDeadline(); now < 100_000; now = link.nextDeadline())
      seen.push([now, told(link.turn(now))]);
    expect(seen).toEqual([
      [5000, ['say ALIVE serial=1']],
      [10_000, ['say ALIVE serial=2']],
      [15_000, ['down silent']],
    ]);
    expect(link.state).toBe('closed');
  });

  test.each<[string, (link: LegacyLink) => void]>([
    ['an answer', (link) => void link.receive(read('n1:communicatord/ABSOLUTELY serial=1'), 14_999)],
    ['any message', (link) => void link.receive(read('<n2:w2 w1/PING'), 14_999)],
    ['any bytes', (link) => link.heard(14_999)],
  ])('%s is life', (_case, happens) => {
    const link = linkOf();
    happens(link);
    link.turn(29_998);
    expect(link.state).toBe('linked');
    expect(told(link.turn(29_999))).toEqual(['down silent']);
  });

  test('its load is told as long as the peer wants it', () => {
    const link = linkOf();
    link.receive(read('REGISTER_FOR_LOADAVG'), 1000);
    expect(link.nextDeadline()).toBe(5000);
    expect(told(link.turn(6000))).toEqual(['say ALIVE serial=1', 'tell-load']);
    link.receive(read('UNREGISTER_FROM_LOADAVG'), 7000);
    expect(told(link.turn(11_000))).toEqual(['say ALIVE serial=2']);
  });

  test('it ends once', () => {
    const link = linkOf();
    expect(told(link.end('stopping'))).toEqual(['say DISCONNECT', 'down stopping, orderly']);
    expect(told(link.end('lost'))).toEqual([]);
    expect(told(link.receive(read('w1/PING'), 1))).toEqual([]);
    expect(link.turn(100_000)).toEqual([]);
    expect(link.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});
