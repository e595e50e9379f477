// A socket that was taken over brings every byte, and what is held is not written over.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type ChunkTaker, ReadMemory, takeOver } from './read-memory.ts';
import { readMemory, smallArena } from './testing/memory.ts';

const TOTAL_BYTES = 6_000_000;
const SLAB_BYTES = 1024 * 1024;
/** Bytes that tell by themselves where they belong. */
const byteAt = (place: number): number => (place * 31 + (place >> 8)) & 255;
const pattern = (from: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => byteAt(from + at)));

/** Needs nothing any more of what it was given. */
const takerOf = (take: (chunk: Uint8Array) => void): ChunkTaker => ({
  take: (chunk) => {
    take(chunk);
    return 0;
  },
  restMoved: () => undefined,
});

async function pair(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const near = connect(port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

test('all bytes come in order, held ones stay, and memory is used again once it is released', async () => {
  const [near, far] = await pair();
  const memory = readMemory();
  const held: { chunk: Uint8Array; from: number }[] = [];
  const slabs = new Set<number>();
  let received = 0;
  let chunkCount = 0;
  let isRight = true;
  const whole = pattern(0, TOTAL_BYTES);
  const socket = takeOver(
    far,
    memory,
    takerOf((chunk) => {
      slabs.add(Math.floor(chunk.byteOffset / SLAB_BYTES));
      isRight &&= Buffer.compare(chunk, whole.subarray(received, received + chunk.length)) === 0;
      if (chunkCount++ % 3 === 0 && memory.hold(chunk)) held.push({ chunk, from: received });
      received += chunk.length;
      if (held.length > 4) {
        const { chunk: oldest, from } = held.shift() as (typeof held)[number];
        isRight &&= Buffer.compare(oldest, whole.subarray(from, from + oldest.length)) === 0;
        memory.release(oldest);
      }
    }),
    [],
  );
  expect(socket).not.toBe(far);
  socket.resume();
  near.end(whole);
  await once(socket, 'close');
  expect(received).toBe(TOTAL_BYTES);
  expect(isRight).toBe(true);
  expect(slabs.size).toBeLessThan(6);
});

test.each([1000, 100_000, 250_000, 700_000])(
  'the rest of a frame of %i bytes comes behind its beginning',
  async (frameBytes) => {
    const [near, far] = await pair();
    const whole = pattern(0, TOTAL_BYTES);
    let rest: Uint8Array = new Uint8Array(0);
    let apart = 0;
    let frames = 0;
    let isRight = true;
    const socket = takeOver(
      far,
      readMemory(),
      {
        take: (chunk) => {
          const isBehind = rest.length === 0 || rest.byteOffset + rest.length === chunk.byteOffset;
          if (isBehind && (rest.length === 0 || rest.buffer === chunk.buffer))
            rest = new Uint8Array(chunk.buffer, chunk.byteOffset - rest.length, rest.length + chunk.length);
          else {
            apart++;
            rest = Buffer.concat([rest, chunk]);
          }
          for (; rest.length >= frameBytes; rest = rest.subarray(frameBytes), frames++) {
            const from = frames * frameBytes;
            isRight &&= Buffer.compare(rest.subarray(0, frameBytes), whole.subarray(from, from + frameBytes)) === 0;
          }
          return rest.length;
        },
        restMoved: (moved) => {
          rest = moved;
        },
      },
      [],
    );
    socket.resume();
    near.end(whole);
    await once(socket, 'close');
    expect(isRight).toBe(true);
    expect(frames).toBe(Math.floor(TOTAL_BYTES / frameBytes));
    // Only what is too long to be moved is ever in two places.
    if (frameBytes <= 256 * 1024) expect(apart).toBe(0);
  },
);

test('what was read before is given, and nothing is lost between', async () => {
  const [near, far] = await pair();
  near.write('before ');
  far.resume();
  far.pause();
  await once(far, 'readable');
  const unread: Uint8Array[] = [];
  const chunks: Buffer[] = [];
  const socket = takeOver(
    far,
    readMemory(),
    takerOf((chunk) => void chunks.push(Buffer.from(chunk))),
    unread,
  );
  socket.resume();
  near.end('after');
  await once(socket, 'close');
  expect(Buffer.concat([...unread, ...chunks]).toString()).toBe('before after');
});

test.each(['in the arena', 'outside of it'])('a slab %s is used again when nobody holds it any more', (where) => {
  const arena = smallArena();
  const memory = new ReadMemory(arena);
  while (where !== 'in the arena' && arena.slabs.freeCount > 0) arena.slabs.take();
  const slab = memory.take();
  const isSame = (other: Buffer): boolean => other.buffer === slab.buffer && other.byteOffset === slab.byteOffset;
  expect(arena.has(slab)).toBe(where === 'in the arena');
  expect([slab.length, memory.isHeldOnce(slab), memory.isSlab(slab.subarray(5, 10))]).toEqual([SLAB_BYTES, true, true]);
  expect([memory.hold(slab.subarray(5, 10)), memory.isHeldOnce(slab)]).toEqual([true, false]);
  memory.release(slab);
  expect(isSame(memory.take())).toBe(false);
  memory.release(slab.subarray(5, 10));
  expect(isSame(memory.take())).toBe(true);
});

test('an output buffer that is held is not given out again, and is no slab', () => {
  const arena = smallArena();
  const memory = new ReadMemory(arena);
  const address = arena.takeBuffer(true);
  const lines = arena.bytes.subarray(address, address + 100);
  expect([memory.isSlab(lines), memory.hold(lines)]).toEqual([false, true]);
  arena.giveBuffer(address);
  expect(arena.takeBuffer(true)).not.toBe(address);
  memory.release(lines);
  expect(arena.takeBuffer(true)).toBe(address);
});

test('other memory is nobody’s to hold', () => {
  const arena = smallArena();
  const memory = new ReadMemory(arena);
  for (const bytes of [Buffer.alloc(10), arena.bytes.subarray(0, 10)])
    expect([memory.hold(bytes), memory.isSlab(bytes)]).toEqual([false, false]);
});

test('what waits for its turn stays in its slab, if it is long and slabs are ample; all else is copied', () => {
  const arena = smallArena();
  const memory = new ReadMemory(arena);
  const slab = memory.take();
  const [long, short] = [slab.subarray(0, 40_000), slab.subarray(50_000, 51_000)];
  expect(memory.keep(long)).toBe(long);
  expect(memory.isHeldOnce(slab)).toBe(false);
  memory.release(long);
  expect(memory.isHeldOnce(slab)).toBe(true);
  const elsewhere = Buffer.alloc(40_000);
  const others: Buffer[] = [];
  for (const payload of [short, elsewhere, long]) {
    if (payload === long) while (arena.slabs.isAmple) others.push(memory.take());
    const copy = memory.keep(payload);
    expect(copy.buffer).not.toBe(payload.buffer);
    expect(Buffer.compare(copy, payload)).toBe(0);
    memory.release(copy);
  }
  expect(memory.isHeldOnce(slab)).toBe(true);
  expect(others.length).toBeGreaterThan(10);
});
