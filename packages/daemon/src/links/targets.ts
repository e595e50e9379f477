// Whom to dial, and when: daemons by address, each tried for ever with growing, jittered pauses while no link to it stands.

import type { NodeId } from '@snapcommunicator/network/frame';
import { formatAddress } from 'snapcommunicator';
import { formatEndpoint, type Neighbor } from '../options/addresses.ts';
import type { LinkOptions } from './options.ts';

export interface Target {
  /** `IP:port` for plain links, `scs://host:port` for secure ones. */
  readonly key: string;
  readonly address: Neighbor;
  /** From `neighbors`: never given up. */
  isConfigured: boolean;
  /**
   * pausing: until the next attempt, or for ever while a link stands. dialing: a connection is on its way.
   * called: the other side was asked to connect, and has until its pause is over.
   */
  state: 'pausing' | 'dialing' | 'called';
  /** It was asked to connect and did not: this side connects, whoever has the greater address. */
  mustConnect: boolean;
  /** Who answered there last, its name, and the IP address behind a host name. */
  node: NodeId | undefined;
  server: string;
  peerHost: string;
  /** The longest that the last pause could be, in ms. */
  pauseMs: number;
  /** Whether its silence has been reported since it was reached last. */
  isReported: boolean;
  /** Whether it has been reached since the start. */
  wasReached: boolean;
  /** When a link to a C++ daemon there stood last, in ms of running time. */
  legacySeenMs: number;
  timer: NodeJS.Timeout | undefined;
}

export type TargetsOptions = Pick<LinkOptions, 'reconnectMin' | 'reconnectMax' | 'maxPendingLinks'>;

/** The key of an address in the tables. */
export function targetKey({ scheme, host, port }: Pick<Neighbor, 'scheme' | 'host' | 'port'>): string {
  return scheme === 'sc' ? formatEndpoint({ host, port }) : formatAddress({ kind: 'network', scheme, host, port });
}

/** How much a pause grows by each failure. */
const GROWTH = 1.7;
/** A link that comes and goes within this time is no reason to begin with short pauses again. */
const STOOD_MS = 2000;
/** While as many dials as may be are under way, others look again after this. */
const BUSY_MS = 50;

export class Targets implements Iterable<Target> {
  readonly #options: TargetsOptions;
  readonly #dial: (target: Target) => void;
  readonly #isNeeded: (target: Target) => boolean;
  readonly #targets = new Map<string, Target>();
  #dials = 0;
  #isRunning = false;

  /** @param isNeeded whether no link to it stands; @param dial must end in `linked`, `failed` or `called` */
  constructor(options: TargetsOptions, isNeeded: (target: Target) => boolean, dial: (target: Target) => void) {
    this.#options = options;
    this.#isNeeded = isNeeded;
    this.#dial = dial;
  }

  [Symbol.iterator](): Iterator<Target> {
    return this.#targets.values();
  }

  get(key: string): Target | undefined {
    return this.#targets.get(key);
  }

  /** Adds an address, or finds it; once started, it is dialed at once. */
  add(address: Neighbor, isConfigured: boolean): Target {
    const key = targetKey(address);
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const target: Target = {
      key,
      address,
      isConfigured,
      state: 'pausing',
      mustConnect: false,
      node: undefined,
      server: '',
      peerHost: address.host,
      pauseMs: this.#options.reconnectMin,
      isReported: false,
      wasReached: false,
      legacySeenMs: Number.NEGATIVE_INFINITY,
      timer: undefined,
    };
    this.#targets.set(key, target);
    if (this.#isRunning) this.#wait(target, 0);
    return target;
  }

  remove(key: string): void {
    const target = this.#targets.get(key);
    if (target === undefined) return;
    clearTimeout(target.timer);
    if (target.state === 'dialing') this.#dials--;
    this.#targets.delete(key);
  }

  start(): void {
    this.#isRunning = true;
    for (const target of this.#targets.values()) this.#wait(target, 0);
  }

  stop(): void {
    this.#isRunning = false;
    for (const target of this.#targets.values()) clearTimeout(target.timer);
  }

  /** A link to it stands. */
  linked(target: Target): void {
    this.#rest(target);
    clearTimeout(target.timer);
    target.mustConnect = false;
    target.wasReached = true;
    target.isReported = false;
  }

  /** No link came of it. @param isHopeless nothing but a change of configuration will help: the longest pause */
  failed(target: Target, isHopeless = false): void {
    this.#rest(target);
    const { reconnectMax } = this.#options;
    if (isHopeless) target.pauseMs = reconnectMax;
    target.pauseMs = Math.min(reconnectMax, target.pauseMs * GROWTH);
    // Jittered between the pause before and this one, so that many that lost one peer do not come back together.
    this.#wait(target, target.pauseMs * (1 - Math.random() * (1 - 1 / GROWTH)));
  }

  /** It was asked to connect; if it does not, the next attempt is this side's own. */
  called(target: Target, waitMs: number): void {
    this.#rest(target);
    target.state = 'called';
    this.#arm(target, waitMs);
  }

  /** A link to it was lost that had stood for so long. One that stood is dialed again after the shortest pause. */
  lost(target: Target, stoodMs: number): void {
    // If the other side was asked to connect, that was for the link that stood: it is asked again.
    if (target.state === 'dialing') return;
    if (stoodMs >= STOOD_MS) target.pauseMs = this.#options.reconnectMin;
    this.failed(target);
  }

  /** The target is there and wants to be dialed now. */
  hurry(target: Target): void {
    if (target.state !== 'dialing') this.#wait(target, 0);
  }

  #rest(target: Target): void {
    if (target.state === 'dialing') this.#dials--;
    target.state = 'pausing';
  }

  #wait(target: Target, ms: number): void {
    target.state = 'pausing';
    this.#arm(target, ms);
  }

  #arm(target: Target, ms: number): void {
    clearTimeout(target.timer);
    if (this.#isRunning && this.#targets.get(target.key) === target)
      target.timer = setTimeout(() => this.#try(target), ms).unref();
  }

  #try(target: Target): void {
    if (!this.#isRunning || target.state === 'dialing' || !this.#isNeeded(target)) return;
    if (this.#dials >= this.#options.maxPendingLinks) {
      this.#arm(target, BUSY_MS);
      return;
    }
    this.#dials++;
    if (target.state === 'called') target.mustConnect = true;
    target.state = 'dialing';
    this.#dial(target);
  }
}
