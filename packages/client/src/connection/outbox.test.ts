// The outbox: one write a turn, order, limits, waiting for room, and what happens to lines when the connection goes.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

class Recorder implements Transport {
  readonly peer = 'test';
  readonly writes: string[] = [];
  bufferedBytes = 0;
  isRoomy = true;
  write(text: string): boolean {
    this.writes.push(text);
    return this.isRoomy;
  }
  end(): void {}
  destroy(): void {}
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const create = (options: Partial<OutboxOptions> = {}): Outbox =>
  new Outbox({ queueBytesMax: 1000, highWaterBytes: 100, keepsWhileDisconnected: true, ...options });

let wire: Recorder;
beforeEach(() => {
  wire = new Recorder();
});

describe('with a connection', () => {
  it('writes what came in a turn at once', async () => {
    const outbox = create();
    outbox.attach(wire);
    expect([outbox.push('a'), outbox.push('b')]).toEqual([0, 1]);
    expect(wire.writes).toEqual([]);
    await endOfTurn();
    outbox.push('c');
    await endOfTurn();
    expect(wire.writes).toEqual(['a\nb\n', 'c\n']);
    expect([outbox.handedBefore, outbox.waitingBytes]).toEqual([3, 0]);
  });

  it('does not let a batch grow long', () => {
    const outbox = create({ queueBytesMax: 1 << 20 });
    outbox.attach(wire);
    for (let at = 0; at < 70; at++) outbox.push('x'.repeat(1000));
    expect(wire.writes.map((text) => text.length)).toEqual([66 * 1001]);
  });

  it('holds back while the socket is full, counts bytes, and says when there is room', async () => {
    const outbox = create();
    outbox.attach(wire);
    wire.isRoomy = false;
    outbox.push('a');
    outbox.flush();
    wire.bufferedBytes = 50;
    outbox.push('é'.repeat(30));
    await endOfTurn();
    expect([wire.writes, outbox.waitingBytes]).toEqual([['a\n'], 111]);
    let hasRoom = false;
    const room = outbox.room();
    expect(outbox.room()).toBe(room);
    void room.then(() => {
      hasRoom = true;
    });
    await endOfTurn();
    expect(hasRoom).toBe(false);
    wire.bufferedBytes = 0;
    wire.isRoomy = true;
    outbox.drained();
    await room;
    expect(wire.writes).toEqual(['a\n', `${'é'.repeat(30)}\n`]);
  });

  it('takes no more than its limit', () => {
    const outbox = create({ queueBytesMax: 10 });
    outbox.attach(wire);
    expect([outbox.push('1234'), outbox.push('1234'), outbox.push('')]).toEqual([0, 1, 'FULL']);
    outbox.flush();
    wire.bufferedBytes = 6;
    expect([outbox.push('1234'), outbox.push('123')]).toEqual(['FULL', 2]);
  });
});

describe('without a connection', () => {
  it('keeps lines, in order, for the next one', async () => {
    const outbox = create();
    const tickets = ['a', 'b', 'c'].map((line) => outbox.push(line) as number);
    expect(outbox.room()).toBe(outbox.room());
    await outbox.room();
    expect([outbox.cancel(tickets[1] as number), outbox.cancel(tickets[1] as number), outbox.cancel(99)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(outbox.waitingBytes).toBe(4);
    outbox.attach(wire);
    expect(wire.writes).toEqual(['a\nc\n']);
    expect(outbox.cancel(tickets[0] as number)).toBe(false);
  });

  it('keeps what no socket had, ahead of what comes then', () => {
    const outbox = create();
    outbox.attach(wire);
    outbox.push('a');
    outbox.flush();
    outbox.push('b');
    wire.bufferedBytes = 2;
    expect([outbox.detach(), outbox.handedBefore]).toEqual([2, 1]);
    const c = outbox.push('c') as number;
    outbox.push('d');
    expect([c, outbox.cancel(c)]).toEqual([2, true]);
    const next = new Recorder();
    outbox.attach(next);
    expect(next.writes).toEqual(['b\nd\n']);
    expect(outbox.handedBefore).toBe(4);
  });

  it('keeps nothing if told so, and lets go who waits for room', async () => {
    const outbox = create({ keepsWhileDisconnected: false });
    expect(outbox.push('a')).toBe('DISCONNECTED');
    outbox.attach(wire);
    wire.bufferedBytes = 500;
    const room = outbox.room();
    outbox.detach();
    await room;
  });
});
