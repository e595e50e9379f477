// Which peers get a message, in what envelope, and what of theirs is new: tables of a ring of daemons, no sockets.

import { decodeText, encodeMessage, type Message } from 'snapcommunicator/wire';
import { describe, expect, test } from 'vitest';
import { type Copy, Repeater, type RepeaterPeer } from './repeater.ts';

const time = { nowMs: 0, unixSeconds: 1795353894.5 };
const near = { isSecure: false, isNear: true };
const n2: RepeaterPeer = { port: 2, server: 'n2', host: '10.77.0.2', ...near };
const n3: RepeaterPeer = { port: 3, server: 'n3', host: '10.77.0.3', ...near };
const far: RepeaterPeer = { port: 4, server: 'far', host: '198.51.100.7', isSecure: true, isNear: false };

function repeaterOf(...peers: RepeaterPeer[]): Repeater {
  const isOwnId = (id: string): boolean => id.startsWith('graph.');
  const self = { server: 'n1', host: () => '10.77.0.1', life: 'x' };
  const repeater = new Repeater({ ...self, hopsMax: 5, timeoutSeconds: 10, isOwnId });
  for (const peer of peers) repeater.add(peer);
  return repeater;
}

function read(line: string): Message {
  const result = decodeText(line);
  if (result.kind !== 'message') throw new Error(`no message: ${line}`);
  return result.message;
}

const write = (copies: readonly Copy[]): string[] =>
  copies.map(({ port, message }) => `${port} ${encodeMessage(message)}`);

const envelope = (hops: number, informed: string, originator: string, id = 'n1-x.1'): string =>
  `broadcast_hops=${hops};broadcast_informed_neighbors=${informed};broadcast_msgid=${id};broadcast_originator=${originator};broadcast_timeout=1795353904`;

describe('what leaves', () => {
  test('as it was recorded', () => {
    const copies = repeaterOf(n2).leave(read('<n1:w1 n2:w2/PING n=2'), [2], time);
    const expected = envelope(1, '10.77.0.1', '10.77.0.1');
    expect(write(copies)).toEqual([`2 <n1:w1 n2:w2/PING ${expected};n=2;secure_remote=false`]);
  });

  test('each copy says who else gets one', () => {
    const copies = repeaterOf(n2, n3).leave(read('<n1:w1 ghost/PING'), [2, 3], time);
    expect(write(copies)).toEqual([
      `2 <n1:w1 ghost/PING ${envelope(1, '10.77.0.1,10.77.0.3', '10.77.0.1')};secure_remote=false`,
      `3 <n1:w1 ghost/PING ${envelope(1, '10.77.0.1,10.77.0.2', '10.77.0.1')};secure_remote=false`,
    ]);
  });

  test('`?:NAME` is `*:NAME` to who gets it; `?/X` stays', () => {
    const repeater = repeaterOf(n2);
    expect(repeater.leave(read('?:w3/PING'), [2], time)[0]?.message.server).toBe('*');
    expect(repeater.leave(read('?/PING'), [2], time)[0]?.message).toMatchObject({ server: '', service: '?' });
  });

  test('a message keeps the id that the cluster gave it; an envelope of a service’s own is replaced', () => {
    const copies = repeaterOf(n2).leave(
      read('<n1:w1 */PING broadcast_msgid=mine;broadcast_hops=9'),
      [2],
      time,
      'graph.7',
    );
    expect(copies[0]?.message.parameters).toMatchObject({ broadcast_msgid: 'graph.7', broadcast_hops: '1' });
  });

  test('ids differ', () => {
    const repeater = repeaterOf(n2);
    const ids = [1, 2].map(() => repeater.leave(read('a/PING'), [2], time)[0]?.message.parameters['broadcast_msgid']);
    expect(ids).toEqual(['n1-x.1', 'n1-x.2']);
  });

  test.each([
    ['*', [2, 3, 4]],
    ['?', [2, 3]],
    ['.', []],
  ])('%s/ reaches the peers %j', (mark, ports) => {
    expect(repeaterOf(n2, n3, far).scope(mark)).toEqual(ports);
  });

  test('secure is what went over encrypted links only', () => {
    const repeater = repeaterOf(n2, far);
    const secure = (copies: readonly Copy[]): unknown =>
      copies.map(({ message }) => message.parameters['secure_remote']);
    expect(secure(repeater.leave(read('*/PING'), [2, 4], time))).toEqual(['false', 'true']);
    const entry = repeater.enter(
      2,
      read(`<n2:w */PING ${envelope(1, '10.77.0.2', '10.77.0.2', 'n2-1')};secure_remote=false`),
      time,
    );
    if (entry.kind !== 'new') throw new Error(entry.kind);
    expect(secure(repeater.passOn(entry.enveloped, [4], 2))).toEqual(['false']);
  });
});

describe('what enters', () => {
  const line = `<fake:fsvc */PING ${envelope(1, '10.77.0.2', '10.77.0.2', 'fake-1')};n=6;secure_remote=false`;

  test('services see it without its envelope', () => {
    const entry = repeaterOf(n2).enter(2, read(line), time);
    expect(entry).toMatchObject({ kind: 'new', message: read('<fake:fsvc */PING n=6'), enveloped: read(line) });
  });

  test('a copy of it is dropped, whichever way it comes', () => {
    const repeater = repeaterOf(n2, n3);
    repeater.enter(2, read(line), time);
    expect(repeater.enter(2, read(line), time)).toEqual({ kind: 'repeat' });
    expect(repeater.enter(3, read(line.replace('hops=1', 'hops=2')), time)).toEqual({ kind: 'repeat' });
    expect(repeater.arrive(read(line), time)).toBeUndefined();
  });

  test('it goes on to who does not have it, and never back', () => {
    const repeater = repeaterOf(n2, n3, far);
    const entry = repeater.enter(2, read(line), time);
    if (entry.kind !== 'new') throw new Error(entry.kind);
    const informed = '10.77.0.1,10.77.0.2,198.51.100.7';
    expect(write(repeater.passOn(entry.enveloped, [2, 3, 4], 2))[0]).toBe(
      `3 <fake:fsvc */PING ${envelope(2, informed, '10.77.0.1', 'fake-1')};n=6;secure_remote=false`,
    );
    const told = read(line.replace('neighbors=10.77.0.2', 'neighbors=10.77.0.2,10.77.0.3'));
    expect(repeater.passOn(told, [2, 3], 2)).toEqual([]);
  });

  test.each([
    [4, 1],
    [5, 0],
    [99, 0],
  ])('after %i hops it goes on to %i', (hops, count) => {
    const repeater = repeaterOf(n2, n3);
    const entry = repeater.enter(2, read(line.replace('hops=1', `hops=${hops}`)), time);
    if (entry.kind !== 'new') throw new Error(entry.kind);
    expect(repeater.passOn(entry.enveloped, [3], 2)).toHaveLength(count);
  });

  test('a bare one gets an envelope, in which the peer is informed', () => {
    const entry = repeaterOf(n2).enter(2, read('<fake:x */PING a=6'), time);
    if (entry.kind !== 'new') throw new Error(entry.kind);
    expect(encodeMessage(entry.enveloped)).toBe(
      `<fake:x */PING a=6;${envelope(0, '10.77.0.2', '')};secure_remote=true`,
    );
  });

  test('what left comes back as a repeat; what only says so is forged', () => {
    const repeater = repeaterOf(n2, n3);
    const [copy] = repeater.leave(read('<n1:w1 */PING'), [2], time);
    expect(repeater.enter(3, copy?.message as Message, time)).toEqual({ kind: 'repeat' });
    expect(repeater.enter(3, read('<N1:w1 victim/PING'), time)).toEqual({ kind: 'forged' });
  });

  test('a broadcast of the cluster’s own comes without the detour', () => {
    const detour = read(`<n9:w */PING ${envelope(2, '10.77.0.9', '10.77.0.9', 'graph.7')}`);
    expect(repeaterOf(n2).enter(2, detour, time)).toEqual({ kind: 'repeat' });
  });
});

test('at its last daemon a message loses its envelope; one without goes untouched', () => {
  const repeater = repeaterOf();
  const bare = read('<n2:w2 w1/PING n=1');
  expect(repeater.arrive(bare, time)).toBe(bare);
  const enveloped = read(`<n2:w2 w1/PING ${envelope(1, '10.77.0.2', '10.77.0.2', 'n2-9')};n=1;secure_remote=false`);
  expect(repeater.arrive(enveloped, time)).toEqual(bare);
  expect(repeater.arrive(enveloped, time)).toBeUndefined();
});

/** Daemons in any shape, each a Repeater; messages go from one to the next until all is still. */
function spread(edges: readonly (readonly [number, number])[], start: number): number[] {
  const count = Math.max(...edges.flat()) + 1;
  const taken = Array.from({ length: count }, () => 0);
  const repeaters = Array.from({ length: count }, (_, own) => {
    const self = { server: `d${own}`, host: () => `10.0.0.${own}`, life: 'x', hopsMax: 5, timeoutSeconds: 10 };
    const repeater = new Repeater({ ...self, isOwnId: () => false });
    for (const [a, b] of edges) {
      const other = a === own ? b : b === own ? a : undefined;
      if (other !== undefined) repeater.add({ port: other, server: `d${other}`, host: `10.0.0.${other}`, ...near });
    }
    return repeater;
  });
  const first = repeaters[start] as Repeater;
  const under: (Copy & { from: number })[] = [];
  const send = (from: number, copies: readonly Copy[]): void =>
    under.push(...copies.map((copy) => ({ ...copy, from }))) as never;
  send(start, first.leave(read(`<d${start}:w */PING`), first.scope('*'), time));
  for (let step = 0; under.length > 0; step++) {
    if (step > 10_000) throw new Error('it goes round for ever');
    const { port, message, from } = under.shift() as (typeof under)[0];
    const repeater = repeaters[port] as Repeater;
    const entry = repeater.enter(from, message, time);
    if (entry.kind !== 'new') continue;
    taken[port] = (taken[port] as number) + 1;
    send(port, repeater.passOn(entry.enveloped, repeater.scope('*'), from));
  }
  return taken;
}

test.each<[string, (readonly [number, number])[]]>([
  [
    'a line',
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  ],
  [
    'a ring',
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 0],
    ],
  ],
  [
    'all with all',
    [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ],
  ],
  [
    'two rings that touch',
    [
      [0, 1],
      [1, 2],
      [2, 0],
      [2, 3],
      [3, 4],
      [4, 2],
    ],
  ],
])('%s: every daemon takes a broadcast once', (_shape, edges) => {
  const taken = spread(edges, 0);
  expect(taken).toEqual([0, ...taken.slice(1).map(() => 1)]);
});
