// One simulated machine: a node, its links by the real handshake, its services; it can crash, start again, dial.

import { decodeLine, encodeMessage } from 'snapcommunicator/wire';
import type { Frame } from '../frame/frame.ts';
import { encodeText } from '../frame/text.ts';
import { Handshake, type HandshakeMessage, type HandshakeStep, type Surroundings } from '../handshake/handshake.ts';
import { Keeper, TTL_LIMITS } from '../keeper/keeper.ts';
import { Node, type NodeEffect } from '../node/node.ts';
import { BROADCAST_OPTIONS } from '../router/broadcast.ts';
import type { LinkState } from '../router/link-state.ts';
import { type Port, ROUTER_OPTIONS } from '../router/router.ts';
import { STREAM_OPTIONS } from '../stream/streams.ts';
import type { Checker } from './checkers.ts';
import type { LocalEffect } from './endings.ts';
import type { EventQueue } from './event-queue.ts';
import { type Cable, Connection } from './network.ts';
import type { Random } from './random.ts';
import { Sending, type Sent } from './sending.ts';

/** Ports of services are far from those of links. */
const SERVICE_PORT = 1_000_000;
/** So often a node may want another turn at one point of time; more is a loop. */
const TURNS_MAX = 1000;
/** Longer than any fault lasts, and much shorter than in life: so that what is owed to those who never come back ends. */
export const FORGET_MS = 30_000;
const REDIAL_MS_MIN = 200;
const REDIAL_MS_MAX = 2000;

export interface World {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly checker: Checker;
  /** Whether every frame and every message of the handshake goes through its bytes. */
  readonly isByteExact: boolean;
  readonly share: (state: LinkState) => LinkState;
}

export interface MachineSetup {
  readonly name: string;
  readonly id: string;
  readonly area: string;
  readonly services: readonly string[];
  /** By how much its clock of the day is wrong, in s; and where its clock of running time begins, in ms. */
  readonly clockErrorS: number;
  readonly uptimeMs: number;
}

/** A connection as this machine has it. */
interface Session {
  readonly connection: Connection;
  readonly side: 0 | 1;
  readonly cable: Cable;
  readonly handshake: Handshake;
  readonly nonce: string;
  readonly wasDialedHere: boolean;
  port: Port | undefined;
  peer: { readonly node: string; readonly incarnation: number } | undefined;
}

export class SimulatedMachine {
  readonly setup: MachineSetup;
  readonly cables: { readonly cable: Cable; readonly other: SimulatedMachine; readonly side: 0 | 1 }[] = [];
  readonly services: Set<string>;
  node: Node<Sent> | undefined;
  incarnation = 0;
  /** Whether the machine was told that its name belongs to another. */
  hasLostName = false;
  readonly #world: World;
  #sending: Sending | undefined;
  #effects: LocalEffect[] = [];
  readonly #sessions = new Set<Session>();
  readonly #byPort = new Map<Port, Session>();
  readonly #redialMs = new Map<Cable, number>();
  readonly #servicePorts = new Map<Port, string>();
  #clockErrorS: number;
  #nextPort = 1;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #life = 0;

  constructor(setup: MachineSetup, world: World) {
    this.setup = setup;
    this.#world = world;
    this.services = new Set(setup.services);
    this.#clockErrorS = setup.clockErrorS;
  }

  get life(): number {
    return this.#life;
  }

  /** The running time, as this machine's clock has it. */
  get now(): number {
    return this.#world.queue.nowMs + this.setup.uptimeMs;
  }

  get linkCount(): number {
    return this.#byPort.size;
  }

  /** The machine on the other side of a link. */
  behind(port: Port): SimulatedMachine | undefined {
    const cable = this.#byPort.get(port)?.cable;
    return this.cables.find((each) => each.cable === cable)?.other;
  }

  start(): void {
    if (this.node !== undefined) return;
    const { random, share, queue } = this.#world;
    const { name, id, area, clockErrorS } = this.setup;
    const unixS = Math.floor(1_700_000_000 + this.#clockErrorS + queue.nowMs / 1000);
    this.incarnation = Math.max(this.incarnation + 1, unixS);
    this.#life++;
    const router = {
      ...ROUTER_OPTIONS,
      forgetMs: FORGET_MS,
      ageIntervalMs: FORGET_MS / 6,
      node: id,
      incarnation: this.incarnation,
      area,
      nameSince: 1_700_000_000 + clockErrorS,
      random: () => random.next(),
      share,
    };
    const keeper = new Keeper({ ...TTL_LIMITS, countMax: 100_000, bytesMax: 1e9, bytesPerDestinationMax: 1e8 });
    const options = { server: name, router, streams: STREAM_OPTIONS, broadcasts: BROADCAST_OPTIONS };
    this.#effects = [];
    this.node = new Node<Sent>(
      options,
      (node) => {
        this.#sending = new Sending(node, keeper, (effect) => void this.#effects.push(effect));
        return this.#sending;
      },
      this.now,
    );
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#servicePorts.clear();
    for (const service of this.services) this.#announce(service);
    for (const { cable } of this.cables) this.#redialLater(cable, REDIAL_MS_MIN * random.next());
    this.#turn();
  }

  /** The machine forgets its incarnation, and its clock is wrong by so much from now on. */
  loseDisk(clockErrorS: number): void {
    this.incarnation = 0;
    this.#clockErrorS = clockErrorS;
  }

  /** Power off, or kill -9: then the system closes its connections. */
  crash(isKill: boolean): void {
    if (this.node === undefined) return;
    this.node = undefined;
    this.#world.checker.died(this);
    for (const { connection, side } of this.#sessions) connection.die(side, isKill);
    this.#sessions.clear();
    this.#byPort.clear();
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
    this.#announce(service);
    this.#turn();
  }

  serviceDown(service: string): void {
    this.services.delete(service);
    if (this.node === undefined) return;
    this.node.step({ kind: 'service-down', service }, this.now);
    for (const [port, name] of this.#servicePorts) if (name === service) this.#servicePorts.delete(port);
    this.#turn();
  }

  /** A service of this machine sends a message. */
  send(from: string, server: string, service: string, ttlMs: number, isKept: boolean): void {
    const { node } = this;
    if (node === undefined) return;
    const { checker } = this.#world;
    const message = checker.create(this, from, server, service);
    const line = encodeMessage({
      sentFromServer: this.setup.name,
      sentFromService: from,
      server,
      service,
      command: 'N',
      parameters: { n: String(message.number), pad: 'x'.repeat(message.number % 50) },
    });
    const sender = `${this.setup.name}:${from}`;
    const accepted = { sender, server, service, bytes: encodeText(`${line}\n`), ttlMs, isKept, token: message };
    const refusal = this.#sending?.accept(accepted, this.now);
    if (refusal === undefined) checker.accepted(message);
    else checker.refused(message, refusal);
    this.#turn();
  }

  /** A service of this machine broadcasts. */
  broadcast(from: string): void {
    const { checker } = this.#world;
    if (this.node === undefined) return;
    const number = checker.broadcastFrom(this);
    const sender = { sentFromServer: this.setup.name, sentFromService: from };
    const line = encodeMessage({ ...sender, service: '*', command: 'B', parameters: { n: String(number) } });
    this.node.broadcast('*', encodeText(`${line}\n`), this.now);
    this.#turn();
  }

  /** Tries to connect over a cable, unless there is a connection. */
  dial(cable: Cable): void {
    const { queue, random, isByteExact } = this.#world;
    const end = this.cables.find((each) => each.cable === cable);
    if (this.node === undefined || end === undefined) return;
    if ([...this.#sessions].some((session) => session.cable === cable)) return;
    if (cable.state !== 'up' || end.other.node === undefined) return this.#redial(cable);
    const connection = new Connection(cable, queue, isByteExact ? random : undefined);
    const session = this.#open(connection, cable, end.side, true);
    end.other.#open(connection, cable, end.side === 0 ? 1 : 0, false);
    queue.after(2 * cable.delayMs, () => {
      if (this.#sessions.has(session)) this.#shake(session, session.handshake.dial(this.#around(session)));
    });
  }

  #open(connection: Connection, cable: Cable, side: 0 | 1, wasDialedHere: boolean): Session {
    const nonce = this.#world.random.id();
    const handshake = new Handshake();
    const session: Session = {
      connection,
      side,
      cable,
      handshake,
      nonce,
      wasDialedHere,
      port: undefined,
      peer: undefined,
    };
    this.#sessions.add(session);
    connection.attach(side, {
      receive: (frame) => this.#receive(session, frame),
      hear: (line) => this.#hear(session, line),
      closed: () => this.#closed(session),
    });
    // A handshake that does not end is given up.
    const life = this.#life;
    this.#world.queue.after(5000, () => {
      if (life === this.#life && this.#sessions.has(session) && session.port === undefined) this.#hangUp(session);
    });
    return session;
  }

  #hear(session: Session, line: string): void {
    if (!this.#sessions.has(session)) return;
    const bytes = encodeText(line);
    const read = decodeLine(bytes, 0, bytes.length);
    if (read.kind !== 'message') throw new Error(`The handshake said what is no message: ${line}`);
    this.#shake(session, session.handshake.receive(read.message, this.#around(session)));
  }

  /** Carries out a step of the handshake. */
  #shake(session: Session, { replies, verdict }: HandshakeStep): void {
    for (const reply of replies) session.connection.say(session.side, lineOf(reply));
    if (verdict.kind === 'linked') {
      const linked = [...this.#byPort.values()];
      for (const place of verdict.replaced) this.#hangUp(linked[place] as Session);
      this.#link(session, verdict.peer);
    } else if (verdict.kind === 'refused') {
      if (verdict.reason === 'name') this.hasLostName = true;
      this.#world.queue.after(verdict.isOurs ? 2 * session.cable.delayMs : 0, () => this.#hangUp(session));
    }
    this.#turn();
  }

  #link(session: Session, peer: { readonly node: string; readonly incarnation: number; readonly area: string }): void {
    const port = this.#nextPort++;
    session.port = port;
    session.peer = peer;
    this.#byPort.set(port, session);
    this.#redialMs.delete(session.cable);
    this.hasLostName = false;
    const { link, delayMs } = session.cable;
    this.node?.step(
      {
        kind: 'link-up',
        link: port,
        peer: {
          node: peer.node,
          instance: `${peer.node}~${peer.incarnation}`,
          isInArea: peer.area === this.setup.area,
          kind: delayMs > 5 ? 'data-center' : 'network',
          cost: link.cost,
          roundTripMs: 2 * delayMs,
        },
      },
      this.now,
    );
  }

  #around(session: Session): Surroundings {
    const { setup, incarnation } = this;
    const graph = this.node?.router.graph;
    return {
      self: { node: setup.id, incarnation, server: setup.name, address: setup.name, area: setup.area },
      nonce: session.nonce,
      path: `${session.cable.link.a} ${session.cable.link.b}`,
      links: [...this.#byPort.values()].map(({ peer, cable, wasDialedHere }) => ({
        node: peer?.node ?? '',
        incarnation: peer?.incarnation ?? 0,
        path: `${cable.link.a} ${cable.link.b}`,
        wasDialedHere,
      })),
      linksMax: 1000,
      isStopping: false,
      holderOf: (server) => graph?.nodeNamed(server),
    };
  }

  #receive(session: Session, frame: Frame): void {
    if (session.port === undefined) return;
    this.node?.receive(session.port, frame, this.now);
    this.#turn();
  }

  #closed(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    if (session.port !== undefined) {
      this.#byPort.delete(session.port);
      this.node?.step({ kind: 'link-down', link: session.port }, this.now);
    }
    this.#redial(session.cable);
    this.#turn();
  }

  #hangUp(session: Session): void {
    session.connection.close();
    this.#closed(session);
  }

  #redial(cable: Cable): void {
    const before = this.#redialMs.get(cable) ?? REDIAL_MS_MIN / 2;
    const pauseMs = Math.min(before * 2, REDIAL_MS_MAX);
    this.#redialMs.set(cable, pauseMs);
    this.#redialLater(cable, pauseMs * (0.5 + this.#world.random.next()));
  }

  #redialLater(cable: Cable, delayMs: number): void {
    const life = this.#life;
    this.#world.queue.after(delayMs, () => {
      if (life === this.#life) this.dial(cable);
    });
  }

  #announce(service: string): void {
    const port = SERVICE_PORT + this.#nextPort++;
    this.#servicePorts.set(port, service);
    this.node?.step({ kind: 'service-up', service, port, isAnnounced: true }, this.now);
    this.node?.step({ kind: 'commands', port, commands: ['N'] }, this.now);
  }

  /** Lets the node do what is due, carries its effects out, and sets the alarm. */
  #turn(): void {
    const { node } = this;
    if (node === undefined) return;
    for (let turns = 0; this.node === node; turns++) {
      if (turns > TURNS_MAX) throw new Error(`${this.setup.name} wants a turn again and again at ${this.now} ms`);
      const effects = node.turn(this.now);
      const told = this.#effects;
      this.#effects = [];
      for (const effect of told) this.#tell(effect);
      for (const effect of effects) this.#carryOut(effect);
      const kept = this.#sending?.nextDeadline() ?? Number.POSITIVE_INFINITY;
      const deadline = Math.min(node.nextDeadline(this.now) ?? Number.POSITIVE_INFINITY, kept);
      if (deadline > this.now) return this.#setAlarm(deadline);
    }
  }

  #setAlarm(deadline: number): void {
    const atMs = deadline - this.setup.uptimeMs;
    if (atMs >= this.#wakeAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakeAtMs = atMs;
    const life = this.#life;
    this.#world.queue.at(atMs, () => {
      if (life !== this.#life || this.#wakeAtMs !== atMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#turn();
    });
  }

  /** What the machine's side of the node says about messages. */
  #tell(effect: LocalEffect): void {
    const { checker } = this.#world;
    if (effect.kind === 'deliver') {
      checker.delivered(this, this.#servicePorts.get(effect.port) ?? '?', effect.bytes);
    } else if (effect.kind === 'broadcast') checker.broadcastArrived(this, effect.bytes);
    else if (effect.kind === 'returned') checker.returned(effect.accepted.token);
    else if (effect.kind === 'ending') checker.ended(effect.accepted.token, effect.ending);
  }

  #carryOut(effect: NodeEffect): void {
    const { checker } = this.#world;
    if (effect.kind === 'send') {
      const session = this.#byPort.get(effect.link);
      if (effect.frame.kind !== 'unknown') session?.connection.send(session.side, effect.frame);
    } else if (effect.kind === 'broadcast') checker.broadcastArrived(this, effect.bytes);
    else if (effect.kind === 'hang-up') {
      const session = this.#byPort.get(effect.link);
      if (session !== undefined) this.#hangUp(session);
    } else if (effect.kind === 'name-lost') this.hasLostName = true;
  }
}

function lineOf({ command, parameters }: HandshakeMessage): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return encodeMessage({ command, parameters: Object.fromEntries(given) });
}
