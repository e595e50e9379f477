// The proof on a datagram: an HMAC over time, nonce and message, so that only who knows the secret is heard, and only for a while.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeMessage } from '../wire/encoder.ts';
import type { Message, MessageParts, Parameters } from '../wire/message.ts';

/** How far the clocks of sender and receiver, and the time under way, may be apart. */
export const SIGNAL_WINDOW_SECONDS = 30;

/** What a verified signal gives: the message without its proof and the nonce to remember; or what was wrong. */
export type Verification = { readonly message: Message; readonly nonce: string } | { readonly problem: string };

const NONCE = /^[0-9a-f]{32}$/;
const PROOF = /^[0-9a-f]{64}$/;

function proofOf(parts: MessageParts, parameters: Parameters, secret: string, time: number, nonce: string): string {
  // Without a sender: over a datagram nobody is believed to be anybody.
  const line = encodeMessage({ ...parts, sentFromServer: '', sentFromService: '', parameters });
  return createHmac('sha256', secret).update(`${time}.${nonce}.${line}`).digest('hex');
}

/**
 * The message with its proof: parameters `signal_time`, `signal_nonce` and `signal_proof`.
 * @param nowSeconds seconds since 1970; a fraction is cut off
 * @param nonce 16 random bytes in hexadecimal digits, never used twice
 * @throws WireError when the message cannot be written
 */
export function sign(parts: MessageParts, secret: string, nowSeconds: number, nonce: string): MessageParts {
  if (!NONCE.test(nonce)) throw new RangeError('the nonce of a signal is 32 hexadecimal digits');
  const time = Math.floor(nowSeconds);
  const { signal_time: _time, signal_nonce: _nonce, signal_proof: _proof, ...parameters } = parts.parameters ?? {};
  return {
    ...parts,
    parameters: {
      ...parameters,
      signal_time: String(time),
      signal_nonce: nonce,
      signal_proof: proofOf(parts, parameters, secret, time, nonce),
    },
  };
}

/**
 * Checks the proof and takes it away. The caller remembers each nonce for twice the window and drops one that comes again.
 * @param nowSeconds seconds since 1970
 */
export function verify(
  message: Message,
  secret: string,
  nowSeconds: number,
  windowSeconds: number = SIGNAL_WINDOW_SECONDS,
): Verification {
  const { signal_time: timeText, signal_nonce: nonce, signal_proof: proof, ...parameters } = message.parameters;
  if (timeText === undefined || nonce === undefined || proof === undefined) {
    return { problem: 'the signal has no proof; expected signal_time, signal_nonce and signal_proof' };
  }
  if (!/^\d{1,15}$/.test(timeText) || !NONCE.test(nonce) || !PROOF.test(proof)) {
    return { problem: 'the proof of the signal is malformed' };
  }
  const time = Number(timeText);
  // The proof comes first: the clock is told to nobody who does not know the secret.
  if (!equal(proof, proofOf(message, parameters, secret, time, nonce)))
    return { problem: 'the proof of the signal is wrong: another secret, or a changed message' };
  const ageSeconds = nowSeconds - time;
  if (Math.abs(ageSeconds) > windowSeconds) {
    return {
      problem: `the signal is ${Math.abs(Math.round(ageSeconds))} s ${ageSeconds > 0 ? 'old' : 'in the future'}, at most ${windowSeconds} s is taken: are both clocks right?`,
    };
  }
  return { message: { ...message, parameters }, nonce };
}

/** Whether the bare parameter `secret_code` of a C++ sender is the secret, in a time that tells nothing about it. */
export function isSecretCode(code: string, secret: string): boolean {
  // Both are hashed first: their lengths must not show either.
  const digest = (text: string): Buffer => createHmac('sha256', 'secret_code').update(text).digest();
  return timingSafeEqual(digest(code), digest(secret));
}

const equal = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
