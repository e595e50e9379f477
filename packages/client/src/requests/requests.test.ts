// Requests: each outcome, the lanes of services that give no ids back, and contracts on both sides.

import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { Communicator } from '../client.ts';
import { defineService, integer, string } from '../contract/index.ts';
import type { CommunicatorOptions } from '../settings.ts';
import type { FakeDaemon } from '../testing/fake-daemon.ts';
import { Place } from '../testing/place.ts';
import type { Message } from '../wire/message.ts';

let place: Place;
let daemon: FakeDaemon;
let bus: Communicator;

beforeEach(async () => {
  place = new Place();
  ({ daemon } = place);
  bus = await place.join('web');
});

afterEach(() => place.close());

const join = (service: string, options: CommunicatorOptions = {}): Promise<Communicator> =>
  place.join(service, options);
const roundTrip = (): Promise<Message> => place.roundTrip(bus);

/** A service that a test plays by hand: what it is sent, and a way to answer as it, with or without ids. */
function playService(service: string): { readonly got: Message[]; say(line: string): void } {
  const got: Message[] = [];
  daemon.rules.onMessage = (message) => {
    if (message.service !== service) return false;
    got.push(message);
    return true;
  };
  return { got, say: (line) => daemon.of('web')?.write(`<n1:${service} n1:web/${line}`) };
}

describe('a request', () => {
  it('is answered', async () => {
    const images = await join('images');
    images.on('RESIZE', ({ parameters }, { reply }) => reply('RESIZED', { uri: `small ${parameters['uri']}` }));
    const answer = await bus.request('images', 'RESIZE', { uri: 'x' });
    expect(answer).toMatchObject({ command: 'RESIZED', sentFromService: 'images', parameters: { uri: 'small x' } });
    const many = await Promise.all(Array.from({ length: 50 }, (_, at) => bus.request('images', 'RESIZE', { uri: at })));
    expect(many.map(({ parameters }) => parameters['uri'])).toEqual(
      Array.from({ length: 50 }, (_, at) => `small ${at}`),
    );
  });

  it('says at once that there is no such service', async () => {
    await expect(bus.request('nobody', 'X', {}, { timeout: 60_000 })).rejects.toMatchObject({
      code: 'NO_SUCH_SERVICE',
      message: 'there is no service nobody that could take X: does it run, and is that its name?',
    });
    expect(daemon.of('web')?.lastLine).toMatch(/^nobody\/X cache="no;reply";correlation_id=(\w+);message_id=\1$/);
  });

  it('understands the C++ daemon, which names no id, if only one request can be meant', async () => {
    const { got } = playService('images');
    const first = bus.request('images', 'X', {}, { timeout: 60_000 });
    await daemon.until(() => got.length === 1);
    daemon.of('web')?.write('<n1:communicatord SERVICE_UNAVAILABLE destination_service=images;unsent_command=X');
    await expect(first).rejects.toMatchObject({ code: 'NO_SUCH_SERVICE' });
    const both = [bus.request('images', 'X', {}, { timeout: 30 }), bus.request('images', 'X', {}, { timeout: 30 })];
    await daemon.until(() => got.length === 3);
    daemon.of('web')?.write('<n1:communicatord SERVICE_UNAVAILABLE destination_service=images;unsent_command=X');
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('times out, is aborted, is limited', async () => {
    const { got, say } = playService('images');
    await expect(bus.request('images', 'RESIZE', {}, { timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'images does not answer RESIZE within 5 ms',
    });
    const stop = new AbortController();
    const stopped = bus.request('n2:images', 'RESIZE', {}, { signal: stop.signal });
    stop.abort('never mind');
    await expect(stopped).rejects.toBe('never mind');
    await expect(bus.request('images', 'X', {}, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    await expect(bus.request('*', 'X')).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await expect(bus.request('images', 'bad')).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    // The answers come all the same, and are nobody's.
    await daemon.until(() => got.length === 2);
    for (const { parameters } of got) say(`RESIZED correlation_id=${parameters['correlation_id']}`);
    await roundTrip();
    expect(bus.statistics).toMatchObject({ lateAnswers: 2, unknown: 0 });
    const one = await join('one', { requestsMax: 1 });
    const first = one.request('nobody', 'X');
    await expect(one.request('nobody', 'X')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await expect(first).rejects.toMatchObject({ code: 'NO_SUCH_SERVICE' });
  });

  it('is refused by who does not know it, or fails at it', async () => {
    const images = await join('images', { onError: () => {} });
    images.on('FAIL', () => {
      throw new Error('the disk is full');
    });
    await expect(bus.request('images', 'NOSUCH')).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'images refuses NOSUCH: it does not know the command',
    });
    await expect(bus.request('images', 'FAIL')).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'images refuses FAIL: the disk is full',
    });
  });

  it('may be kept, and then expires or fails by a report', async () => {
    const { got } = playService('images');
    const sending = [
      bus.request('images', 'LATE', {}, { cache: { ttl: '10m' } }),
      bus.request('images', 'FULL', {}, { cache: { ttl: '10m' } }),
    ];
    await daemon.until(() => got.length === 2);
    expect(got[0]?.parameters).toMatchObject({ cache: 'ttl=600s', transmission_report: 'always' });
    const [late, full] = got.map(({ parameters }) => parameters['message_id']);
    daemon
      .of('web')
      ?.write(
        `<n1:communicatord TRANSMISSION_REPORT command=LATE;message_id=${late};status=cached`,
        `<n1:communicatord TRANSMISSION_REPORT command=LATE;message_id=${late};status=expired`,
        `<n1:communicatord TRANSMISSION_REPORT command=FULL;message_id=${full};status=failed;reason=queue full`,
      );
    await expect(sending[0]).rejects.toMatchObject({ code: 'EXPIRED' });
    await expect(sending[1]).rejects.toMatchObject({ code: 'REFUSED', message: 'images cannot take FULL: queue full' });
  });

  it('may be asked of itself', async () => {
    bus.on('ECHO', ({ parameters }, { reply }) => reply('ECHOED', { text: parameters['text'] }));
    expect((await bus.request('web', 'ECHO', { text: 'hello' })).parameters['text']).toBe('hello');
  });

  it('that a socket had is lost with it; one that waits goes over the next', async () => {
    const { got, say } = playService('images');
    const had = bus.request('images', 'X');
    await daemon.until(() => got.length === 1);
    daemon.isListening = false;
    daemon.connection.transport.end();
    await expect(had).rejects.toMatchObject({
      code: 'DISCONNECTED',
      message: expect.stringContaining('may have been handled or not'),
    });
    const waits = bus.request('images', 'Y');
    const gaveUp = bus.request('images', 'Z', {}, { timeout: 1 });
    await expect(gaveUp).rejects.toMatchObject({ code: 'TIMEOUT' });
    daemon.isListening = true;
    await daemon.until(() => got.length === 2);
    say(`DONE correlation_id=${got[1]?.parameters['correlation_id']}`);
    expect((await waits).command).toBe('DONE');
    expect(got.map(({ command }) => command)).toEqual(['X', 'Y']);
  });

  it('ends when the communicator is closed', async () => {
    playService('images');
    const waiting = bus.request('images', 'X');
    waiting.catch(() => {});
    await bus.close();
    await expect(waiting).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });
});

describe('a service that gives no ids back', () => {
  const expectPong = { expect: 'PONG', timeout: 60_000 };

  it('is asked one thing after the other, and never guessed at', async () => {
    const { got, say } = playService('cpp');
    const answers = [1, 2, 3].map((n) => bus.request('cpp', 'PING', { n }, expectPong));
    // The second has to wait, so it asks whether ids come back.
    await daemon.until(() => got.length === 2);
    expect(got.map(({ command }) => command)).toEqual(['PING', 'ALIVE']);
    say(`ABSOLUTELY serial=${got[1]?.parameters['serial']};reply_timestamp=1`);
    say('PONG n=1');
    await daemon.until(() => got.length === 3);
    say('PONG n=2');
    await daemon.until(() => got.length === 4);
    say('UNKNOWN command=PING');
    expect((await answers[0])?.parameters['n']).toBe('1');
    expect((await answers[1])?.parameters['n']).toBe('2');
    await expect(answers[2]).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    expect(got.filter(({ command }) => command === 'ALIVE')).toHaveLength(1);
  });

  it('is known from any other by its ids: then all go at once', async () => {
    const { got, say } = playService('ts');
    const answers = [1, 2, 3].map((n) => bus.request('ts', 'PING', { n }, expectPong));
    await daemon.until(() => got.length === 2);
    say(`ABSOLUTELY serial=1;correlation_id=${got[1]?.parameters['correlation_id']}`);
    await daemon.until(() => got.length === 4);
    for (const { parameters } of got.filter(({ command }) => command === 'PING').reverse()) {
      say(`PONG n=${parameters['n']};correlation_id=${parameters['correlation_id']}`);
    }
    expect((await Promise.all(answers)).map(({ parameters }) => parameters['n'])).toEqual(['1', '2', '3']);
    // From now on, what has no id is no answer.
    const next = bus.request('ts', 'PING', { n: 4 }, { expect: 'PONG', timeout: 30 });
    await daemon.until(() => got.length === 5);
    say('PONG n=stray');
    await expect(next).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('blocks after one that was given up until its late answer has come', async () => {
    const { got, say } = playService('cpp');
    const late = bus.request('cpp', 'PING', { n: 1 }, { expect: 'PONG', timeout: 5 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    const next = bus.request('cpp', 'PING', { n: 2 }, expectPong);
    const impatient = bus.request('cpp', 'PING', { n: 3 }, { expect: 'PONG', timeout: 5 });
    await expect(impatient).rejects.toMatchObject({
      message: expect.stringContaining('it was waiting for an earlier request'),
    });
    await daemon.until(() => got.length === 2);
    expect(got.map(({ command }) => command)).toEqual(['PING', 'ALIVE']);
    say('PONG n=1');
    await daemon.until(() => got.length === 3);
    say('PONG n=2');
    expect((await next).parameters['n']).toBe('2');
    expect(bus.statistics).toMatchObject({ lateAnswers: 1, unknown: 0 });
  });

  it('blocks no longer than a late answer can take', async () => {
    const { got, say } = playService('cpp');
    bus = await join('web', { lateAnswerMs: 20 });
    await expect(bus.request('cpp', 'PING', { n: 1 }, { expect: 'PONG', timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const next = bus.request('cpp', 'PING', { n: 2 }, expectPong);
    await daemon.until(() => got.filter(({ command }) => command === 'PING').length === 2);
    say('PONG n=2');
    expect((await next).parameters['n']).toBe('2');
  });

  it('leaves other messages of the same service alone', async () => {
    const { got, say } = playService('cpp');
    const news = bus.messages('NEWS');
    const answer = bus.request('cpp', 'PING', {}, expectPong);
    await daemon.until(() => got.length === 1);
    say('NEWS n=1');
    daemon.of('web')?.write('<n1:other web/PONG n=other');
    say('PONG n=1');
    expect((await answer).parameters['n']).toBe('1');
    expect((await news.next()).value?.parameters['n']).toBe('1');
    expect(bus.statistics.unknown).toBe(1);
  });

  it('is told apart by its server', async () => {
    const { got, say } = playService('cpp');
    const answer = bus.request('n2:cpp', 'PING', {}, expectPong);
    await daemon.until(() => got.length === 1);
    say('PONG n=wrong');
    daemon.of('web')?.write('<N2:cpp web/PONG n=right');
    expect((await answer).parameters['n']).toBe('right');
  });

  it('cannot answer a request that names no answer: the error says so, and nothing else is taken for it', async () => {
    const { got, say } = playService('cpp');
    const unnamed = bus.request('cpp', 'ASK', {}, { timeout: 250 });
    const named = bus.request('cpp', 'PING', {}, { expect: 'PONG', timeout: 250 });
    await daemon.until(() => got.length === 2);
    say('PONG n=whose');
    await expect(unnamed).rejects.toMatchObject({ message: expect.stringContaining("expect: 'PONG'") });
    await expect(named).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('may take the place of one that did, once nothing else is under way', async () => {
    const { got, say } = playService('mixed');
    const first = bus.request('mixed', 'PING', {}, expectPong);
    await daemon.until(() => got.length === 1);
    say(`PONG correlation_id=${got[0]?.parameters['correlation_id']}`);
    await first;
    await expect(bus.request('mixed', 'PING', {}, { expect: 'PONG', timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    say('PONG n=late');
    await roundTrip();
    const next = bus.request('mixed', 'PING', {}, expectPong);
    await daemon.until(() => got.length === 3);
    say('PONG n=3');
    expect((await next).parameters['n']).toBe('3');
  });
});

describe('a contract', () => {
  const images = defineService('images', {
    RESIZE: { parameters: { uri: string(), size: integer({ min: 1 }).default(100) }, reply: 'RESIZED' },
    RESIZED: { parameters: { uri: string(), bytes: integer() } },
    FORGET: { reply: ['FORGOTTEN', 'KEPT'] },
  });

  async function serve(): Promise<Communicator> {
    const service = await join('images', { onError: () => {} });
    service.on(images, 'RESIZE', async ({ parameters }, { reply }) => {
      expectTypeOf(parameters.size).toEqualTypeOf<number>();
      await reply('RESIZED', { uri: parameters.uri, bytes: parameters.size * 2 });
    });
    return service;
  }

  it('gives types, and values, on both sides', async () => {
    await serve();
    const answer = await bus.request(images, 'RESIZE', { uri: 'x' });
    expectTypeOf(answer.command).toEqualTypeOf<'RESIZED'>();
    expectTypeOf(answer.parameters.bytes).toEqualTypeOf<number>();
    expect([answer.parameters.bytes, answer.parameters.uri]).toEqual([200, 'x']);
    // @ts-expect-error uri is missing
    await expect(bus.request(images, 'RESIZE', { size: 1 })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'images/RESIZE: uri is missing',
    });
    // @ts-expect-error no such command
    expect(() => bus.on(images, 'NOSUCH', () => {})).toThrow('NOSUCH is not in the contract of images');
  });

  it('answers wrong parameters by itself', async () => {
    await serve();
    await expect(bus.request('images', 'RESIZE', { size: 0 })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'images refuses RESIZE: uri is missing; size is "0", expected a whole number of at least 1',
    });
    await bus.send({ service: 'images', command: 'RESIZE' });
    const rejected = await new Promise<Message>((resolve) => bus.on('rejected', resolve));
    expect(rejected).toMatchObject({ command: 'INVALID', parameters: { command: 'RESIZE' } });
  });

  it('catches a service that breaks it', async () => {
    const { got, say } = playService('images');
    const answer = bus.request(images, 'RESIZE', { uri: 'x' });
    await daemon.until(() => got.length === 1);
    say('RESIZED uri=x');
    await expect(answer).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: 'images answers RESIZE with a RESIZED that breaks its contract: bytes is missing',
    });
    const other = bus.request(images, 'FORGET');
    await daemon.until(() => got.length === 2);
    say('KEPT for=ever');
    const { command, parameters } = await other;
    expectTypeOf(command).toEqualTypeOf<'FORGOTTEN' | 'KEPT'>();
    expect([command, parameters['for']]).toEqual(['KEPT', 'ever']);
  });
});
