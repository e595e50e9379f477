// Whom a daemon knows: its configured neighbours, and those it was told of; what it tells others of them.

import { isIP } from 'node:net';
import type { Identity, Parameters } from '@snapcommunicator/network/handshake';
import type { Logger } from 'pino';
import { type Endpoint, isPublic } from '../options/addresses.ts';
import type { Admission } from './admission.ts';
import type { KnownMachine } from './events.ts';
import { compareEndpoints, formatEndpoint, readEndpoint } from './ip-address.ts';
import { KnownNeighbors } from './known-neighbors.ts';
import type { LinkOptions } from './options.ts';
import { type Target, type Targets, targetKey } from './targets.ts';

/** In seconds: who was only told of, and never reached, is forgotten after this. */
const HEARD_S = 600;
/** How often it is looked who is to be forgotten. */
const EXPIRY_MS = 15 * 60_000;
/** So many addresses are told to one neighbour, and taken from one. */
const TOLD_MAX = 500;

export class Acquaintances {
  readonly #options: LinkOptions;
  readonly #admission: Admission;
  readonly #targets: Targets;
  readonly #known: KnownNeighbors;
  readonly #changed: () => void;
  #isOwn: (address: string) => boolean = () => false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LinkOptions, admission: Admission, targets: Targets, log: Logger, changed: () => void) {
    this.#options = options;
    this.#admission = admission;
    this.#targets = targets;
    this.#changed = changed;
    const limits = { countMax: options.maxKnownNeighbors, keptS: options.knownNeighborTime / 1000, heardS: HEARD_S };
    this.#known = new KnownNeighbors(
      options.dataPath,
      limits,
      () => Date.now() / 1000,
      (error) => log.warn({ reason: error.message }, 'the known neighbours cannot be kept on disk'),
      (address) => this.#undial(address),
    );
  }

  /**
   * Everybody who is known becomes somebody to dial.
   * @param isOwn whether an address leads back to this daemon: a machine on several networks has several
   * @param peers those linked at any later time: they are not forgotten
   */
  start(isOwn: (address: string) => boolean, peers: () => Iterable<Identity>): void {
    this.#isOwn = isOwn;
    for (const neighbor of this.#options.neighbors) this.#targets.add(neighbor, true);
    if (this.#options.gossip) for (const { address } of this.#known) this.#dial(address);
    this.#timer = setInterval(() => {
      for (const peer of peers()) this.parted(peer);
      this.#known.expire();
    }, EXPIRY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#known.close();
  }

  /** Each machine once, as far as its name is known, by the address that is configured if one is. */
  list(isLinked: (target: Target) => boolean): readonly KnownMachine[] {
    const seen = new Map([...this.#known].map((neighbor) => [neighbor.address, neighbor]));
    const machines = new Map<string, KnownMachine>();
    const add = (machine: KnownMachine): void => {
      const key = machine.server === '' ? machine.address : machine.server;
      const other = machines.get(key);
      if (other === undefined) machines.set(key, machine);
      else
        machines.set(key, {
          ...(machine.isConfigured && !other.isConfigured ? machine : other),
          seenAt: Math.max(machine.seenAt, other.seenAt),
          isLinked: machine.isLinked || other.isLinked,
        });
    };
    for (const target of this.#targets) {
      const { server = '', seenAt = 0 } = seen.get(target.key) ?? {};
      seen.delete(target.key);
      const { key: address, isConfigured } = target;
      add({ address, server: server || target.server, seenAt, isConfigured, isLinked: isLinked(target) });
    }
    for (const { address, server, seenAt } of seen.values())
      add({ address, server, seenAt, isConfigured: false, isLinked: false });
    return [...machines.values()];
  }

  /** By `IP:port`, IP or name. */
  forget(addressOrServer: string): boolean {
    let wasKnown = false;
    const isMeant = (address: string, server: string): boolean =>
      address === addressOrServer || server === addressOrServer || readEndpoint(address)?.host === addressOrServer;
    for (const { address, server } of [...this.#known]) {
      if (!isMeant(address, server)) continue;
      this.#known.forget(address);
      wasKnown = true;
    }
    for (const { key, address, server } of [...this.#targets]) {
      if (!isMeant(key, server) && address.host !== addressOrServer) continue;
      this.#targets.remove(key);
      wasKnown = true;
    }
    this.#changed();
    return wasKnown;
  }

  /** Whether the target is to be asked to connect, because its address is the greater one. @param own where it would connect to */
  mustAsk(target: Target, own: Endpoint | undefined): boolean {
    const { scheme, host, port } = target.address;
    if (own === undefined || scheme !== 'sc' || target.mustConnect || isIP(host) === 0) return false;
    return compareEndpoints(own, { host, port }) < 0;
  }

  /** Others are spared a report about who was only told of and never reached. */
  isWorthReporting({ key, isConfigured, wasReached }: Target): boolean {
    return isConfigured || wasReached || [...this.#known].some(({ address, seenAt }) => address === key && seenAt > 0);
  }

  /** Somebody wants to be called. */
  called(text: string): void {
    const endpoint = readEndpoint(text);
    if (endpoint === undefined || !this.#isPlausible(endpoint)) return;
    if (this.#options.gossip) this.#hear(formatEndpoint(endpoint));
    const target = this.#dial(formatEndpoint(endpoint));
    if (target === undefined) return;
    target.mustConnect = true;
    this.#targets.hurry(target);
  }

  /** A daemon of the same area is linked. */
  met(peer: Identity, isSecure: boolean, neighbors: string): void {
    if (isSecure) return;
    this.#see(peer.address, peer.server);
    this.learn(neighbors);
  }

  /** Until now a link to it stood. */
  parted({ address, server }: Identity): void {
    if (this.#known.has(address)) this.#known.see(address, server);
  }

  metLegacy({ my_address = '', server_name = '', neighbors = '' }: Parameters): void {
    this.#see(my_address, server_name);
    this.learn(neighbors);
  }

  /** A neighbour tells of its own ones. */
  learn(neighbors: string): void {
    if (!this.#options.gossip) return;
    for (const text of neighbors.split(',', TOLD_MAX)) {
      const endpoint = readEndpoint(text);
      if (endpoint !== undefined && this.#isPlausible(endpoint)) this.#hear(formatEndpoint(endpoint));
    }
  }

  /** What neighbours are told: those that were seen, and those configured by a plain address. */
  worthTrying(): readonly string[] {
    if (!this.#options.gossip) return [];
    const addresses = new Set<string>();
    for (const { address, seenAt } of this.#known) if (seenAt > 0) addresses.add(address);
    for (const { key, isConfigured, address } of this.#targets)
      if (isConfigured && address.scheme === 'sc' && isIP(address.host) !== 0) addresses.add(key);
    return [...addresses].slice(0, TOLD_MAX);
  }

  /** The cost that the configuration gives a link: of the address dialed, or of another one of the same peer. */
  costOf(dialed: Target | undefined, address: string, host: string, isSecure: boolean): number | undefined {
    if (dialed !== undefined) return dialed.address.cost;
    const target = this.#targets.get(address);
    if (target !== undefined) return target.address.cost;
    const ofHost = this.#options.neighbors.filter(
      (neighbor) => neighbor.host === host && (neighbor.scheme === 'scs') === isSecure,
    );
    return ofHost.length === 1 ? ofHost[0]?.cost : undefined;
  }

  /** The address is this daemon's own. */
  isSelf({ key }: Target): void {
    this.#drop(key);
  }

  /** No link came of it, or it was lost: who called and is not to be remembered is not tried again. */
  failed({ key, isConfigured }: Target): void {
    if (!isConfigured && !(this.#options.gossip && this.#known.has(key))) this.#targets.remove(key);
  }

  #see(text: string, server: string): void {
    const endpoint = readEndpoint(text);
    if (endpoint === undefined || !this.#isPlausible(endpoint)) return;
    const address = formatEndpoint(endpoint);
    // A machine tells one address; another one was its address before.
    for (const known of [...this.#known])
      if (known.server === server && known.address !== address) this.#drop(known.address);
    const isNews = this.#known.see(address, server);
    if (this.#options.gossip) this.#dial(address);
    if (isNews) this.#changed();
  }

  #drop(address: string): void {
    this.#known.forget(address);
    this.#undial(address);
  }

  #undial(address: string): void {
    if (this.#targets.get(address)?.isConfigured === false) this.#targets.remove(address);
    this.#changed();
  }

  #hear(address: string): void {
    if ((!this.#known.has(address) && this.#isOwn(address)) || !this.#known.hear(address)) return;
    this.#dial(address);
    this.#changed();
  }

  #dial(address: string): Target | undefined {
    const endpoint = readEndpoint(address);
    if (endpoint === undefined) return undefined;
    const neighbor = { kind: 'network', scheme: 'sc', ...endpoint } as const;
    const isFull = [...this.#targets].length >= this.#options.maxKnownNeighbors + this.#options.neighbors.length;
    const known = this.#targets.get(targetKey(neighbor));
    return known ?? (isFull || this.#isOwn(address) ? undefined : this.#targets.add(neighbor, false));
  }

  /** Nobody is to make this daemon knock at doors where it may not link. */
  #isPlausible({ host }: Endpoint): boolean {
    return (this.#options.publicPlain || !isPublic(host)) && this.#admission.isPlainAllowed('', host, false);
  }
}
