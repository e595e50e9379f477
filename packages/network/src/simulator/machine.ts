// One simulated machine: a node with its links, its services and its disk; it can crash, freeze, and start again.

import { encodeMessage } from 'snapcommunicator/wire';
import { type Frame, HOPS_MAX, isRouted, isScopeMark, nodeOf, type ScopeMark } from '../frame/frame.ts';
import { encodeText } from '../frame/text.ts';
import type { Identity } from '../handshake/handshake.ts';
import { Keeper, TTL_LIMITS } from '../keeper/keeper.ts';
import { Node, type NodeEffect } from '../node/node.ts';
import { BROADCAST_OPTIONS } from '../router/broadcast.ts';
import { type Port, ROUTER_OPTIONS, type RouterOptions } from '../router/router.ts';
import { STREAM_OPTIONS } from '../stream/streams.ts';
import type { Checker, TracedMessage } from './checkers.ts';
import { Disk } from './disk.ts';
import type { LocalEffect } from './endings.ts';
import type { EventQueue } from './event-queue.ts';
import { type CableEnd, MachineLinks } from './links.ts';
import type { Cable } from './network.ts';
import type { Random } from './random.ts';
import { Sending, type Sent } from './sending.ts';

/** Ports of services are far from those of links. */
const SERVICE_PORT = 1_000_000;
/** So often a node may want another turn at one point of time; more is a loop. */
const TURNS_MAX = 1000;
/** Longer than any fault lasts, and much shorter than in life: so that what is owed to those who never come back ends. */
export const FORGET_MS = 30_000;
/** When simulated worlds begin, in Unix seconds. */
const START_S = 1_700_000_000;
const KEEPER_OPTIONS = {
  ...TTL_LIMITS,
  // Shorter than in life, so that much expires.
  ttlMinMs: 100,
  countMax: 100_000,
  bytesMax: 1e9,
  bytesPerDestinationMax: 1e8,
};

export interface World {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly checker: Checker;
  /** Whether every frame and every message of the handshake goes through its bytes. */
  readonly isByteExact: boolean;
  readonly shared: NonNullable<RouterOptions['shared']>;
}

export interface MachineSetup {
  readonly name: string;
  readonly id: string;
  readonly area: string;
  readonly services: readonly string[];
  /** The cluster secret that it was given, if any. */
  readonly secret: string | undefined;
  /** By how much its clock of the day is wrong, in s; and where its clock of running time begins, in ms. */
  readonly clockErrorS: number;
  readonly uptimeMs: number;
  /** How fast its clock of running time goes; 1 is right. */
  readonly clockRate: number;
}

/** How a service wants its message to be treated. */
export interface Wishes {
  readonly ttlMs: number;
  readonly isKept: boolean;
  readonly isDurable: boolean;
}

export class SimulatedMachine {
  readonly setup: MachineSetup;
  readonly cables: CableEnd[] = [];
  readonly services: Set<string>;
  readonly links: MachineLinks;
  readonly disk: Disk;
  node: Node<Sent> | undefined;
  /** Of its present life, as its frames bear it. */
  incarnation = 0;
  /** Whether the machine was told that its name belongs to another. */
  hasLostName = false;
  isDraining = false;
  load = 0;
  readonly #world: World;
  #sending: Sending | undefined;
  #effects: LocalEffect[] = [];
  readonly #servicePorts = new Map<Port, string>();
  #clockErrorS: number;
  /** The greatest that its disk knows of. */
  #storedIncarnation = 0;
  #nextPort = SERVICE_PORT;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #life = 0;
  /** What happened to it while it was frozen; undefined while it is awake. */
  #missed: (() => void)[] | undefined;

  constructor(setup: MachineSetup, world: World) {
    this.setup = setup;
    this.#world = world;
    this.services = new Set(setup.services);
    this.#clockErrorS = setup.clockErrorS;
    this.links = new MachineLinks(this, world);
    this.disk = new Disk(world.queue, world.random);
  }

  get life(): number {
    return this.#life;
  }

  /** The running time, as this machine's clock has it. */
  get now(): number {
    return this.#world.queue.nowMs * this.setup.clockRate + this.setup.uptimeMs;
  }

  /** The time of the day, as this machine's clock has it. */
  get #unixMs(): number {
    return (START_S + this.#clockErrorS) * 1000 + this.now - this.setup.uptimeMs;
  }

  get linkCount(): number {
    return this.links.count;
  }

  /** The machine on the other side of a link. */
  behind(port: Port): SimulatedMachine | undefined {
    return this.links.endOf(port)?.other;
  }

  start(): void {
    if (this.node !== undefined) return;
    const { random, shared } = this.#world;
    const { name, id, area, clockErrorS } = this.setup;
    this.incarnation = Math.max(this.#storedIncarnation + 1, Math.floor(this.#unixMs / 1000));
    this.#storedIncarnation = this.incarnation;
    this.#life++;
    const router = {
      ...ROUTER_OPTIONS,
      forgetMs: FORGET_MS,
      ageIntervalMs: FORGET_MS / 6,
      node: id,
      incarnation: this.incarnation,
      area,
      nameSince: START_S + clockErrorS,
      random: () => random.next(),
      shared,
    };
    const options = { server: name, router, streams: STREAM_OPTIONS, broadcasts: BROADCAST_OPTIONS };
    this.#effects = [];
    this.node = new Node<Sent>(
      options,
      (node) => {
        this.#sending = new Sending(node, new Keeper(KEEPER_OPTIONS), (effect) => void this.#effects.push(effect));
        return this.#sending;
      },
      this.now,
    );
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#servicePorts.clear();
    this.#sending?.restore(this.disk.read(this.#unixMs, this.now), this.now);
    for (const service of this.services) this.#register(service);
    if (this.isDraining) this.node.step({ kind: 'drain', isDraining: true }, this.now);
    if (this.load > 0) this.node.step({ kind: 'load', load: this.load }, this.now);
    this.links.begin();
    this.turn();
  }

  /** The machine forgets its incarnation and what it kept, and its clock is wrong by so much from now on. */
  loseDisk(clockErrorS: number): void {
    this.#storedIncarnation = 0;
    this.#clockErrorS = clockErrorS;
    this.disk.wipe();
    this.#world.checker.diskLost(this);
  }

  /** Power off, or kill -9: then the system closes its connections. */
  crash(isKill: boolean): void {
    if (this.node === undefined) return;
    this.node = undefined;
    this.#sending = undefined;
    this.#missed = undefined;
    this.disk.crash();
    this.#world.checker.died(this);
    this.links.die(isKill);
  }

  /** The daemon stands still, as a virtual machine may; its clock goes on, and what comes waits in the sockets. */
  freeze(): void {
    this.#missed ??= [];
  }

  thaw(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    for (const action of missed) this.whenAwake(action);
    this.turn();
  }

  /** Does something as soon as the daemon runs; not at all if it dies before. */
  whenAwake(action: () => void): void {
    if (this.#missed === undefined) action();
    else this.#missed.push(action);
  }

  /** A cable is taken away for good. */
  unplug(cable: Cable): void {
    cable.unplug();
    const place = this.cables.findIndex((each) => each.cable === cable);
    if (place !== -1) this.cables.splice(place, 1);
  }

  serviceUp(service: string): void {
    if (this.services.has(service)) return;
    this.services.add(service);
    this.whenAwake(() => {
      if (this.services.has(service)) this.#register(service);
      this.turn();
    });
  }

  /** A service comes that other machines are not told of, as passing clients. */
  servicePasses(service: string): void {
    this.#register(service, false);
    this.turn();
  }

  serviceDown(service: string): void {
    if (!this.services.delete(service)) return;
    this.whenAwake(() => {
      this.node?.step({ kind: 'service-down', service }, this.now);
      for (const [port, name] of this.#servicePorts) if (name === service) this.#servicePorts.delete(port);
      this.turn();
    });
  }

  /** Whether traffic of others shall keep away. */
  drain(isDraining: boolean): void {
    this.isDraining = isDraining;
    this.whenAwake(() => {
      this.node?.step({ kind: 'drain', isDraining: this.isDraining }, this.now);
      this.turn();
    });
  }

  /** @param load 0 (idle) to 100 */
  setLoad(load: number): void {
    this.load = load;
    this.whenAwake(() => {
      this.node?.step({ kind: 'load', load: this.load }, this.now);
      this.turn();
    });
  }

  /** A service of this machine sends a message. */
  send(from: string, server: string, service: string, wishes: Wishes): void {
    this.whenAwake(() => {
      if (this.#sending === undefined) return;
      const { checker } = this.#world;
      const message = checker.create(this, from, server, service, wishes.isDurable);
      const line = encodeMessage({
        sentFromServer: this.setup.name,
        sentFromService: from,
        server,
        service,
        command: 'N',
        parameters: { n: String(message.number), pad: 'x'.repeat(message.number % 50) },
      });
      const sender = `${this.setup.name}:${from}`;
      const accepted = { sender, server, service, bytes: encodeText(`${line}\n`), ...wishes, token: message };
      const refusal = this.#sending.accept(accepted, this.now);
      if (refusal === undefined) checker.accepted(message);
      else checker.refused(message, refusal);
      this.turn();
    });
  }

  /** A service of this machine broadcasts. */
  broadcast(from: string, scope: ScopeMark = '*'): void {
    this.whenAwake(() => {
      if (this.node === undefined) return;
      const number = this.#world.checker.broadcastFrom(this, scope);
      const sender = { sentFromServer: this.setup.name, sentFromService: from };
      const line = encodeMessage({ ...sender, service: scope, command: 'B', parameters: { n: String(number) } });
      this.node.broadcast(scope, encodeText(`${line}\n`), this.now);
      this.turn();
    });
  }

  /** A link stands. */
  linkUp(port: Port, cable: Cable, { node, incarnation, area }: Identity): void {
    this.hasLostName = false;
    const { link, delayMs } = cable;
    const peer = {
      node,
      instance: `${node}~${incarnation}`,
      isInArea: area === this.setup.area,
      kind: delayMs > 5 ? ('data-center' as const) : ('network' as const),
      cost: link.cost,
      roundTripMs: 2 * delayMs,
    };
    this.node?.step({ kind: 'link-up', link: port, peer }, this.now);
  }

  linkDown(port: Port): void {
    this.node?.step({ kind: 'link-down', link: port }, this.now);
    this.turn();
  }

  receive(port: Port, frame: Frame): void {
    if (isRouted(frame)) this.#world.checker.travelled(this, frame);
    this.node?.receive(port, frame, this.now);
    this.turn();
  }

  /** Lets the node do what is due, carries its effects out, and sets the alarm. */
  turn(): void {
    const { node } = this;
    if (node === undefined || this.#missed !== undefined) return;
    for (let turns = 0; this.node === node; turns++) {
      if (turns > TURNS_MAX) throw new Error(`${this.setup.name} wants a turn again and again at ${this.now} ms`);
      const effects = node.turn(this.now);
      const told = this.#effects;
      this.#effects = [];
      for (const effect of told) this.#tell(effect);
      for (const effect of effects) {
        this.#carryOut(effect);
        if (this.node !== node) return;
      }
      const kept = this.#sending?.nextDeadline() ?? Number.POSITIVE_INFINITY;
      const deadline = Math.min(node.nextDeadline(this.now) ?? Number.POSITIVE_INFINITY, kept);
      if (deadline > this.now) return this.#setAlarm(deadline);
    }
  }

  #setAlarm(deadline: number): void {
    const { queue } = this.#world;
    // Not now: rounding may bring the alarm a trifle before its time, and then time would stand still.
    const atMs = Math.max((deadline - this.setup.uptimeMs) / this.setup.clockRate, queue.nowMs + 1 / 1024);
    if (atMs >= this.#wakeAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakeAtMs = atMs;
    const life = this.#life;
    queue.at(atMs, () => {
      if (life !== this.#life || this.#wakeAtMs !== atMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.turn();
    });
  }

  #register(service: string, isAnnounced = true): void {
    const port = this.#nextPort++;
    this.#servicePorts.set(port, service);
    this.node?.step({ kind: 'service-up', service, port, isAnnounced }, this.now);
    this.node?.step({ kind: 'commands', port, commands: ['N'] }, this.now);
  }

  /** What the machine's side of the node says about messages. */
  #tell(effect: LocalEffect): void {
    const { checker } = this.#world;
    switch (effect.kind) {
      case 'deliver':
        return checker.delivered(this, this.#servicePorts.get(effect.port) ?? '?', effect.bytes);
      case 'broadcast':
        return checker.broadcastArrived(this, effect.bytes);
      case 'returned':
        return checker.returned(this.#traceOf(effect.accepted));
      case 'ending':
        return checker.ended(this.#traceOf(effect.accepted), effect.ending, effect.mayHaveArrived);
      case 'cached':
        return checker.stored(this.#traceOf(effect.accepted));
      case 'store-put':
        return this.disk.put(effect.entry, this.#unixMs, this.now, () => {
          this.whenAwake(() => {
            this.#sending?.stored(effect.entry.id);
            this.turn();
          });
        });
      case 'store-delete':
        return this.disk.delete(effect.id);
      case 'daemon':
        return;
    }
  }

  #traceOf({ token, bytes }: { readonly token: unknown; readonly bytes: Uint8Array }): TracedMessage {
    return (token as TracedMessage | undefined) ?? this.#world.checker.messageOf(bytes);
  }

  #carryOut(effect: NodeEffect): void {
    if (effect.kind === 'send') {
      const { frame, link } = effect;
      if (frame.kind === 'unknown') return;
      if (
        isRouted(frame) &&
        nodeOf(frame.origin) !== this.setup.id &&
        frame.hops >= HOPS_MAX &&
        !isScopeMark(frame.last)
      ) {
        this.#world.checker.violate(`${this.setup.name} passed a frame on and did not count the hop`);
      }
      this.links.send(link, frame);
    } else if (effect.kind === 'broadcast') this.#world.checker.broadcastArrived(this, effect.bytes);
    else if (effect.kind === 'hang-up') this.links.close(effect.link);
    else if (effect.kind === 'outbid') this.#storedIncarnation = effect.incarnation;
    else if (effect.kind === 'name-lost') this.hasLostName = true;
    else if (effect.kind === 'life-taken') {
      this.#storedIncarnation = effect.incarnation;
      this.crash(true);
      this.start();
    }
  }
}
