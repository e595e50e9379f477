// The wire against the shared vectors, and its laws under random input.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeLine,
  decodeText,
  encodeInto,
  encodeJson,
  encodeMessage,
  type Line,
  LineReader,
  type Message,
} from './index.ts';

const vectors = (name: string): Record<string, never>[] =>
  readFileSync(new URL(`../../../../test/vectors/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const plain = (message: Message): Message => ({ ...message, parameters: { ...message.parameters } });

describe('vectors', () => {
  it('reads and writes every valid line', () => {
    const rows = vectors('codec-valid.jsonl') as unknown as { line: string; message: Message }[];
    expect(rows.length).toBe(1500);
    for (const { line, message } of rows) {
      const read = decodeText(line);
      if (read.kind !== 'message') throw new Error(`${line} is read as ${JSON.stringify(read)}`);
      expect(plain(read.message), line).toEqual(message);
      expect(encodeMessage(message)).toBe(line);
      const json = decodeText(encodeJson(message));
      if (json.kind !== 'message') throw new Error(`${encodeJson(message)} is read as ${JSON.stringify(json)}`);
      expect(plain(json.message)).toEqual(message);
    }
  });

  it('refuses every invalid line and skips blank ones', () => {
    const rows = vectors('codec-invalid.jsonl') as unknown as { line: string; blank: boolean }[];
    expect(rows.length).toBeGreaterThan(40);
    for (const { line, blank } of rows) expect(decodeText(line).kind, line).toBe(blank ? 'blank' : 'invalid');
  });
});

describe('reading values', () => {
  it.each([
    ['X a=b\\', { a: 'b\\' }],
    ['X a="b\\\\"', { a: 'b\\' }],
    ['X a="b\\"c"', { a: 'b"c' }],
    ['X a="b\\x"', { a: 'b\\x' }],
    ['X a=\\x\\n\\\\n', { a: '\\x\n\\n' }],
    ['X a=1;a=2', { a: '2' }],
    ['X a=1;', { a: '1' }],
    ['X a=x"y"z', { a: 'x"y"z' }],
    ['  X a= b  \r', { a: ' b' }],
    ['X __proto__=1', JSON.parse('{"__proto__":"1"}')],
    [
      '{"command":"X","parameters":{"a":1e3,"b":12345678901234567890,"c":2.50,"d":true,"e":null,"f":-7}}',
      { a: '1000', b: '12345678901234567890', c: '2.5', d: 'true', e: '', f: '-7' },
    ],
    ['{"command":"X","command":"Y","parameters":{"a":"x","a":1}}', { a: '1' }],
  ])('%s', (line, parameters) => {
    const read = decodeText(line);
    if (read.kind !== 'message') throw new Error(JSON.stringify(read));
    expect(Object.entries(read.message.parameters)).toEqual(Object.entries(parameters));
  });
});

it('refuses a number in JSON that has no text', () => {
  const read = decodeText('{"command":"X","parameters":{"a":1e400}}');
  expect(read).toMatchObject({ kind: 'invalid', error: 'BAD_JSON_FIELD' });
});

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
const address = fc.oneof(fc.constant(''), fc.constantFrom('.', '?', '*'), name);
const value = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(';', '"', '\\', '\n', '\r', ' ', '\t', '=', 'n'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
  })
  .filter((text) => !text.includes('\0') && text.isWellFormed());
const message = fc
  .record({
    sentFromServer: fc.oneof(fc.constant(''), name),
    sentFromService: fc.oneof(fc.constant(''), name),
    server: address,
    service: address,
    command: fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/),
    parameters: fc.dictionary(name, value, { maxKeys: 5 }),
  })
  .map((parts) => (parts.service === '' ? { ...parts, server: '' } : parts));

describe('laws', () => {
  it('what is written is read back, as text and as JSON', () => {
    fc.assert(
      fc.property(message, (original) => {
        for (const text of [encodeMessage(original), encodeJson(original)]) {
          const read = decodeText(text);
          if (read.kind !== 'message') throw new Error(`${text}: ${JSON.stringify(read)}`);
          expect(plain(read.message)).toEqual({ ...original, parameters: { ...original.parameters } });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a stream reads the same however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(message.map(encodeMessage), fc.string()), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (lines, cuts) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const read = (sizes: readonly number[]): Line[] => {
            const reader = new LineReader({ lineBytesMax: 200, discardBytesMax: 1 << 20 });
            const got: Line[] = [];
            for (let at = 0, turn = 0; at < bytes.length; turn++) {
              const size = sizes[turn % sizes.length] ?? bytes.length;
              reader.feed(bytes.subarray(at, at + size), (line) => got.push(line));
              at += size;
            }
            return got;
          };
          const whole = read([bytes.length]);
          expect(read([1])).toEqual(whole);
          if (cuts.length > 0) expect(read(cuts)).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('no bytes whatever make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['message', 'blank', 'invalid']).toContain(decodeLine(bytes, 0, bytes.length).kind);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('limits', () => {
  it('passes over a line that is too long and goes on', () => {
    const reader = new LineReader({ lineBytesMax: 100, discardBytesMax: 1000 });
    const got: string[] = [];
    const feed = (text: string): boolean =>
      reader.feed(new TextEncoder().encode(text), (line) => got.push(line.kind === 'invalid' ? line.error : line.kind));
    expect(feed(`X a=${'x'.repeat(90)}`)).toBe(true);
    expect(feed('y'.repeat(400))).toBe(true);
    expect(feed('\nX\n')).toBe(true);
    expect(got).toEqual(['TOO_LONG', 'message']);
    expect(feed('z'.repeat(1001))).toBe(false);
  });

  it('says when a line does not fit', () => {
    const target = new Uint8Array(8);
    expect(encodeInto({ command: 'ABCDEFG' }, target, 0)).toBe(8);
    expect(encodeInto({ command: 'ABCDEFGH' }, target, 0)).toBe(-1);
    expect(encodeInto({ command: 'ABC' }, target, 5)).toBe(-1);
  });
});
