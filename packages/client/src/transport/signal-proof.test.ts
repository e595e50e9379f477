// The proof on datagrams: what holds, what does not, and that nothing of it stays.

import { describe, expect, it } from 'vitest';
import { createMessage, decodeText, encodeMessage, type Message } from '../wire/index.ts';
import { isSecretCode, sign, verify } from './signal-proof.ts';

const nonce = '00112233445566778899aabbccddeeff';
const parts = { service: 'images', command: 'PING', parameters: { b: 'x;y', a: 'é' } };

/** Signed, written, and read again as a daemon would. */
function receive(now: number, secret = 'secret'): Message {
  const line = decodeText(encodeMessage(sign(parts, secret, now, nonce)));
  if (line.kind !== 'message') throw new Error(line.kind);
  return line.message;
}

describe('a signal', () => {
  it('is the same bytes for all time', () => {
    // The proof as another implementation of HMAC-SHA256 gives it.
    expect(encodeMessage(sign(parts, 'secret', 1_700_000_000.9, nonce))).toBe(
      'images/PING a=é;b="x;y";signal_nonce=00112233445566778899aabbccddeeff;signal_proof=bff5f50e25ff7c166a6cd2919c20a397330a9f402a42e385c75910c44a32f870;signal_time=1700000000',
    );
  });

  it('holds within its window, and its proof is taken away', () => {
    for (const now of [970, 1000, 1030]) {
      expect(verify(receive(1000), 'secret', now)).toEqual({ message: createMessage(parts), nonce });
    }
  });

  it.each<[string, Message, string, number]>([
    ['too old', receive(1000), 'secret', 1031],
    ['from the future', receive(1000), 'secret', 969],
    ['of another secret', receive(1000), 'Secret', 1000],
    ['changed', { ...receive(1000), command: 'STOP' }, 'secret', 1000],
    [
      'with another parameter',
      { ...receive(1000), parameters: { ...receive(1000).parameters, c: '' } },
      'secret',
      1000,
    ],
    ['without a proof', createMessage(parts), 'secret', 1000],
    [
      'with half a proof',
      createMessage({ ...parts, parameters: { signal_time: '1', signal_nonce: nonce } }),
      'secret',
      1,
    ],
    ['malformed', { ...receive(1000), parameters: { ...receive(1000).parameters, signal_proof: 'x' } }, 'secret', 1000],
    [
      'at no time',
      { ...receive(1000), parameters: { ...receive(1000).parameters, signal_time: 'now' } },
      'secret',
      1000,
    ],
  ])('%s does not hold', (_, message, secret, now) => {
    expect(verify(message, secret, now)).toEqual({ problem: expect.any(String) });
  });

  it('claims no sender', () => {
    expect(verify({ ...receive(1000), sentFromServer: 'n1', sentFromService: 'evil' }, 'secret', 1000)).toHaveProperty(
      'nonce',
    );
    expect(() => sign(parts, 'secret', 1, 'short')).toThrow(RangeError);
  });
});

it('compares bare codes', () => {
  expect([isSecretCode('a', 'a'), isSecretCode('a', 'b'), isSecretCode('', 'a')]).toEqual([true, false, false]);
});
