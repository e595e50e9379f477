// Frames there and back, cut anywhere; what is damaged; hops counted down in place.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decrementHops, encodeFrame } from './encoder.ts';
import { type Frame, HOPS_MAX, instanceOf } from './frame.ts';
import { FrameError, FrameReader } from './reader.ts';

const number = fc.nat(1_000_000_000);
const positive = number.map((value) => value + 1);
const node = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((id) => id.toString(16).padStart(16, '0'));
const instance = fc.tuple(node, number).map(([id, incarnation]) => instanceOf(id, incarnation));
const scope = fc.constantFrom('*' as const, '?' as const);
const hops = fc.nat(HOPS_MAX);
const range = fc.tuple(number, fc.nat(100)).map(([first, more]) => [first, first + more] as const);
const bytes = fc.uint8Array({ maxLength: 60 });
const id = fc.option(fc.record({ incarnation: number, stream: number, number }), { nil: undefined });
const item = fc.record({
  key: fc.stringMatching(/^[a-z][a-z0-9._]{0,20}$/),
  value: fc.option(fc.string({ unit: fc.constantFrom('a', '\\', '\n', 'n', '=', ' ', ';', 'ü') }), { nil: undefined }),
  sequence: positive,
});

const frame = fc.oneof(
  fc.record({
    kind: fc.constant('data' as const),
    hops,
    origin: instance,
    last: fc.oneof(instance, scope),
    stream: number,
    base: number,
    sequence: positive,
    count: positive,
    id,
    payload: bytes,
  }),
  fc.record({
    kind: fc.constant('ack' as const),
    hops,
    origin: instance,
    last: instance,
    stream: number,
    sequence: number,
    returned: fc.array(range, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('reset' as const),
    hops,
    origin: instance,
    last: instance,
    stream: number,
    addressed: instance,
  }),
  fc.record({
    kind: fc.constant('update' as const),
    origin: node,
    incarnation: number,
    from: number,
    sequence: positive,
    items: fc.array(item, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('digest' as const),
    isWhole: fc.boolean(),
    wantsAnswer: fc.boolean(),
    entries: fc.array(fc.record({ origin: node, incarnation: number, sequence: number }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('hello' as const),
    serial: number,
    echo: number,
    heldUs: number,
    databaseHash: number,
  }),
  fc.record({
    kind: fc.constant('vector' as const),
    isWhole: fc.boolean(),
    states: fc.array(fc.record({ origin: instance, scope, low: number, high: number }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('fetch' as const), origin: instance, scope, range }),
);

function readAll(chunks: readonly Uint8Array[]): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) frames.push(next);
  }
  return frames;
}

test('a frame comes back as it was, one byte at a time or all at once', () => {
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), (frames) => {
      const all = Buffer.concat(frames.map(encodeFrame));
      const back = readAll([all]).map(plain);
      expect(back).toEqual(frames.map(plain));
      expect(readAll([...all].map((byte) => Uint8Array.of(byte))).map(plain)).toEqual(back);
    }),
  );
});

test('damaged bytes give frames or a FrameError, nothing else', () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.nat(255), (whole, place, byte) => {
      const damaged = encodeFrame(whole).slice();
      damaged[place % damaged.length] = byte;
      try {
        readAll([damaged]);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }),
  );
});

test.each([
  ['@D 40 0123456789abcdef~1 * 0 0 1 1 99999999\n', 'bytes behind one head'],
  [`@${'x'.repeat(600)}`, 'a head of more than'],
  ['PING\n', 'begins with @'],
  ['@H 1 2 0\n', 'is not a number'],
  ['@D 40 0123456789abcdef~01 * 0 0 1 1 0\n', 'incarnation'],
  ['@G 0123456789abcdef~1 * 5 4 0\n', 'a range'],
])('%j is refused', (text, reason) => {
  expect(() => readAll([Buffer.from(text)])).toThrow(reason);
});

test('unknown letters are passed over with what follows them, unknown fields too', () => {
  const text = '@Z some thing 5\nabcde@H 1 2 3 4 new 0\n';
  expect(readAll([Buffer.from(text)])).toMatchObject([
    { kind: 'unknown', letter: 'Z' },
    { kind: 'hello', databaseHash: 4 },
  ]);
});

test('lines between frames go to who asked for them', () => {
  const lines: string[] = [];
  const reader = new FrameReader(undefined, (line) => lines.push(line));
  for (const byte of Buffer.from('\n@H 1 2 3 4 0\n<a:communicatord DISCONNECT\n@Z 2\nx\n@H 2 2 3 4 0\n'))
    reader.push(Uint8Array.of(byte));
  expect([reader.next(), reader.next(), reader.next(), reader.next()]).toMatchObject([
    { serial: 1 },
    { kind: 'unknown' },
    { serial: 2 },
    undefined,
  ]);
  expect(lines).toEqual(['', '<a:communicatord DISCONNECT']);
  reader.push(Buffer.from('x'.repeat(600)));
  expect(() => reader.next()).toThrow('a head of more than');
});

test('a payload within one chunk is a view of it, one that is spread is copied once', () => {
  const chunk = Buffer.from(
    '@Z 3\nabc@D 40 0123456789abcdef~1 * 0 0 1 1 4\nPING@D 40 0123456789abcdef~1 * 0 0 2 1 4\nPO',
  );
  const reader = new FrameReader();
  reader.push(chunk);
  reader.next();
  const whole = reader.next();
  expect(whole?.kind === 'data' && whole.payload.buffer === chunk.buffer).toBe(true);
  expect(reader.next()).toBeUndefined();
  reader.push(Buffer.from('NG@'));
  const spread = reader.next();
  expect(spread?.kind === 'data' && Buffer.from(spread.payload).toString()).toBe('PONG');
});

test('hops are counted down in place', () => {
  const ack = {
    kind: 'ack',
    hops: HOPS_MAX,
    origin: instanceOf('a'.repeat(16), 1),
    last: instanceOf('b'.repeat(16), 2),
  };
  const encoded = encodeFrame({ ...ack, stream: 1, sequence: 1, returned: [] } as Frame & { kind: 'ack' });
  for (let left = HOPS_MAX - 1; left >= 0; left--) {
    expect(decrementHops(encoded, 0)).toBe(left);
    expect(readAll([encoded])).toMatchObject([{ hops: left }]);
  }
  expect(decrementHops(encoded, 0)).toBe(-1);
});

/** With bytes as an array, so that views and copies compare equal. */
const plain = (value: Frame): unknown => ('payload' in value ? { ...value, payload: [...value.payload] } : value);
