// The links of a daemon: from listeners and addresses to dial, through the handshake, to links that stand, and their end.

import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Frame } from '@snapcommunicator/network/frame';
import type { ExistingLink, RefusalReason, Surroundings } from '@snapcommunicator/network/handshake';
import type { Message } from 'snapcommunicator/wire';
import type { Log, RateLimit } from '../log.ts';
import { isLoopback } from '../options/addresses.ts';
import { Acquaintances } from './acquaintances.ts';
import { Admission } from './admission.ts';
import { Certificates } from './certificates.ts';
import { makeNonce } from './cluster-secret.ts';
import { type DialFailure, dialSocket } from './dialing.ts';
import { type BoundAddresses, Entrance } from './entrance.ts';
import type { KnownMachine, LinkEvents, LinkSurroundings } from './events.ts';
import { Introductions } from './introductions.ts';
import { formatEndpoint, readEndpoint } from './ip-address.ts';
import { isOf, LegacyPeers } from './legacy-peers.ts';
import { Link, type LinkEnd, type Port } from './link.ts';
import type { Accepted } from './listener.ts';
import { LogIns } from './log-ins.ts';
import { Meeting, type Verdict } from './meeting.ts';
import type { LinkOptions } from './options.ts';
import { type Refusal, Refusals } from './refusals.ts';
import { type Target, Targets } from './targets.ts';

export type { KnownMachine, LegacySocket, LinkEvents, LinkSurroundings } from './events.ts';
export { Link } from './link.ts';

/** Refusals that the same words will meet again: only a change of configuration helps. */
const HOPELESS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  'name',
  'self',
  'secret',
  'password',
  'certificate',
  'untrusted',
  'blocked',
  'legacy',
]);

/** Bytes of a line between frames, and of a frame's head: neighbours are told in one. */
const LINE_BYTES_MAX = 16 * 1024;

export class Links implements Iterable<Link> {
  readonly #options: LinkOptions;
  readonly #surroundings: LinkSurroundings;
  readonly #events: LinkEvents;
  readonly #log: Log['lines'];
  readonly #certificates: Certificates;
  readonly #introductions: Introductions;
  readonly #admission: Admission;
  readonly #logIns: LogIns;
  readonly #refusals: Refusals;
  readonly #entrance: Entrance;
  readonly #acquaintances: Acquaintances;
  readonly #targets: Targets;
  readonly #links = new Map<Port, Link>();
  readonly #meetings = new Set<Meeting>();
  readonly #legacyPeers: LegacyPeers;
  /** Which target a link that was dialed leads to. */
  readonly #targetOf = new Map<Link, Target>();
  readonly #dials = new Set<() => void>();
  #lastPort = 0;
  #isClosed = false;
  #resolveEmpty: (() => void) | undefined;

  /** @throws StartError when a file that the options name cannot be used */
  constructor(options: LinkOptions, surroundings: LinkSurroundings, log: Log, brake: RateLimit, events: LinkEvents) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#events = events;
    this.#log = log.lines;
    this.#certificates = new Certificates(options);
    this.#admission = new Admission(options, () => performance.now());
    this.#refusals = new Refusals(this.#log, brake);
    this.#logIns = new LogIns(options, this.#admission, this.#log, (host) => this.#blocked(host));
    this.#entrance = new Entrance(options, this.#certificates, this.#admission, this.#logIns, this.#refusals, {
      pendingCount: () => [...this.#meetings].filter(({ setup }) => setup.target === undefined).length,
      isStopping: () => this.#isStopping,
      welcome: (accepted) => this.#welcome(accepted),
      service: (socket, firstBytes, user) => events.service(socket, firstBytes, user),
    });
    this.#targets = new Targets(
      options,
      (target) => !this.#isStopping && !this.#isSatisfied(target),
      (target) => this.#dial(target),
    );
    this.#legacyPeers = new LegacyPeers((peer, stoodMs) => {
      for (const target of this.#targets) {
        if (!isOf(peer, target)) continue;
        target.legacySeenMs = performance.now();
        this.#lost(target, stoodMs);
      }
    });
    this.#acquaintances = new Acquaintances(options, this.#admission, this.#targets, this.#log, () =>
      events.known?.(this.known().map(({ address }) => address)),
    );
    this.#introductions = new Introductions(options, surroundings, () => this.#acquaintances.worthTrying());
  }

  /** Listens everywhere. @throws StartError naming what cannot be had */
  async listen(): Promise<BoundAddresses> {
    await this.#logIns.load();
    const bound = await this.#entrance.open();
    const isTrusting = bound.remote.length > 0 && !this.#introductions.hasSecret;
    if (isTrusting)
      this.#log.warn(
        { remote: bound.remote },
        'plain links prove nothing: whoever is in trust_plain may link and be believed. A cluster_secret_file, or secure links, would change that',
      );
    return bound;
  }

  /** Begins to dial. */
  start(): void {
    this.#acquaintances.start(
      (address) => this.#isOwn(address),
      () => [...this.#links.values()].map(({ peer }) => peer),
    );
    this.#targets.start();
  }

  /** `IP:port` that others are told to connect to; empty without a plain listener. */
  get address(): string {
    const { host, port } = this.#options.myAddress;
    const bound = this.#entrance.remotePort;
    if (bound === undefined) return '';
    return formatEndpoint({ host, port: port === 0 ? bound : port });
  }

  /** The links that stand. */
  [Symbol.iterator](): Iterator<Link> {
    return this.#links.values();
  }

  get(port: Port): Link | undefined {
    return this.#links.get(port);
  }

  /** How often this side refused, by reason. */
  get refused(): Readonly<Partial<Record<Refusal, number>>> {
    return this.#refusals.counts;
  }

  /** The daemons that are configured or were learnt of. */
  known(): readonly KnownMachine[] {
    return this.#acquaintances.list((target) => this.#isSatisfied(target));
  }

  /** Drops what is known of a machine, by `IP:port`, IP or name. A link that stands stays. */
  forget(addressOrServer: string): boolean {
    return this.#acquaintances.forget(addressOrServer);
  }

  /** Refuses an address for a while, as this daemon or another one found right. @param periodMs default: block_time */
  block(host: string, periodMs?: number): void {
    this.#admission.block(host, periodMs);
  }

  /** Reads certificates, passwords and credentials again. @throws StartError; what it could not read stays as it was */
  async reload(): Promise<void> {
    this.#certificates.reload();
    this.#entrance.reload();
    this.#introductions.reload();
    await this.#logIns.load();
  }

  /** Stops in order: nobody is taken any more, every peer is told, what is queued goes out, within stop_timeout. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#entrance.close();
    this.#targets.stop();
    for (const cancel of this.#dials) cancel();
    for (const meeting of this.#meetings) meeting.abandon();
    this.#meetings.clear();
    const isEmpty = new Promise<void>((resolve) => {
      this.#resolveEmpty = resolve;
    });
    for (const link of this.#links.values()) link.hangUp(true);
    if (this.#links.size > 0) await isEmpty;
    this.#acquaintances.close();
  }

  get #isStopping(): boolean {
    return this.#isClosed || this.#surroundings.isStopping();
  }

  /** Whether a plain address leads back to this daemon. */
  #isOwn(address: string): boolean {
    const endpoint = readEndpoint(address);
    if (endpoint === undefined || address === this.address) return address === this.address;
    if (this.#entrance.endpointAt(endpoint.host)?.port !== endpoint.port) return false;
    return Object.values(networkInterfaces()).some((all) => all?.some(({ address: own }) => own === endpoint.host));
  }

  // Before the handshake.

  #welcome({ socket, isSecure }: Accepted): Meeting {
    return this.#meet(socket, isSecure, undefined);
  }

  #dial(target: Target): void {
    const localAddress = isLoopback(target.address.host) ? this.#entrance.loopbackHost : undefined;
    const options = { certificates: this.#certificates, timeoutMs: this.#options.handshakeTimeout, localAddress };
    const cancel = dialSocket(target.address, options, (result) => {
      this.#dials.delete(cancel);
      if ('reason' in result) this.#missed(target, result);
      else this.#reached(target, result);
    });
    this.#dials.add(cancel);
  }

  #missed(target: Target, { reason, isCertificate }: DialFailure): void {
    const { host, port } = target.address;
    const address = formatEndpoint({ host, port });
    if (isCertificate) this.#refusals.add('certificate', { address, isOurs: true, detail: reason });
    else if (!target.isReported) {
      target.isReported = true;
      this.#log.info({ address, reason }, 'a daemon cannot be reached');
      if (this.#acquaintances.isWorthReporting(target)) this.#events.unreachable(address);
    }
    this.#failed(target, isCertificate);
  }

  #reached(target: Target, socket: Socket): void {
    target.isReported = false;
    const isSecure = target.address.scheme === 'scs';
    const meeting = this.#meet(socket, isSecure, target);
    target.peerHost = meeting.peerHost;
    if (!isSecure && !this.#admission.isPlainAllowed(meeting.ownHost, meeting.peerHost, target.isConfigured)) {
      meeting.abandon();
      this.#failedMeeting(meeting, 'untrusted', undefined);
      return;
    }
    meeting.begin(this.#acquaintances.mustAsk(target, this.#entrance.endpointAt(meeting.ownHost)));
  }

  #meet(socket: Socket, isSecure: boolean, target: Target | undefined): Meeting {
    const { handshakeTimeout: timeoutMs, maxHandshakeSize: bytesMax, serverName: server } = this.#options;
    const meeting = new Meeting(
      { socket, isSecure, target, nonce: makeNonce(), server, timeoutMs, bytesMax },
      {
        around: (asking) => this.#around(asking),
        examine: (asking, message: Message) =>
          target !== undefined || asking.handshake.state !== 'fresh' || this.#entrance.examine(asking, message),
        ended: (ended, verdict) => this.#ended(ended, verdict),
        failed: (failed, refusal, detail) => this.#failedMeeting(failed, refusal, detail),
      },
    );
    this.#meetings.add(meeting);
    return meeting;
  }

  // In the handshake.

  #around(meeting: Meeting): Surroundings {
    const { setup, ownHost, path, objection } = meeting;
    const callAt = setup.target === undefined ? undefined : this.#entrance.endpointAt(ownHost);
    const rivals = [...this.#links.values(), ...[...this.#meetings].filter((other) => other.agreed !== undefined)];
    meeting.rivals = rivals.filter((other) => other !== meeting);
    return {
      ...this.#introductions.about(setup, this.address),
      ...(callAt !== undefined && { callAddress: formatEndpoint(callAt) }),
      nonce: setup.nonce,
      path,
      links: meeting.rivals.map(existing),
      linksMax: this.#options.maxLinks,
      isStopping: this.#isStopping,
      objection,
      holderOf: (server) => this.#surroundings.holderOf(server),
    };
  }

  #ended(meeting: Meeting, verdict: Verdict): void {
    this.#meetings.delete(meeting);
    const { target } = meeting.setup;
    const { remoteAddress: address, detail } = meeting;
    switch (verdict.kind) {
      case 'linked':
        this.#link(meeting, verdict);
        return;
      case 'legacy':
        this.#handOver(meeting, verdict);
        return;
      case 'gossip':
        this.#acquaintances.called(verdict.address);
        return;
      case 'received':
        if (target !== undefined) this.#targets.called(target, this.#options.gossipWait);
        return;
      case 'refused': {
        const { isOurs } = verdict;
        const isSecond = verdict.reason === 'name' && !isOurs && target && this.#legacyPeers.isRecent(target);
        const reason = isSecond ? 'duplicate' : verdict.reason;
        this.#refusals.add(reason, { address, server: meeting.peer?.server, isOurs, detail });
        if (reason === 'name') this.#events.nameConflict?.(address, meeting.peer?.server, isOurs);
        if (target === undefined) return;
        target.node = meeting.peer?.node ?? target.node;
        if (reason === 'self') this.#acquaintances.isSelf(target);
        this.#failed(target, HOPELESS.has(reason));
      }
    }
  }

  #failedMeeting(meeting: Meeting, refusal: Refusal | undefined, detail: string | undefined): void {
    this.#meetings.delete(meeting);
    const { target } = meeting.setup;
    const address = meeting.remoteAddress;
    if (refusal !== undefined) this.#refusals.add(refusal, { address, isOurs: true, detail });
    else this.#log.debug({ address, detail }, 'a connection ended before it was a link');
    if (target !== undefined) this.#failed(target, false);
  }

  #failed(target: Target, isHopeless: boolean): void {
    this.#targets.failed(target, isHopeless);
    this.#acquaintances.failed(target);
  }

  // Links that stand.

  #link(meeting: Meeting, { peer, replaced }: Verdict & { readonly kind: 'linked' }): void {
    const { target, isSecure, socket } = meeting.setup;
    const { maxLinkQueue, maxLinkBacklog, maxLinkControl, maxFrameSize, stopTimeout, serverName } = this.#options;
    const rest = meeting.handOver();
    const link = new Link(
      {
        port: ++this.#lastPort,
        id: meeting.handshake.linkId(meeting.setup.nonce),
        socket,
        peer,
        server: serverName,
        path: meeting.path,
        remoteAddress: meeting.remoteAddress,
        remoteHost: meeting.peerHost,
        isSecure,
        wasDialedHere: target !== undefined,
        cost: this.#acquaintances.costOf(target, peer.address, meeting.peerHost, isSecure),
        queueLimits: { socketBytesMax: maxLinkQueue, dataBytesMax: maxLinkBacklog, controlBytesMax: maxLinkControl },
        frameLimits: { headBytesMax: LINE_BYTES_MAX, payloadBytesMax: maxFrameSize },
        memory: this.#surroundings.memory,
        hangUpMs: stopTimeout,
      },
      this.#owner,
    );
    this.#links.set(link.port, link);
    if (target !== undefined) {
      target.node = peer.node;
      this.#targets.linked(target);
      this.#targetOf.set(link, target);
    }
    for (const other of this.#targets) if (other === target || leadsTo(other, link)) other.server = peer.server;
    this.#log.info(
      { peer: peer.server, address: link.remoteAddress, port: link.port, isSecure, wasDialedHere: link.wasDialedHere },
      'link up',
    );
    const isOfOurArea = peer.area === this.#surroundings.identity().area;
    if (isOfOurArea) this.#acquaintances.met(peer, isSecure, meeting.handshake.peerNeighbors);
    this.#events.up(link);
    for (const place of replaced) this.#replace(meeting.rivals[place]);
    const told = isOfOurArea && !isSecure ? this.#introductions.toldLate() : '';
    if (told !== '') link.say(`GOSSIP neighbors=${told}`);
    link.start(rest);
  }

  #replace(rival: Link | Meeting | undefined): void {
    if (rival instanceof Link) rival.hangUp(false);
    else if (rival !== undefined && !rival.isOver) {
      this.#meetings.delete(rival);
      rival.abandon();
    }
  }

  readonly #owner = {
    frame: (link: Link, frame: Frame): void => this.#events.frame(link, frame),
    readEnd: (link: Link): void => this.#events.readEnd(link),
    told: (link: Link, neighbors: string): void => {
      if (link.peer.area === this.#surroundings.identity().area && !link.isSecure) this.#acquaintances.learn(neighbors);
    },
    ended: (link: Link, { isOrderly, reason }: LinkEnd): void => {
      this.#links.delete(link.port);
      const stoodMs = link.stoodMs;
      this.#log.info({ peer: link.peer.server, address: link.remoteAddress, port: link.port, reason }, 'link down');
      const dialed = this.#targetOf.get(link);
      this.#acquaintances.parted(link.peer);
      for (const target of [...this.#targets]) {
        if (target === dialed || leadsTo(target, link)) this.#lost(target, stoodMs);
      }
      this.#targetOf.delete(link);
      this.#events.down(link, isOrderly);
      if (this.#links.size === 0) this.#resolveEmpty?.();
    },
  };

  #handOver(meeting: Meeting, { message, early }: Verdict & { readonly kind: 'legacy' }): void {
    const { target, isSecure } = meeting.setup;
    const address = message.parameters['my_address'] ?? '';
    if (target !== undefined) {
      target.server = message.parameters['server_name'] ?? '';
      this.#targets.linked(target);
    }
    if (!isSecure) this.#acquaintances.metLegacy(message.parameters);
    const cost = this.#acquaintances.costOf(target, address, meeting.peerHost, isSecure);
    this.#events.legacy(this.#legacyPeers.adopt(meeting, message, early, cost));
  }

  #lost(target: Target, stoodMs: number): void {
    if (this.#isSatisfied(target)) return;
    this.#targets.lost(target, stoodMs);
    this.#acquaintances.failed(target);
  }

  /** Whether a link to this target stands, or is about to. */
  #isSatisfied(target: Target): boolean {
    for (const link of this.#links.values()) {
      if (this.#targetOf.get(link) === target || leadsTo(target, link)) return true;
    }
    return this.#legacyPeers.has(target);
  }

  #blocked(host: string): void {
    const reason = `${this.#options.maxFailedLogins} failed log-ins`;
    this.#log.warn({ address: host }, 'an address is blocked: wrong passwords');
    this.#events.block(host, reason);
  }
}

/** Whether a link that was not dialed by this target's address leads to the same place. */
function leadsTo(target: Target, { peer, isSecure, remoteHost }: Link): boolean {
  if (peer.address === target.key) return true;
  const isOfSameKind = isSecure === (target.address.scheme === 'scs');
  if (!isOfSameKind || remoteHost !== target.peerHost) return false;
  // While nobody has answered there: a machine on several networks tells one address, and listens at one port on all.
  return target.node === undefined ? peer.address.endsWith(`:${target.address.port}`) : target.node === peer.node;
}

function existing(rival: Link | Meeting): ExistingLink {
  const peer = rival.peer as NonNullable<Meeting['peer']>;
  const wasDialedHere = rival instanceof Link ? rival.wasDialedHere : rival.setup.target !== undefined;
  return { node: peer.node, incarnation: peer.incarnation, path: rival.path, wasDialedHere };
}
