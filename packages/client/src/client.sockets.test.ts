// The communicator over real sockets, against anything that may come over them, and where it looks for its daemon.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect } from './client.ts';
import { createErrorPrinter } from './settings.ts';
import { FakeDaemon } from './testing/fake-daemon.ts';
import { createMessage } from './wire/message.ts';

let daemon: FakeDaemon;
let directory: string;

beforeEach(() => {
  daemon = new FakeDaemon();
  directory = mkdtempSync(join(tmpdir(), 'client-'));
});

afterEach(async () => {
  await daemon.close();
  rmSync(directory, { recursive: true });
});

it.each(['TCP', 'a Unix socket'])('exchanges messages over %s', async (kind) => {
  const address = await daemon.listen(kind === 'TCP' ? undefined : join(directory, 'x.sock'));
  const service = await connect({ service: 'images', address });
  service.on('RESIZE', ({ parameters }, { reply }) =>
    reply('RESIZED', { ...parameters, n: Number(parameters['n']) + 1 }),
  );
  await using bus = await connect({ address });
  const big = 'é;"\n'.repeat(4000);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => bus.request('images', 'RESIZE', { n, big })));
  expect(answers.map(({ parameters }) => parameters['n'])).toEqual(Array.from({ length: 20 }, (_, n) => String(n + 1)));
  expect(answers.every(({ parameters }) => parameters['big'] === big)).toBe(true);
  await service.close();
  await expect(bus.request('images', 'RESIZE')).rejects.toMatchObject({ code: 'NO_SUCH_SERVICE' });
});

it('slows down who awaits, keeps the order, and loses nothing', async () => {
  const address = await daemon.listen();
  await using bus = await connect({ service: 'a', address, highWaterBytes: 64 * 1024, queueBytesMax: 4 << 20 });
  const count = 60_000;
  const text = 'x'.repeat(200);
  for (let n = 0; n < count; n++) await bus.send({ service: 'nobody', command: 'X', parameters: { n, text } });
  await bus.request('communicatord', 'ALIVE');
  const numbers = daemon.connection.lines.flatMap((line) => /^nobody\/X n=(\d+);/.exec(line)?.[1] ?? []);
  expect(numbers.length).toBe(count);
  expect(numbers.every((text, n) => Number(text) === n)).toBe(true);
});

it('tries its addresses in turn, and the environment where none is given', async () => {
  const address = await daemon.listen(join(directory, 'x.sock'));
  await using first = await connect({
    service: 'a',
    address: [`sc://${directory}/none.sock`, 'sc://127.0.0.1:1', address],
  });
  expect(first.registration?.address).toBe(address);
  const before = process.env['SNAPCOMMUNICATOR'];
  process.env['SNAPCOMMUNICATOR'] = address;
  try {
    await using second = await connect({ service: 'b' });
    expect(second.isConnected).toBe(true);
  } finally {
    if (before === undefined) delete process.env['SNAPCOMMUNICATOR'];
    else process.env['SNAPCOMMUNICATOR'] = before;
  }
});

it('says what is wrong with an address', async () => {
  await expect(connect({ address: 'scs:///x.sock' })).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('TLS is not spoken on a Unix socket'),
  });
  await expect(connect({ address: 'scu:' })).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('openSignal'),
  });
  await expect(connect({ address: 'sc://127.0.0.1:1', timeout: 200 })).rejects.toMatchObject({
    code: 'DISCONNECTED',
    message: expect.stringMatching(/at sc:\/\/127\.0\.0\.1:1 within 200 ms: .*ECONNREFUSED/),
  });
});

it('survives whatever comes', async () => {
  await using bus = await connect({ service: 'a', open: daemon.open, onError: () => {} });
  bus.on('X', () => {});
  const piece = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '<n1:b a/X ',
      '<n1:communicatord ',
      'READY',
      'HELP',
      'ALIVE ',
      'INVALID command=REGISTER',
      'COMMANDS',
      '\0',
      '"',
      ';',
      '=',
      'correlation_id=',
      'message_id=1',
      ' ',
      '{"command":"X"}',
      'STATUS ',
      '/',
      ':',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))), async (lines) => {
      daemon.connection.write(...lines);
      const { parameters } = await bus.request('communicatord', 'ALIVE', { serial: lines.length });
      expect(parameters['serial']).toBe(String(lines.length));
    }),
    { numRuns: 300 },
  );
});

it('prints an error of a handler once', () => {
  const printed: string[] = [];
  const print = createErrorPrinter((text) => printed.push(text.split('\n')[0] as string));
  const message = createMessage({ command: 'X' });
  for (let at = 0; at < 3; at++) print(new Error('no disk'), message);
  print('just text', undefined);
  expect(printed).toEqual([
    'snapcommunicator: the handler of X failed: no disk; it is not printed again. Give onError to see all of them.',
    'snapcommunicator: a listener failed: just text; it is not printed again. Give onError to see all of them.',
  ]);
});
