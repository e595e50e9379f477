// The communicator against a small daemon in memory: registering, sending, handling.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Communicator, connect } from './client.ts';
import { CommunicatorError } from './errors.ts';
import { cache, message, param, report, to } from './message/parts.ts';
import type { CommunicatorOptions, ConnectOptions } from './settings.ts';
import type { FakeDaemon } from './testing/fake-daemon.ts';
import { Place } from './testing/place.ts';
import { createMessage } from './wire/message.ts';

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

describe('registering', () => {
  it('gives the name, answers HELP with the commands, then is connected', async () => {
    const bus = await join('images');
    expect([bus.service, bus.server, bus.isConnected]).toEqual(['images', 'n1', true]);
    await daemon.until(() => linesOf('images').length === 2);
    expect(linesOf('images')).toEqual([
      'REGISTER service=images;version=1',
      'COMMANDS list=ABSOLUTELY,ALIVE,COMMANDS,DISCONNECTING,HELP,INVALID,QUITTING,READY,SERVICE_UNAVAILABLE,TRANSMISSION_REPORT,UNKNOWN',
    ]);
  });

  it('without a name, is a passing client that the daemon names', async () => {
    const bus = await join();
    expect(daemon.connection.lines[0]).toBe(`REGISTER service=client_${process.pid};transient=true;version=1`);
    expect(bus.service).toBe(`client_${process.pid}_7`);
  });

  it('shows the password of the address, or that of the options', async () => {
    await join('a', { address: 'scs://me:pass@localhost' });
    expect(daemon.connection.lines[0]).toBe('REGISTER password=me:pass;service=a;version=1');
    await join('b', { password: 'you:word' });
    expect(daemon.connection.lines[0]).toBe('REGISTER password=you:word;service=b;version=1');
  });

  it('is refused with the reason of the daemon', async () => {
    daemon.rules.onMessage = ({ command }, connection) => {
      if (command === 'REGISTER')
        connection.write('<n1:communicatord INVALID command=REGISTER;message=the name images is in use');
      return true;
    };
    await expect(join('images')).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('refuses to register images: the name images is in use'),
    });
  });

  it('keeps trying until somebody listens', async () => {
    daemon.isListening = false;
    const bus = new Communicator('images', { open: daemon.open, backoff: { minMs: 1, maxMs: 2 } });
    const pauses: number[] = [];
    bus.on('retrying', ({ attempt }) => {
      pauses.push(attempt);
      if (attempt === 3) daemon.isListening = true;
    });
    await place.add(bus);
    expect(pauses).toEqual([1, 2, 3]);
  });

  it('gives up after its time, by its signal, or at once without reconnecting', async () => {
    daemon.isListening = false;
    const options = { open: daemon.open, service: 'images', backoff: { minMs: 1, maxMs: 2 } };
    await expect(connect({ ...options, timeout: 100 })).rejects.toMatchObject({
      code: 'DISCONNECTED',
      message: expect.stringContaining('within 100 ms: nobody listens. Does the daemon run?'),
    });
    await expect(connect({ ...options, reconnect: false })).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await expect(connect({ ...options, signal: AbortSignal.abort('no more') })).rejects.toBe('no more');
    const stop = new AbortController();
    const attempt = connect({ ...options, signal: stop.signal });
    stop.abort('enough');
    await expect(attempt).rejects.toBe('enough');
    daemon.isListening = true;
    daemon.rules.onMessage = () => true;
    await expect(connect({ ...options, reconnect: false, registerTimeoutMs: 10 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('refuses wrong names and a second connect', async () => {
    expect(() => new Communicator('no-name')).toThrow(CommunicatorError);
    const bus = await join('images');
    await expect(bus.connect()).rejects.toMatchObject({ code: 'REFUSED' });
  });
});

describe('sending', () => {
  it('writes all of one turn at once, in order', async () => {
    const bus = await join('a');
    await daemon.until(() => linesOf('a').length === 2);
    const sizes: number[] = [];
    const { transport } = daemon.connection;
    const before = linesOf('a').length;
    for (let at = 0; at < 100; at++) void bus.send({ service: 'b', command: 'X', parameters: { at } });
    sizes.push(linesOf('a').length - before);
    await daemon.until(() => linesOf('a').length === before + 100);
    expect(sizes).toEqual([0]);
    expect(linesOf('a').slice(before)).toEqual(Array.from({ length: 100 }, (_, at) => `b/X at=${at}`));
    expect(transport.bufferedBytes).toBe(0);
  });

  it('says the same by builder, by parts and by object', async () => {
    const bus = await join('a');
    await bus.message('RESIZE').to('images').param('uri', 'x;y').cache({ ttl: '10m' }).send();
    await bus.send(message('RESIZE'), to('images'), param('uri', 'x;y'), cache({ ttl: '10m' }));
    await bus.send({ service: 'images', command: 'RESIZE', parameters: { uri: 'x;y', cache: 'ttl=600s' } });
    await bus.send(bus.message('RESIZE').to('n2:images').params({ a: 1, b: true, c: undefined }).build());
    const line = 'images/RESIZE cache=ttl=600s;uri="x;y"';
    await daemon.until(() => linesOf('a').length >= 6);
    expect(linesOf('a').slice(2)).toEqual([line, line, line, 'n2:images/RESIZE a=1;b=true']);
  });

  it('throws at once what is no message', async () => {
    const bus = await join('a');
    expect(() => bus.send({ service: 'b', command: 'lower' })).toThrow(/"lower"/);
    expect(() => bus.send({ service: 'b', command: 'X', parameters: { a: 'a\0b' } })).toThrow(CommunicatorError);
    expect(() => bus.send({ service: 'b', command: 'X', parameters: { a: {} as never } })).toThrow(
      'parameter a is a object',
    );
    expect(() => bus.message('X').cache({ ttl: '1s' })).toThrow('from 10s up to 1d');
    expect(() => bus.send({ service: 'b', command: 'X', parameters: { a: 'x'.repeat(2 << 20) } })).toThrow(
      'messageBytesMax',
    );
  });

  it('broadcasts to a scope', async () => {
    const bus = await join('a');
    await bus.broadcast('X');
    await bus.broadcast('X', { a: 1 }, { scope: 'network' });
    await bus.broadcast('X', {}, { scope: 'cluster' });
    await daemon.until(() => linesOf('a').length >= 5);
    expect(linesOf('a').slice(2)).toEqual(['./X', '?/X a=1', '*/X']);
    await bus.broadcast('X', { a: 'b;c' }, { scope: 'cluster', service: 'web' });
    await daemon.until(() => linesOf('a').length >= 6);
    expect(linesOf('a')[5]).toBe('TELL_ALL message="X a=\\"b;c\\"";scope=cluster;service=web');
    await expect(bus.broadcast('X', {}, { scope: 'world' as never })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
    });
  });

  it('refuses what is beyond the limit, and tells who does not await', async () => {
    const bus = await join('a', { queueBytesMax: 200 });
    await daemon.until(() => linesOf('a').length === 2);
    const refused: string[] = [];
    bus.on('refused', ({ error, command }) => {
      refused.push(`${command} ${(error as CommunicatorError).code}`);
    });
    const line = { service: 'b', command: 'X', parameters: { a: 'x'.repeat(90) } };
    void bus.send(line);
    void bus.send(line);
    await expect(bus.send(line)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      message: expect.stringContaining('at most 200 may'),
    });
    void bus.send(line);
    expect(refused).toEqual(['X QUEUE_FULL', 'X QUEUE_FULL']);
  });

  it('resolves with the outcome when it is asked for', async () => {
    const bus = await join('a');
    daemon.rules.onMessage = ({ command, service, parameters }, connection) => {
      if (service !== 'b') return false;
      const id = parameters['message_id'];
      const say = (status: string): void =>
        connection.write(`<n1:communicatord TRANSMISSION_REPORT command=${command};message_id=${id};status=${status}`);
      if (command === 'LOST') return true;
      say('cached');
      if (command !== 'KEEP') say(command === 'LATE' ? 'expired;reason=ttl' : 'delivered');
      return true;
    };
    expect(await bus.message('X').to('b').report('always').send()).toEqual({ status: 'delivered' });
    expect(await bus.send(message('LATE'), to('b'), report('always'))).toEqual({ status: 'expired', reason: 'ttl' });
    expect(await bus.send(message('KEEP'), to('b'), cache({ durable: true }))).toEqual({ status: 'cached' });
    expect(await bus.send(message('X'), to('b'), report('failure'))).toBeUndefined();
    await expect(bus.send(message('LOST'), to('b'), report('always'), { timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const stop = new AbortController();
    const sending = bus.message('LOST').to('b').report('always').send({ signal: stop.signal });
    stop.abort('never mind');
    await expect(sending).rejects.toBe('never mind');
    const lost = bus.message('LOST').to('b').report('always').send();
    await daemon.until(() => linesOf('a').filter((line) => line.includes('LOST')).length === 3);
    daemon.connection.transport.end();
    expect(await lost).toEqual({ status: 'unknown', reason: 'the connection to the communicator was lost' });
  });
});

describe('handling', () => {
  it('lists a command, hands messages over, and replies to the very sender', async () => {
    const images = await join('images');
    images.on('RESIZE', async ({ parameters, sentFromService }, { reply }) => {
      await reply('RESIZED', { uri: `${parameters['uri']} for ${sentFromService}` });
    });
    await daemon.until(() => daemon.of('images')?.commands.includes('RESIZE'));
    expect(daemon.connection.lastLine).toBe('COMMANDS list=RESIZE');
    const web = await join('web');
    const replies = web.messages('RESIZED');
    await web.send(message('RESIZE', { uri: 'x' }), to('images'));
    expect((await replies.next()).value).toMatchObject({
      sentFromService: 'images',
      server: 'n1',
      service: 'web',
      parameters: { uri: 'x for web' },
    });
  });

  it('hands over what was kept for the service, whose handlers come right after connecting', async () => {
    daemon.rules.onMessage = ({ command }, connection) => {
      if (command !== 'REGISTER') return false;
      connection.service = 'images';
      connection.write(
        '<n1:communicatord HELP',
        '<n1:communicatord READY my_address=127.0.0.1:4042',
        '<n1:web images/RESIZE uri=1',
        '<n1:web images/RESIZE uri=2',
      );
      return true;
    };
    const images = await join('images');
    const uris: unknown[] = [];
    images.on('RESIZE', async ({ parameters }, { reply }) => {
      uris.push(parameters['uri']);
      await reply('RESIZED');
    });
    await daemon.until(() => linesOf('images').length >= 4);
    expect(uris).toEqual(['1', '2']);
    expect(linesOf('images').join('\n')).not.toContain('UNKNOWN command');
  });

  it('tells new commands once a turn, and all of them again to the next daemon', async () => {
    const bus = await join('a');
    bus.on('X', () => {});
    bus.on('Y', () => {});
    bus.on('X', () => {});
    bus.on('stop', () => {});
    await daemon.until(() => linesOf('a').length === 3);
    expect(daemon.connection.lastLine).toBe('COMMANDS list=STOP,X,Y');
    daemon.connection.transport.end();
    await daemon.until(() => daemon.connections.length === 2 && linesOf('a').length === 2);
    expect(daemon.connection.lastLine).toMatch(/STOP.*,X,Y$/);
  });

  it('answers the protocol by itself', async () => {
    const bus = await join('a');
    const { connection } = daemon;
    await daemon.until(() => connection.lines.length === 2);
    connection.write(
      '<n1:communicatord ALIVE serial=3;timestamp=1.5',
      '<n2:web a/ALIVE correlation_id=c1',
      '<n2:web a/HELP',
      '<n2:web a/NOSUCH x=1;correlation_id=c2',
      '<n2:web ./NOSUCH',
      '<n2:web a/UNKNOWN command=X',
      '<n2:web a/INVALID command=X',
      'a/NOSUCH without=sender',
      '<n2:web a/BAD nothing',
      '<n2:web ./BAD nothing',
      '<n1:communicatord HELP',
    );
    await daemon.until(() => connection.lines.length === 8);
    const lines = connection.lines
      .slice(2)
      .map((line) => line.replace(/reply_timestamp=\d+\.\d{3}/, 'reply_timestamp=T'));
    // The answers to the daemon itself are ahead of those that wait for the end of the turn.
    expect(lines[0]).toBe('ABSOLUTELY reply_timestamp=T;serial=3;timestamp=1.5');
    expect(lines[1]).toMatch(/^COMMANDS list=/);
    expect(lines.slice(2)).toEqual([
      'n2:web/ABSOLUTELY correlation_id=c1;reply_timestamp=T',
      expect.stringMatching(/^n2:web\/COMMANDS list=/),
      'n2:web/UNKNOWN command=NOSUCH;correlation_id=c2',
      'n2:web/INVALID command=BAD;message=A parameter has a name but no `=`.',
    ]);
    expect(bus.statistics).toMatchObject({ malformed: 2, unknown: 3 });
  });

  it('tells of what happens to it', async () => {
    const bus = await join('a');
    const seen: string[] = [];
    for (const event of ['stop', 'disconnecting', 'quitting', 'rejected', 'report'] as const) {
      bus.on(event, ({ command, parameters }) => seen.push(`${event} ${command} ${parameters['command'] ?? ''}`));
    }
    const ended = new Promise((resolve) => bus.on('disconnected', resolve));
    daemon.connection.write(
      '<n2:x a/STOP',
      '<n1:communicatord DISCONNECTING',
      '<n1:communicatord QUITTING',
      '<n2:b a/UNKNOWN command=X',
      '<n1:communicatord TRANSMISSION_REPORT command=X;status=failed',
    );
    daemon.connection.transport.end();
    await ended;
    expect(seen).toEqual([
      'stop STOP ',
      'disconnecting DISCONNECTING ',
      'quitting QUITTING ',
      'rejected UNKNOWN X',
      'report TRANSMISSION_REPORT X',
    ]);
  });

  it('survives what handlers and listeners throw, and tells who waits for an answer', async () => {
    const errors: string[] = [];
    const bus = await join('a', {
      onError: (error, about) => errors.push(`${about?.command}: ${(error as Error).message}`),
    });
    bus.on('connected', () => {});
    bus.on('malformed', () => {
      throw new Error('in a listener');
    });
    bus.on('X', () => {
      throw new Error('no such "file"');
    });
    bus.on('Y', async () => {
      throw new Error('later');
    });
    daemon.connection.write(
      '<n2:b a/X',
      '<n2:b a/X correlation_id=1',
      '<n2:b a/Y correlation_id=2',
      '<n2:b ./Y correlation_id=3',
      '<n2:b a/Y bad',
    );
    await daemon.until(() => linesOf('a').length === 6);
    expect(linesOf('a').slice(-3)).toEqual([
      'n2:b/INVALID command=X;correlation_id=1;message=no such "file"',
      'n2:b/INVALID command=Y;message=A parameter has a name but no `=`.',
      'n2:b/INVALID command=Y;correlation_id=2;message=later',
    ]);
    expect(errors.sort()).toEqual([
      'X: no such "file"',
      'X: no such "file"',
      'Y: later',
      'Y: later',
      'undefined: in a listener',
    ]);
  });

  it('gives up a handler by its function or its signal', async () => {
    const bus = await join('a');
    const seen: string[] = [];
    const stop = new AbortController();
    const remove = bus.on('X', () => seen.push('first'));
    bus.on('X', () => seen.push('second'), { signal: stop.signal });
    bus.on('Y', () => seen.push('end'));
    daemon.connection.write('<n1:b a/X');
    await place.roundTrip(bus);
    remove();
    stop.abort();
    daemon.connection.write('<n1:b a/X', '<n1:b a/Y');
    await daemon.until(() => linesOf('a').includes('n1:b/UNKNOWN command=X'));
    expect(seen).toEqual(['first', 'second', 'end']);
  });

  it('drops durable messages that come again', async () => {
    const bus = await join('a');
    const messages = bus.messages('PAY');
    daemon.connection.write(
      '<n1:b a/PAY message_id=1;n=1',
      '<n1:b a/PAY message_id=1;n=2;redelivered=1',
      '<n1:b a/PAY message_id=2;n=3;redelivered=1',
    );
    expect([(await messages.next()).value?.parameters['n'], (await messages.next()).value?.parameters['n']]).toEqual([
      '1',
      '3',
    ]);
    expect(bus.statistics.repeats).toBe(1);
  });

  it('replies to nobody when the message has no sender', async () => {
    const bus = await join('a');
    const before = bus.statistics.sent;
    await bus.reply(createMessage({ command: 'X' }), 'Y');
    expect(bus.statistics.sent).toBe(before);
  });
});

it('is made to be extended', async () => {
  class Images extends Communicator {
    readonly seen: string[] = [];
    constructor(options: ConnectOptions) {
      super('images', options);
      this.on('RESIZE', ({ parameters }) => this.seen.push(parameters['uri'] as string));
    }
  }
  const images = await place.add(new Images({ open: daemon.open }));
  await daemon.until(() => daemon.of('images')?.commands.includes('RESIZE'));
  const web = await join('web');
  await web.send(message('RESIZE', { uri: 'x' }), to('images'));
  await daemon.until(() => daemon.of('web')?.lastLine.startsWith('images/'));
  await place.roundTrip(images);
  expect(images.seen).toEqual(['x']);
});
