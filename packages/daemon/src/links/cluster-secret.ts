// The cluster secret: what both ends of a plain link prove, by HMAC over the nonces of both.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Surroundings } from '@snapcommunicator/network/handshake';

export type Secret = NonNullable<Surroundings['secret']>;

/** Random text for one connection: 128 bits. */
export const makeNonce = (): string => randomBytes(16).toString('hex');

export function clusterSecret(secret: string): Secret {
  const digest = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  return {
    prove: (text) => digest(text).toString('hex'),
    verify(text, proof) {
      const given = Buffer.from(proof, 'hex');
      const right = digest(text);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
