// Records of the store: there and back, and what is damaged.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeptEntry } from './entry.ts';
import { decodeRecord, encodeRecord } from './entry-record.ts';

const name = fc.stringMatching(/^[a-z_:0-9]{0,64}$/);
const kept = fc.record({
  id: fc.oneof(name, fc.bigInt({ min: 0n, max: 1n << 130n })),
  destination: name,
  sender: name,
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  ttlMs: fc.nat(),
  isDurable: fc.constant(true),
  report: fc.constantFrom('none' as const, 'failure' as const, 'always' as const),
  token: fc.constant('not stored'),
  sequence: fc.maxSafeNat(),
  deadlineMs: fc.integer({ min: 0, max: 2 ** 40 }),
  isRedelivered: fc.boolean(),
});

test('a record gives back the message, its time on the new clock', () => {
  fc.assert(
    fc.property(kept, (entry) => {
      const { id, destination, sender, bytes, report, sequence, deadlineMs } = entry;
      const record = encodeRecord(entry, 1.7e12, 500);
      const back = decodeRecord(record, 1.7e12 + 3000, 40);
      expect(back).toEqual({
        id,
        destination,
        sender,
        bytes,
        report,
        sequence,
        deadlineMs: deadlineMs - 500 - 3000 + 40,
      });
    }),
  );
});

test('damaged bytes never throw, and cut ones are no message', () => {
  const entry = {
    id: 0x1fn,
    destination: 'images',
    sender: 'n1:web',
    bytes: Uint8Array.of(65, 10),
    report: 'none',
    sequence: 1,
    deadlineMs: 1,
  } as KeptEntry;
  const record = encodeRecord(entry, 0, 0);
  for (let length = 0; length < record.length - 2; length++)
    expect(decodeRecord(record.subarray(0, length), 0, 0)).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeRecord(bytes, 0, 0)));
  fc.assert(
    fc.property(fc.nat(record.length - 1), fc.nat(255), (index, byte) => {
      const damaged = record.slice();
      damaged[index] = byte;
      void decodeRecord(damaged, 0, 0);
    }),
  );
});

test('a name that is not ASCII is a fault of ours', () => {
  const entry = {
    id: 'a',
    destination: '漢',
    sender: '',
    bytes: Uint8Array.of(10),
    report: 'none',
    sequence: 1,
    deadlineMs: 1,
  } as KeptEntry;
  expect(() => encodeRecord(entry, 0, 0)).toThrow('cannot be the name');
});
