// The proof of the cluster secret as simulated daemons make it: it has the form of an HMAC, and none of its strength.

import type { Surroundings } from '../handshake/handshake.ts';
import { hashText } from '../router/hash.ts';

/** Proves texts by a secret, and checks proofs; undefined for a machine without one. */
export function proofsBy(secret: string | undefined): Surroundings['secret'] {
  if (secret === undefined) return undefined;
  const prove = (text: string): string =>
    [1, 2].map((seed) => hashText(`${secret} ${text}`, seed).toString(16).padStart(8, '0')).join('');
  return { prove, verify: (text, proof) => prove(text) === proof };
}
