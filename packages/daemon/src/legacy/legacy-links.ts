// The links to C++ daemons: who is behind them, what goes to them, and what the rest of the daemon is told of them.

import type { Socket } from 'node:net';
import {
  type Copy,
  hasEnvelope,
  hostOf,
  type Introduction,
  type LegacyPort,
  type LegacyRefusal,
  type OpaqueFact,
  REPEATER_OPTIONS,
  Repeater,
  readIntroduction,
  refuse,
  type Time,
} from '@snapcommunicator/network/legacy';
import type { OpaqueDecision } from '@snapcommunicator/network/router';
import { createMessage, decodeLine, encodeMessage, type Message } from 'snapcommunicator/wire';
import { count } from '../bus/counters.ts';
import type { LegacySocket } from '../links/events.ts';
import { isPublic } from '../options/addresses.ts';
import type { Destination } from '../switch/destination.ts';
import type { Refusal } from '../switch/output.ts';
import { Everybody, eachLine } from './everybody.ts';
import { LegacyEntry } from './legacy-entry.ts';
import type { LegacyParts } from './legacy-parts.ts';
import { ENVELOPED, type LegacyCounters, LegacyPeer, type PeerEffect, type PeerOwner } from './legacy-peer.ts';

/** A link to a C++ daemon, as it is shown: its far side is opaque. */
export interface OpaqueLink {
  readonly server: string;
  readonly isOpaque: true;
  /** `IP:port` to which others connect. */
  readonly address: string;
  /** `IP:port` of its end of the socket. */
  readonly remoteAddress: string;
  readonly isSecure: boolean;
  readonly wasDialedHere: boolean;
  /** Seconds since 1970. */
  readonly since: number;
  readonly services: readonly string[];
  readonly heardOf: readonly string[];
  /** Servers from which messages came over it. */
  readonly servers: readonly string[];
  readonly load: number | undefined;
  readonly counters: LegacyCounters;
}

/** Servers that are remembered for each link, and for how long without a message from them. */
const SERVERS_MAX = 256;
const SERVER_MS = 10 * 60_000;
const EMPTY = Buffer.alloc(0);

export class LegacyLinks {
  readonly #parts: LegacyParts;
  readonly #peers = new Map<LegacyPort, LegacyPeer>();
  readonly #repeater: Repeater;
  readonly #entry: LegacyEntry;
  readonly #everybody: Destination | undefined;
  #lastPort = 0;
  #isStopping = false;

  constructor(parts: LegacyParts) {
    this.#parts = parts;
    const { server, myAddress, life, isOwnId } = parts;
    this.#repeater = new Repeater({ ...REPEATER_OPTIONS, server, host: () => hostOf(myAddress()), life, isOwnId });
    this.#entry = new LegacyEntry(parts, {
      repeater: this.#repeater,
      time,
      append: (copies) => this.#append(copies),
    });
    this.#everybody = parts.output.openDestination(new Everybody((line) => this.#repeat(line)));
  }

  get count(): number {
    return this.#peers.size;
  }

  /** `IP:port` by which the machines behind the links are known, with their names. */
  get addresses(): [address: string, server: string][] {
    const pairs: [string, string][] = [];
    for (const { introduction, remoteAddress, server } of this.#peers.values())
      pairs.push([introduction.address, server], [remoteAddress, server]);
    return pairs;
  }

  /** Whether the C++ daemon of that name is linked. */
  has(server: string): boolean {
    return this.#peerNamed(server) !== undefined;
  }

  /** Takes over the connection of a C++ daemon that said CONNECT or ACCEPT. */
  accept({ socket, message, early, rest, wasDialedHere, isSecure, remoteAddress }: LegacySocket): void {
    const introduction = readIntroduction(message.command, message.parameters);
    if (typeof introduction === 'string') return this.#turnAway(socket, introduction, remoteAddress, '');
    const { server, address } = introduction;
    const rival = this.#peerNamed(server);
    const reason = this.#objectionTo(introduction, rival);
    if (reason !== undefined) return this.#turnAway(socket, reason, remoteAddress, server);
    const { output, brake, log, now, lineBytesMax, aliveIntervalMs, loadIntervalMs, hangUpMs } = this.#parts;
    const port = ++this.#lastPort;
    const link = { server: this.#parts.server, wasDialedHere, aliveIntervalMs, loadIntervalMs };
    const setup = { port, socket, introduction, isSecure, remoteAddress, link, lineBytesMax, hangUpMs, now };
    const peer = new LegacyPeer(setup, this.#owner, output);
    const destination = output.openDestination(peer);
    if (destination === undefined) {
      brake.run('legacy full', () => log.lines.warn({ address }, 'link refused: there are too many destinations'));
      return this.#turnAway(socket, 'full', remoteAddress, server);
    }
    peer.destination = destination;
    this.#peers.set(port, peer);
    const isNear = !isPublic(hostOf(address));
    this.#repeater.add({ port, server, host: hostOf(address), isSecure, isNear });
    this.#parts.changed(port, this.#factOf(peer));
    this.#parts.up(server);
    log.lines.info({ peer: server, address: remoteAddress, isSecure, wasDialedHere }, 'link to a C++ daemon up');
    // The same daemon has connected anew: it knows best that the old connection is no good.
    rival?.end('replaced');
    peer.start(this.introduction(), early.map(createMessage as (parts: unknown) => Message), rest);
  }

  /** What this daemon says of itself. */
  introduction(): Introduction {
    const { server, myAddress, announced } = this.#parts;
    const [services, heardOf, neighbors] = [announced.services(), announced.heardOf(), announced.neighbors()];
    return { server, address: myAddress(), services, heardOf, neighbors };
  }

  /** Where lines go that are for what lies behind these links; they get their envelope on the way out. */
  destinationFor({ ports: [port], isCertain }: OpaqueDecision): Destination | undefined {
    return isCertain && port !== undefined ? this.#peers.get(port)?.destination : this.#everybody;
  }

  /** A broadcast of this machine goes to peers, too. @param id what the graph calls it, if it went there */
  broadcast(line: Uint8Array, mark: '?' | '*', id: string | undefined): void {
    if (this.#peers.size === 0) return;
    const message = this.#read(line);
    if (message !== undefined) this.#append(this.#repeater.leave(message, this.#repeater.scope(mark), time(), id));
  }

  /**
   * A broadcast arrived by the graph: it goes to the peers that do not have it.
   * @returns it as services are to see it; undefined if it had come another way
   */
  takeBroadcast(line: Uint8Array, mark: string, id: string): Uint8Array | undefined {
    if (this.#peers.size === 0 && !mayHaveEnvelope(line)) return line;
    const message = this.#read(line);
    if (message === undefined) return undefined;
    const ports = this.#repeater.scope(mark);
    if (!hasEnvelope(message.parameters)) {
      this.#append(this.#repeater.leave(message, ports, time(), id));
      return line;
    }
    const bare = this.#repeater.arrive(message, time());
    if (bare === undefined) return undefined;
    this.#append(this.#repeater.passOn(message, ports));
    return encodeLine(bare);
  }

  /**
   * A message that arrived by the graph and ends here.
   * @returns as its service is to see it; undefined if it had come another way
   */
  takeMessage(message: Message): Message | undefined {
    return this.#repeater.arrive(message, time());
  }

  /** Tells all peers something in this daemon's name. */
  tellAll(command: string, parameters: Readonly<Record<string, string>> = {}): void {
    for (const peer of this.#peers.values()) peer.say(command, parameters);
  }

  /** The links, for whoever looks. */
  describe(): OpaqueLink[] {
    return [...this.#peers.values()].map((peer) => {
      const { server, introduction, remoteAddress, isSecure, wasDialedHere, upSince: since, load, counters } = peer;
      const { address, services, heardOf } = introduction;
      const servers = [...peer.servers.keys()];
      const link = { server, isOpaque: true, address, remoteAddress, isSecure, wasDialedHere, since } as const;
      return { ...link, services, heardOf, servers, load, counters: { ...counters } };
    });
  }

  /** Takes leave of all, and waits until what was queued is out, within the time for that. */
  async close(): Promise<void> {
    this.#isStopping = true;
    const peers = [...this.#peers.values()];
    for (const peer of peers) peer.end('stopping');
    await Promise.all(peers.map(({ closed }) => closed));
  }

  #objectionTo({ server, address }: Introduction, rival: LegacyPeer | undefined): LegacyRefusal | undefined {
    if (this.#isStopping) return 'stopping';
    if (server === this.#parts.server || this.#parts.isNodeNamed(server)) return 'name';
    if (rival !== undefined && rival.introduction.address !== address) return 'name';
    return rival === undefined && this.#peers.size >= this.#parts.linksMax ? 'full' : undefined;
  }

  #turnAway(socket: Socket, reason: LegacyRefusal, address: string, server: string): void {
    const { brake, log, hangUpMs } = this.#parts;
    brake.run(`legacy ${reason}`, (skipped) =>
      log.lines.warn({ address, peer: server || undefined, reason, skipped }, 'link refused: to a C++ daemon'),
    );
    const sender = { sentFromServer: this.#parts.server, sentFromService: 'communicatord' };
    socket.on('error', () => undefined);
    socket.end(`${encodeMessage({ ...sender, command: 'REFUSE', parameters: refuse(reason) })}\n`);
    socket.resume();
    setTimeout(() => socket.destroy(), hangUpMs).unref();
  }

  readonly #owner: PeerOwner = {
    carryOut: (peer, effect, line) => this.#carryOut(peer, effect, line),
    reject: (peer, error, command) => {
      const { counters, brake, log } = this.#parts;
      count(counters.invalid, error as 'PARAMETERS');
      brake.run(`legacy invalid ${peer.server}`, (skipped) =>
        log.lines.warn({ peer: peer.server, code: error, command, skipped }, 'line refused: it is no message'),
      );
      if (!SILENT.has(command)) peer.say('INVALID', { command: command || 'UNDEFINED', message: error });
    },
    envelop: (peer, lines) => this.#envelop(peer, lines),
  };

  #carryOut(peer: LegacyPeer, effect: PeerEffect, line: Uint8Array): void {
    const { loadHeard, load } = this.#parts;
    switch (effect.kind) {
      case 'carry':
        this.#noteServer(peer, effect.message.sentFromServer.toLowerCase());
        return this.#entry.carry(peer, effect.message, line);
      case 'command':
        this.#parts.counters.fromOpaque++;
        return this.#entry.command(peer, effect.message);
      case 'tell-load':
        return peer.say('LOADAVG', load());
      case 'load': {
        const average = Number(effect.parameters['avg']);
        peer.load = Number.isFinite(average) && average >= 0 ? average : undefined;
        return loadHeard(effect.parameters);
      }
      case 'down':
        return this.#down(peer, effect.isOrderly, effect.reason);
    }
  }

  #down(peer: LegacyPeer, isOrderly: boolean, reason: string): void {
    this.#peers.delete(peer.port);
    this.#repeater.remove(peer.port);
    this.#parts.changed(peer.port, undefined);
    peer.close();
    this.#parts.down(peer.server, isOrderly);
    this.#parts.log.lines.info({ peer: peer.server, address: peer.remoteAddress, reason }, 'link to a C++ daemon down');
    // The new connection of the same daemon bears its name in the link state.
    const successor = this.#peerNamed(peer.server);
    if (successor !== undefined) this.#parts.changed(successor.port, this.#factOf(successor));
  }

  /** Answers to who sent a message from beyond the peer find their way back over its link. */
  #noteServer(peer: LegacyPeer, server: string): void {
    if (server === '' || server === peer.server || server === this.#parts.server) return;
    if (this.#parts.isNodeNamed(server) || this.#peerNamed(server) !== undefined) return;
    const now = this.#parts.now();
    const isNews = !peer.servers.delete(server);
    peer.servers.set(server, now);
    let isChanged = isNews;
    for (const [name, heardAtMs] of peer.servers) {
      if (now - heardAtMs <= SERVER_MS && peer.servers.size <= SERVERS_MAX) break;
      peer.servers.delete(name);
      isChanged = true;
    }
    if (isChanged) this.#parts.changed(peer.port, this.#factOf(peer));
  }

  #peerNamed(server: string): LegacyPeer | undefined {
    for (const peer of this.#peers.values()) if (peer.server === server) return peer;
    return undefined;
  }

  #factOf({ introduction, upSince: since, servers }: LegacyPeer): OpaqueFact {
    const { server, address, services, heardOf } = introduction;
    return { server, address, since, services, heardOf, servers: [...servers.keys()] };
  }

  /** Undefined if the message had passed here before. */
  #copiesOf(message: Message, ports: readonly LegacyPort[]): Copy[] | undefined {
    if (!hasEnvelope(message.parameters)) return this.#repeater.leave(message, ports, time());
    return this.#repeater.arrive(message, time()) === undefined ? undefined : this.#repeater.passOn(message, ports);
  }

  #append(copies: readonly Copy[]): 'queued' | Refusal {
    let result: 'queued' | Refusal = 'closed';
    for (const { port, message } of copies) {
      const destination = this.#peers.get(port)?.destination;
      if (destination === undefined) continue;
      const one = this.#parts.output.appendTracked(destination, encodeLine(message), undefined, undefined, ENVELOPED);
      if (result !== 'queued') result = one;
    }
    return result;
  }

  /** Lines of services, as they are kept for a peer or were appended to its destination, in their envelopes. */
  #envelop(peer: LegacyPeer, lines: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (const line of eachLine(lines)) {
      const message = this.#read(line);
      const [copy] = (message && this.#copiesOf(message, [peer.port])) ?? [];
      if (copy !== undefined) pieces.push(encodeLine(copy.message));
    }
    return pieces.length === 0 ? EMPTY : Buffer.concat(pieces);
  }

  /** Asks all peers. @returns whether one of them gets it; what passed here before is as good as sent */
  #repeat(line: Uint8Array): boolean {
    const message = this.#read(line);
    const copies = message && this.#copiesOf(message, [...this.#peers.keys()]);
    return copies === undefined || this.#append(copies) === 'queued';
  }

  /** A C++ daemon gets well-formed messages only: what is none ends here. */
  #read(line: Uint8Array): Message | undefined {
    const read = decodeLine(line, 0, line.length - 1);
    if (read.kind === 'message') return read.message;
    if (read.kind === 'invalid') count(this.#parts.counters.invalid, read.error);
    return undefined;
  }
}

const SILENT = new Set(['INVALID', 'UNKNOWN']);

const time = (): Time => ({ nowMs: performance.now(), unixSeconds: Date.now() / 1000 });

const encodeLine = (message: Message): Uint8Array => Buffer.from(`${encodeMessage(message)}\n`);

/** Whether a line may bear an envelope; only then its parameters need be read. */
export const mayHaveEnvelope = (line: Uint8Array): boolean =>
  Buffer.from(line.buffer, line.byteOffset, line.length).includes('broadcast_msgid=');
