// What was given to the switch for a node and lies in its buffer when the node is lost: it is given back with the rest.

import { instanceOf } from '@snapcommunicator/network/frame';
import { Debts, type Node } from '@snapcommunicator/network/node';
import { type Parcel, STREAM_OPTIONS, Streams } from '@snapcommunicator/network/stream';
import { expect, test } from 'vitest';
import { Recorder } from '../recorder/recorder.ts';
import { Arena } from '../switch/arena.ts';
import { Output } from '../switch/output.ts';
import { type NodeDecision, RemoteNodes, type Sent } from './remote-nodes.ts';
import { StreamAccounts } from './stream-accounts.ts';

const self = instanceOf('a'.repeat(16), 1);
const other = instanceOf('b'.repeat(16), 1);
const decision: NodeDecision = { kind: 'node', node: 'b'.repeat(16), instance: other, destination: 'beta:images' };

/** The nodes and the streams that they use; `isReachable` is what the graph would say. */
function create() {
  const arena = new Arena({ bufferBytes: 4 << 20, recordCount: 1024, lineBytesMax: 4096 });
  const limits = { queueBytesMax: 1 << 20, pauseBytes: 1 << 19, pauseMs: 1000, stallMs: 100 };
  const output = new Output(arena, limits, () => 0);
  const here = { isReachable: true };
  const isReachable = () => here.isReachable;
  const taker = { take: () => [] };
  const streams = new Streams<Sent>({ self, options: STREAM_OPTIONS, isReachable, isKnown: () => true, taker });
  const debts = new Debts({
    markOf: (instance) => streams.markOf(instance),
    isSettled: (instance, mark) => streams.isSettled(instance, mark),
    isReachable,
    hasService: () => true,
  });
  const graph = { isReachable, slotFor: () => 1 };
  let order = 0;
  const nodes = new RemoteNodes({
    node: { id: 'a'.repeat(16), self, streams, debts, router: { graph } } as unknown as Node<Sent>,
    output,
    recorder: new Recorder(arena, { runCountMax: 16, now: () => 0 }),
    accounts: new StreamAccounts(),
    now: () => 0,
    hasKept: () => false,
    reserve: (count) => {
      order += count;
      return order - count;
    },
    wake: () => undefined,
  });
  return { arena, nodes, output, streams, here };
}

const line = (number: number): Uint8Array => Buffer.from(`<alpha:tx beta:images/N n=${number}\n`);
const linesOf = (outcomes: ReturnType<RemoteNodes['takeBack']>): string[] =>
  outcomes.map(({ fate, parcel }) => `${fate} ${Buffer.from(parcel.bytes).toString()}`);

test('the last of them does not stay in the stream, to go out before what the stream gave back', () => {
  const { nodes, output, streams, here } = create();
  const destination = nodes.open(decision, 'images');
  if (destination === undefined) throw new Error('there is no room for a destination');
  output.append(destination, line(1), undefined);
  output.flush(destination);
  output.append(destination, line(2), undefined);
  here.isReachable = false;
  streams.takeBack(other);
  const back = [...streams.takeOutcomes(), ...nodes.takeBack(() => here.isReachable)];
  expect(linesOf(back)).toEqual([1, 2].map((number) => `unsent ${Buffer.from(line(number)).toString()}`));
  expect(streams.openLines(other)).toBe(0);
});

test('what comes while the node is lost waits outside of the stream until it can be reached', () => {
  const { nodes, output, streams, here } = create();
  const destination = nodes.open(decision, 'images');
  if (destination === undefined) throw new Error('there is no room for a destination');
  here.isReachable = false;
  output.append(destination, line(1), undefined);
  output.flush(destination);
  nodes.pump();
  expect(streams.openLines(other)).toBe(0);
  here.isReachable = true;
  nodes.pump();
  expect(streams.openLines(other)).toBe(1);
});

test('much that is flushed stays in its buffer until the node has it, unless too many are held', () => {
  const { arena, nodes, output, streams } = create();
  const destination = nodes.open(decision, 'images');
  if (destination === undefined) throw new Error('there is no room for a destination');
  const parcels: Parcel<Sent>[] = [];
  const { send } = streams;
  streams.send = (last, parcel, now) => parcels.push(parcel) > 0 && send.call(streams, last, parcel, now);
  const flushed = (bytes: number): Parcel<Sent> => {
    output.append(destination, Buffer.from(`<alpha:tx beta:images/N n=${'x'.repeat(bytes)}\n`), undefined);
    output.flush(destination);
    return parcels.at(-1) as Parcel<Sent>;
  };
  const [few, many] = [flushed(1000), flushed(100_000)];
  expect([few, many].map(({ bytes }) => arena.has(bytes))).toEqual([false, true]);
  const text = Buffer.from(many.bytes).toString();
  const held = Array.from({ length: 35 }, () => flushed(100_000)).filter(({ bytes }) => arena.has(bytes));
  expect(held.length).toBeGreaterThan(5);
  expect(held.length).toBeLessThan(20);
  expect(arena.isScarce).toBe(false);
  expect(Buffer.from(many.bytes).toString()).toBe(text);
  many.token.done(true);
  expect(flushed(100_000).bytes.byteOffset).toBe(many.bytes.byteOffset);
});
