// The life of a communicator: sequences of messages that outlive a connection, closing, being without a connection.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Communicator } from './client.ts';
import type { CommunicatorOptions } from './settings.ts';
import type { FakeDaemon } from './testing/fake-daemon.ts';
import { Place } from './testing/place.ts';

let place: Place;
let daemon: FakeDaemon;

beforeEach(() => {
  place = new Place();
  ({ daemon } = place);
});

afterEach(() => place.close());

const join = (service?: string, options: CommunicatorOptions = {}): Promise<Communicator> =>
  place.join(service, options);
const linesOf = (service: string): string[] => place.linesOf(service);

describe('messages()', () => {
  it('gives all that are no answers, while the connection is lost and regained, until the end', async () => {
    const bus = await join('a');
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { command } of bus.messages()) seen.push(command);
    })();
    daemon.connection.write('<n1:b a/X', '<n1:b ./Y');
    daemon.connection.transport.end();
    await daemon.until(() => daemon.connections.length === 2 && linesOf('a').length === 2);
    daemon.connection.write('<n1:b a/Z');
    await place.roundTrip(bus);
    await bus.close();
    await reading;
    expect(seen).toEqual(['X', 'Y', 'Z']);
    expect(bus.statistics.unknown).toBe(0);
  });

  it('ends with an error beyond its limit, or drops', async () => {
    const bus = await join('a');
    const strict = bus.messages('X', { limit: 1 });
    const lax = bus.messages('X', { limit: 1, overflow: 'drop' });
    daemon.connection.write('<n1:b a/X n=1', '<n1:b a/X n=2');
    await place.roundTrip(bus);
    expect((await strict.next()).value?.parameters['n']).toBe('1');
    await expect(strict.next()).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect((await strict.next()).done).toBe(true);
    expect((await lax.next()).value?.parameters['n']).toBe('1');
    expect(lax.dropped).toBe(1);
  });

  it('ends by its signal, and by leaving the loop', async () => {
    const bus = await join('a');
    const stop = new AbortController();
    const taking = bus.messages('X', { signal: stop.signal }).next();
    stop.abort('enough');
    await expect(taking).rejects.toBe('enough');
    const messages = bus.messages('Y');
    daemon.connection.write('<n1:b a/Y', '<n1:b a/Y');
    for await (const _ of messages) break;
    expect(bus.commands).not.toContain('Y');
    expect((await messages.next()).done).toBe(true);
  });
});

describe('closing', () => {
  it('lets handlers reply, sends what is queued, then takes its leave', async () => {
    const bus = await join('a');
    let finish = (): void => {};
    const started = new Promise<void>((resolve) => {
      bus.on('SLOW', async (_, { reply }) => {
        resolve();
        await new Promise<void>((done) => {
          finish = done;
        });
        await reply('DONE');
      });
    });
    daemon.connection.write('<n1:b a/SLOW correlation_id=1');
    await started;
    void bus.send({ service: 'b', command: 'LAST' });
    const { connection } = daemon;
    const closing = bus.close();
    finish();
    await closing;
    expect(connection.lines.slice(-3)).toEqual(['b/LAST', 'n1:b/DONE correlation_id=1', 'UNREGISTER service=a']);
    expect(bus.isConnected).toBe(false);
    await expect(bus.send({ service: 'b', command: 'X' })).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await expect(bus.connect()).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });

  it('ends in time though a handler does not, and aborts its signal', async () => {
    const bus = await join('a');
    const aborted = new Promise((resolve) => {
      bus.on('SLOW', (_, { signal }) => new Promise(() => signal.addEventListener('abort', resolve)));
    });
    daemon.connection.write('<n1:b a/SLOW');
    await place.roundTrip(bus);
    await bus.close({ timeout: 500 });
    await aborted;
  });

  it('is what leaving the scope does', async () => {
    {
      await using bus = await join('a');
      void bus.send({ service: 'b', command: 'X' });
    }
    expect(daemon.connection.lines.slice(-2)).toEqual(['b/X', 'UNREGISTER service=a']);
    expect(daemon.connection.isClosed).toBe(true);
  });

  it('says what could not be sent', async () => {
    const bus = await join('a', { backoff: { minMs: 1, maxMs: 2 } });
    daemon.isListening = false;
    daemon.connection.transport.end();
    await new Promise((resolve) => bus.on('disconnected', resolve));
    void bus.send({ service: 'b', command: 'X' });
    await expect(bus.close({ timeout: 20 })).rejects.toMatchObject({
      code: 'DISCONNECTED',
      message: expect.stringContaining('4 bytes that were queued'),
    });
  });

  it('waits for a daemon that does not close, but not for ever', async () => {
    const bus = await join('a');
    daemon.rules.onMessage = () => true;
    await bus.close({ timeout: 200 });
    await daemon.until(() => daemon.connection.isClosed);
  });
});

describe('without a connection', () => {
  it('keeps what is sent, in order, for after the registration', async () => {
    const bus = await join('a');
    daemon.isListening = false;
    daemon.connection.transport.end();
    await new Promise((resolve) => bus.on('disconnected', resolve));
    void bus.send({ service: 'b', command: 'X', parameters: { n: 1 } });
    void bus.send({ service: 'b', command: 'X', parameters: { n: 2 } });
    daemon.isListening = true;
    await daemon.until(() => daemon.connections.length === 2 && linesOf('a').length === 4);
    expect(linesOf('a').map((line) => line.split(' list')[0])).toEqual([
      'REGISTER service=a;version=1',
      'COMMANDS',
      'b/X n=1',
      'b/X n=2',
    ]);
    expect(bus.statistics.connections).toBe(2);
  });

  it('does not keep it if told so', async () => {
    const bus = await join('a', { queueWhileDisconnected: false });
    daemon.isListening = false;
    daemon.connection.transport.end();
    await new Promise((resolve) => bus.on('disconnected', resolve));
    await expect(bus.send({ service: 'b', command: 'X' })).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });

  it('ends for good when it is not to reconnect', async () => {
    const bus = await join('a', { reconnect: false });
    const messages = bus.messages();
    const closed = new Promise((resolve) => bus.on('closed', resolve));
    daemon.connection.transport.end();
    await closed;
    await expect(bus.send({ service: 'b', command: 'X' })).rejects.toMatchObject({ code: 'DISCONNECTED' });
    while (!(await messages.next()).done);
    await bus.close();
  });
});
