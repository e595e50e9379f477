// Messages that come as datagrams: proved if a secret is set, without a sender, and never answered.

import type { Router } from '@snapcommunicator/network/router';
import { isSecretCode, SIGNAL_WINDOW_SECONDS, verify } from 'snapcommunicator/signal';
import { decodeLine, encodeMessage, type Message } from 'snapcommunicator/wire';
import type { Caller } from '../commands/runner.ts';
import type { Log, RateLimit } from '../log.ts';
import { type Counters, count } from './counters.ts';
import type { Delivery } from './delivery.ts';

export interface SignalOptions {
  readonly bytesMax: number;
  /** What a datagram must prove that its sender knows; undefined: nothing. */
  readonly secret: string | undefined;
  /** Whether the bare parameter `secret_code` is proof enough. */
  readonly allowsBareCode: boolean;
}

export interface SignalParts {
  readonly router: Router;
  readonly delivery: Delivery;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  readonly command: (caller: Caller) => void;
}

/** Nonces of twice the window; with more than this in it, the oldest are forgotten early. */
const NONCES_MAX = 100_000;

export class Signals {
  readonly #options: SignalOptions;
  readonly #parts: SignalParts;
  readonly #nonces = new Map<string, number>();

  constructor(options: SignalOptions, parts: SignalParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Handles one datagram; an LF at its end may be there or not. */
  readonly receive = (bytes: Uint8Array): void => {
    const { counters } = this.#parts;
    counters.datagrams++;
    if (bytes.length > this.#options.bytesMax)
      return this.#refuse(`${bytes.length} bytes, at most ${this.#options.bytesMax} are taken (max_datagram_size)`);
    const end = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length;
    if (bytes.subarray(0, end).includes(10)) return this.#refuse('two lines in one datagram');
    const line = decodeLine(bytes, 0, end);
    if (line.kind === 'blank') return;
    if (line.kind === 'invalid') {
      count(counters.invalid, line.error);
      return this.#refuse(`not a message: ${line.error}`);
    }
    const message = this.#proved(line.message);
    if (message !== undefined) this.#send(message);
  };

  #proved(message: Message): Message | undefined {
    const { secret, allowsBareCode } = this.#options;
    const { secret_code: code, ...parameters } = message.parameters;
    if (secret === undefined) return message;
    if (code !== undefined && allowsBareCode) {
      if (isSecretCode(code, secret)) return { ...message, parameters };
      this.#refuse('wrong secret_code');
      return undefined;
    }
    const now = Date.now() / 1000;
    const verification = verify(message, secret, now);
    if ('problem' in verification) {
      this.#refuse(verification.problem);
      return undefined;
    }
    if (this.#isRepeated(verification.nonce, now)) {
      this.#refuse('the signal was sent before');
      return undefined;
    }
    return verification.message;
  }

  #isRepeated(nonce: string, now: number): boolean {
    if (this.#nonces.has(nonce)) return true;
    for (const [old, until] of this.#nonces) {
      if (until > now && this.#nonces.size < NONCES_MAX) break;
      this.#nonces.delete(old);
    }
    this.#nonces.set(nonce, now + 2 * SIGNAL_WINDOW_SECONDS);
    return false;
  }

  #send(given: Message): void {
    const { router, delivery, counters, command } = this.#parts;
    if (given.sentFromServer !== '' || given.sentFromService !== '') counters.datagramSenders++;
    const message: Message = { ...given, sentFromServer: '', sentFromService: '' };
    const { server, service } = message;
    const decision = router.forward(server, service);
    if (decision.kind === 'contradiction') return this.#refuse(decision.reason);
    counters.datagramMessages++;
    if (decision.kind === 'daemon') return command({ connection: undefined, message, answer: () => undefined });
    const line = Buffer.from(`${encodeMessage(message)}\n`);
    delivery.send(
      { connection: undefined, from: '', server, service, command: message.command, line, message },
      decision,
    );
  }

  #refuse(reason: string): void {
    const { counters, brake, log } = this.#parts;
    counters.datagramsRefused++;
    brake.run('datagram', (skipped) => log.lines.warn({ reason, skipped }, 'datagram refused'));
  }
}
