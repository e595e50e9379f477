// The queue before a link's socket: what goes first, how much is handed over, what is dropped.

import { Duplex } from 'node:stream';
import { type DataFrame, FrameReader, type HelloFrame, type KnownFrame } from '@snapcommunicator/network/frame';
import { expect, test } from 'vitest';
import { LinkQueue, type QueueLimits } from './link-queue.ts';
import { ReadMemory } from './read-memory.ts';
import { readMemory, smallArena } from './testing/memory.ts';

/** A socket that takes what it is given only when told to. */
class Slow extends Duplex {
  readonly taken: Buffer[] = [];
  #pending: { readonly chunks: Buffer[]; readonly done: () => void } | undefined;

  override _read(): void {}

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#pending = { chunks: chunks.map(({ chunk }) => chunk), done };
  }

  get pendingBytes(): number {
    return this.#pending?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  /** Takes what was handed over. @returns whether there was anything */
  async swallow(): Promise<boolean> {
    await settled();
    const pending = this.#pending;
    if (pending === undefined) return false;
    this.#pending = undefined;
    this.taken.push(...pending.chunks);
    pending.done();
    await settled();
    return true;
  }

  async swallowAll(): Promise<void> {
    while (await this.swallow());
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LIMITS: QueueLimits = { socketBytesMax: 1000, dataBytesMax: 10_000, controlBytesMax: 2000 };

function make(limits: Partial<QueueLimits> = {}, memory = readMemory()): { queue: LinkQueue; socket: Slow } {
  const socket = new Slow();
  return { socket, queue: new LinkQueue(socket, { ...LIMITS, ...limits }, memory) };
}

const origin = `${'a'.repeat(16)}~1`;
const data = (sequence: number, bytes = 400): DataFrame => ({
  kind: 'data',
  hops: 1,
  origin,
  last: origin,
  stream: 1,
  base: 1,
  sequence,
  count: 1,
  id: undefined,
  payload: Buffer.alloc(bytes, 'x'),
});
const hello = (serial: number): HelloFrame => ({ kind: 'hello', serial, echo: 0, heldUs: 0, databaseHash: 0 });

function read(socket: Slow): string[] {
  const reader = new FrameReader();
  for (const chunk of socket.taken) reader.push(chunk);
  const read: string[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next())
    read.push(frame.kind === 'data' ? `D${frame.sequence}` : frame.kind === 'hello' ? `H${frame.serial}` : frame.kind);
  return read;
}

const putAll = (queue: LinkQueue, frames: readonly KnownFrame[]) => frames.map((frame) => queue.put(frame));

test('what is sent in one turn goes out together, control first', async () => {
  const { queue, socket } = make({ socketBytesMax: 100_000 });
  putAll(queue, [data(1), data(2, 0), hello(1), data(3, 9000), hello(2)]);
  await socket.swallow();
  expect(read(socket)).toEqual(['H1', 'H2', 'D1', 'D2', 'D3']);
  expect(queue.isEmpty).toBe(true);
  expect(queue.bytesOut).toBe(socket.taken.reduce((sum, { length }) => sum + length, 0));
});

test('little is handed over at a time, so that control overtakes the data that waits', async () => {
  const { queue, socket } = make();
  putAll(
    queue,
    [1, 2, 3, 4, 5, 6].map((sequence) => data(sequence)),
  );
  await settled();
  // Whole frames until the limit is reached.
  expect(socket.pendingBytes).toBeGreaterThanOrEqual(1000);
  expect(socket.pendingBytes).toBeLessThan(1500);
  queue.put(hello(1));
  await socket.swallowAll();
  expect(read(socket)).toEqual(['D1', 'D2', 'D3', 'H1', 'D4', 'D5', 'D6']);
});

test('a frame longer than the limit goes whole', async () => {
  const { queue, socket } = make();
  putAll(queue, [data(1, 9000), hello(1)]);
  await socket.swallowAll();
  expect(read(socket)).toEqual(['H1', 'D1']);
});

test('data beyond its limit is dropped, control beyond its own ends the link', async () => {
  const { queue, socket } = make({ dataBytesMax: 1000 });
  expect(putAll(queue, [data(1), data(2), data(3), hello(1)])).toEqual(['queued', 'queued', 'dropped', 'queued']);
  const placings = Array.from({ length: 200 }, (_, serial) => queue.put(hello(serial)));
  expect(placings.indexOf('overflow')).toBeGreaterThan(10);
  await socket.swallowAll();
  expect(read(socket)).toEqual(expect.arrayContaining(['D1', 'D2']));
  expect(read(socket)).not.toContain('D3');
  expect(queue.put(data(4))).toBe('queued');
});

test.each(['slab', 'buffer'])('a %s is not used again before the socket has taken what lies in it', async (kind) => {
  const arena = smallArena();
  const { queue, socket } = make({ dataBytesMax: 1_000_000 }, new ReadMemory(arena));
  const take = (): number => (kind === 'slab' ? arena.slabs.take() : arena.takeBuffer(true));
  const address = take();
  const payload = arena.bytes.subarray(address, address + 9000).fill('x');
  putAll(queue, [data(1, 9000), { ...data(2), payload }, { ...data(3), payload }]);
  // Whoever read or wrote it is done with it.
  arena.piecesWith(payload)?.release(address);
  expect(take()).not.toBe(address);
  while (queue.queuedBytes > 9100) {
    await socket.swallow();
    if (queue.queuedBytes > 0) expect(take()).not.toBe(address);
  }
  await socket.swallowAll();
  expect(take()).toBe(address);
  expect(read(socket)).toEqual(['D1', 'D2', 'D3']);
});

test('says when all is gone, and not before', async () => {
  const { queue, socket } = make();
  let isEmpty = false;
  putAll(queue, [data(1), data(2), data(3), data(4)]);
  queue.say('<a:communicatord DISCONNECT');
  queue.whenEmpty(() => {
    isEmpty = true;
  });
  await socket.swallow();
  expect(isEmpty).toBe(false);
  await socket.swallowAll();
  expect(isEmpty).toBe(true);
  expect(Buffer.concat(socket.taken).toString()).toMatch(/^<a:communicatord DISCONNECT\n@D/);
});

test('many small frames in the order in which they came', async () => {
  const { queue, socket } = make({ dataBytesMax: 1_000_000, socketBytesMax: 5000 });
  putAll(
    queue,
    Array.from({ length: 5000 }, (_, place) => data(place + 1, 7)),
  );
  await socket.swallowAll();
  expect(read(socket)).toEqual(Array.from({ length: 5000 }, (_, place) => `D${place + 1}`));
});
