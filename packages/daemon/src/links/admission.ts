// Which addresses may link at all: trusted ranges for plain links, and addresses blocked after wrong passwords.

import { isPublic, networkSet } from '../options/addresses.ts';
import type { LinkOptions } from './options.ts';

export type AdmissionOptions = Pick<
  LinkOptions,
  'trustPlain' | 'publicPlain' | 'clusterSecretFile' | 'maxFailedLogins' | 'failedLoginTime' | 'blockTime'
>;

/** Addresses whose failures are remembered, and addresses that are blocked: a flood from many must not fill memory. */
const ADDRESSES_MAX = 10_000;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #isTrusted: (host: string) => boolean;
  readonly #now: () => number;
  /** When log-ins from an address failed, oldest first. */
  readonly #failures = new Map<string, number[]>();
  /** Until when an address is blocked. */
  readonly #blocked = new Map<string, number>();

  /** @param now in ms; never goes back */
  constructor(options: AdmissionOptions, now: () => number) {
    this.#options = options;
    this.#isTrusted = networkSet(options.trustPlain);
    this.#now = now;
  }

  /** Whether a plain link between these two addresses may be. @param isConfigured the peer stands in `neighbors` */
  isPlainAllowed(own: string, peer: string, isConfigured: boolean): boolean {
    const { publicPlain, clusterSecretFile } = this.#options;
    if (!publicPlain && (isPublic(own) || isPublic(peer))) return false;
    return clusterSecretFile !== undefined || isConfigured || this.#isTrusted(peer);
  }

  isBlocked(host: string): boolean {
    const untilMs = this.#blocked.get(host);
    if (untilMs === undefined) return false;
    if (untilMs > this.#now()) return true;
    this.#blocked.delete(host);
    return false;
  }

  /** Blocks an address, as this daemon or another one found right. */
  block(host: string, periodMs: number = this.#options.blockTime): void {
    forgetOldest(this.#blocked);
    this.#blocked.set(host, this.#now() + periodMs);
  }

  /** Counts a failed log-in. @returns whether the address is blocked by that */
  fail(host: string): boolean {
    const { maxFailedLogins, failedLoginTime } = this.#options;
    const now = this.#now();
    const recent = (this.#failures.get(host) ?? []).filter((atMs) => atMs > now - failedLoginTime);
    recent.push(now);
    this.#failures.delete(host);
    if (recent.length < maxFailedLogins) {
      forgetOldest(this.#failures);
      this.#failures.set(host, recent);
      return false;
    }
    this.block(host);
    return true;
  }

  /** A right password: what failed before was a slip. */
  succeed(host: string): void {
    this.#failures.delete(host);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < ADDRESSES_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
