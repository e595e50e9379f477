// Datagrams over UDP and Unix sockets: one message each, limits, proofs, and what is refused.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { message, param, to } from '../message/parts.ts';
import { decodeText } from '../wire/index.ts';
import { openSignal } from './datagram.ts';
import { verify } from './signal-proof.ts';

async function listenUdp(): Promise<{ address: string; next(): Promise<string>; close(): void }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `scu://127.0.0.1:${socket.address().port}`,
    next: async () => String((await once(socket, 'message'))[0]),
    close: () => void socket.close(),
  };
}

describe('UDP', () => {
  it('carries one message a datagram, without a newline', async () => {
    const { address, next, close } = await listenUdp();
    await using signals = await openSignal(address);
    const arrived = next();
    await signals.send(message('PING'), to('images'), param('a', 1));
    expect(await arrived).toBe('images/PING a=1');
    close();
  });

  it('proves a secret', async () => {
    const { address, next, close } = await listenUdp();
    await using signals = await openSignal(address, { secret: 's3cret' });
    const arrived = next();
    await signals.send(message('PING'), to('images'));
    const line = decodeText(await arrived);
    expect(line.kind === 'message' && verify(line.message, 's3cret', Date.now() / 1000)).toMatchObject({
      message: { command: 'PING', parameters: {} },
    });
    close();
  });

  it('takes no more than fits, nor what is no message', async () => {
    const { address, close } = await listenUdp();
    await using signals = await openSignal(address);
    const big = param('a', 'x'.repeat(1011));
    await expect(signals.send(message('PING'), to('images'), big)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'PING has 1025 bytes, a datagram at most 1024: shorten it, raise datagramBytesMax, or connect()',
    });
    await expect(signals.send(message('bad'))).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await using large = await openSignal(address, { datagramBytesMax: 2000 });
    await large.send(message('PING'), to('images'), big);
    close();
  });
});

describe('what is refused', () => {
  it.each([
    ['sc://127.0.0.1', 'not for datagrams'],
    ['scu://10.0.0.5', 'need the signal secret'],
  ])('%s', async (address, reason) => {
    await expect(openSignal(address)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(reason),
    });
  });
});

describe('a Unix socket', () => {
  interface Receiver {
    bind(path: string): void;
    on(event: 'data', listener: (bytes: Buffer) => void): void;
    close(): void;
  }

  it('takes more than its queue of ten, since the sender waits', async () => {
    const { DgramSocket } = (await import('node-unix-socket')) as unknown as { DgramSocket: new () => Receiver };
    const directory = mkdtempSync(join(tmpdir(), 'datagram-'));
    const path = join(directory, 'x.sock');
    const receiver = new DgramSocket();
    const lines: string[] = [];
    const all = new Promise<void>((resolve) => {
      receiver.on('data', (bytes) => {
        if (lines.push(String(bytes)) === 100) resolve();
      });
    });
    receiver.bind(path);
    await using signals = await openSignal(`scu://${path}`);
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => signals.send(message('PING'), to('images'), param('n', n))),
    );
    await all;
    expect(lines.toSorted()).toEqual(Array.from({ length: 100 }, (_, n) => `images/PING n=${n}`).toSorted());
    receiver.close();
    rmSync(directory, { recursive: true });
  });

  it('that is not there is said to be missing', async () => {
    await using signals = await openSignal('scu:///nowhere/x.sock');
    await expect(signals.send(message('PING'))).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });
});
