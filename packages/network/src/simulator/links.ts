// The links of one simulated machine: it dials over its cables, shakes hands by the real handshake, and dials again.

import { decodeLine, encodeMessage } from 'snapcommunicator/wire';
import type { Frame } from '../frame/frame.ts';
import { encodeText } from '../frame/text.ts';
import {
  Handshake,
  type HandshakeMessage,
  type HandshakeStep,
  type Identity,
  type Surroundings,
} from '../handshake/handshake.ts';
import type { Port } from '../router/router.ts';
import type { SimulatedMachine, World } from './machine.ts';
import { type Cable, Connection, type Side } from './network.ts';
import { proofsBy } from './secret.ts';

/** A handshake that has not ended after so long is given up, connecting included. */
const HANDSHAKE_MS_MAX = 3000;
const REDIAL_MS_MIN = 200;
const REDIAL_MS_MAX = 2000;
const LINKS_MAX = 1000;

/** An end of a cable, plugged into a machine. */
export interface CableEnd {
  readonly cable: Cable;
  readonly other: SimulatedMachine;
  readonly side: Side;
}

/** A connection as this machine has it. */
interface Session {
  readonly connection: Connection;
  readonly end: CableEnd;
  readonly handshake: Handshake;
  readonly nonce: string;
  readonly wasDialedHere: boolean;
  port: Port | undefined;
  peer: { readonly node: string; readonly incarnation: number } | undefined;
}

export class MachineLinks {
  readonly #machine: SimulatedMachine;
  readonly #world: World;
  readonly #sessions = new Set<Session>();
  readonly #byPort = new Map<Port, Session>();
  readonly #redialMs = new Map<Cable, number>();
  /** Cables that are going to be dialed. */
  readonly #redialing = new Set<Cable>();
  #nextPort = 1;

  constructor(machine: SimulatedMachine, world: World) {
    this.#machine = machine;
    this.#world = world;
  }

  get count(): number {
    return this.#byPort.size;
  }

  endOf(port: Port): CableEnd | undefined {
    return this.#byPort.get(port)?.end;
  }

  /** The machine starts. */
  begin(): void {
    this.#redialing.clear();
    for (const { cable } of this.#machine.cables) this.#redialLater(cable, REDIAL_MS_MIN * this.#world.random.next());
  }

  /** The machine died. @param isTold whether its system lives and closes its connections */
  die(isTold: boolean): void {
    for (const { connection, end } of this.#sessions) connection.die(end.side, isTold);
    this.#sessions.clear();
    this.#byPort.clear();
  }

  send(port: Port, frame: Exclude<Frame, { kind: 'unknown' }>): void {
    const session = this.#byPort.get(port);
    session?.connection.send(session.end.side, frame);
  }

  close(port: Port): void {
    const session = this.#byPort.get(port);
    if (session !== undefined) this.#hangUp(session);
  }

  /** Tries to connect over a cable, unless there is a connection. */
  dial(cable: Cable): void {
    const end = this.#machine.cables.find((each) => each.cable === cable);
    if (end === undefined || this.#machine.node === undefined) return;
    if ([...this.#sessions].some((session) => session.end.cable === cable)) return;
    const { queue, random, isByteExact } = this.#world;
    const connection = new Connection(cable, queue, random, isByteExact);
    const session = this.#open(connection, end, true);
    queue.after(cable.delayMs, () => this.#knock(session));
  }

  /** What dialing brings about at the other end: it opens, it refuses, or nothing gets there. */
  #knock(session: Session): void {
    const { connection, end } = session;
    const { cable, other } = end;
    if (!connection.isOpen) return;
    if (cable.state === 'silent' || cable.state === 'one-way') return connection.lose([0, 1]);
    if (cable.state === 'down' || other.node === undefined) return connection.close();
    const opposite = other.cables.find((each) => each.cable === cable);
    if (opposite === undefined) return connection.close();
    other.links.#open(connection, opposite, false);
    this.#world.queue.after(cable.delayMs, () => {
      this.#machine.whenAwake(() => {
        if (this.#sessions.has(session)) this.#shake(session, session.handshake.dial(this.#around(session)));
      });
    });
  }

  #open(connection: Connection, end: CableEnd, wasDialedHere: boolean): Session {
    const nonce = this.#world.random.id();
    const handshake = new Handshake();
    const session: Session = {
      connection,
      end,
      handshake,
      nonce,
      wasDialedHere,
      port: undefined,
      peer: undefined,
    };
    this.#sessions.add(session);
    connection.attach(end.side, this.#endpointOf(session));
    const { life } = this.#machine;
    this.#world.queue.after(HANDSHAKE_MS_MAX, () => {
      if (life === this.#machine.life && this.#sessions.has(session) && session.port === undefined) {
        this.#hangUp(session);
      }
    });
    return session;
  }

  #endpointOf(session: Session): Parameters<Connection['attach']>[1] {
    const machine = this.#machine;
    return {
      receive: (frame) => machine.whenAwake(() => this.#receive(session, frame)),
      hear: (line) => machine.whenAwake(() => this.#hear(session, line)),
      closed: () => machine.whenAwake(() => this.#closed(session)),
    };
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
    const { cable, side } = session.end;
    for (const reply of replies) session.connection.say(side, lineOf(reply));
    if (verdict.kind === 'linked') {
      const linked = [...this.#byPort.values()];
      for (const place of verdict.replaced) this.#hangUp(linked[place] as Session);
      this.#link(session, verdict.peer);
    } else if (verdict.kind === 'refused') {
      if (verdict.reason === 'name') this.#machine.hasLostName = true;
      this.#world.checker.refusedLink(verdict.reason);
      this.#world.queue.after(verdict.isOurs ? 2 * cable.delayMs : 0, () => this.#hangUp(session));
    }
    this.#machine.turn();
  }

  #link(session: Session, peer: Identity): void {
    const { cable, other } = session.end;
    const port = this.#nextPort++;
    session.port = port;
    session.peer = peer;
    this.#byPort.set(port, session);
    this.#redialMs.delete(cable);
    this.#machine.linkUp(port, cable, peer);
    this.#world.checker.linked(this.#machine, other);
  }

  #around({ nonce, end }: Session): Surroundings {
    const { setup, incarnation, node } = this.#machine;
    const { name, id, area, secret } = setup;
    const proofs = proofsBy(secret);
    return {
      self: { node: id, incarnation, server: name, address: name, area },
      nonce,
      path: end.cable.path,
      links: [...this.#byPort.values()].map((session) => ({
        node: session.peer?.node ?? '',
        incarnation: session.peer?.incarnation ?? 0,
        path: session.end.cable.path,
        wasDialedHere: session.wasDialedHere,
      })),
      linksMax: LINKS_MAX,
      isStopping: false,
      holderOf: (server) => node?.router.graph?.nodeNamed(server),
      ...(proofs === undefined ? {} : { secret: proofs }),
    };
  }

  #receive({ port }: Session, frame: Frame): void {
    if (port !== undefined && this.#byPort.has(port)) this.#machine.receive(port, frame);
  }

  #closed(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    const { port, end } = session;
    if (port !== undefined) {
      this.#byPort.delete(port);
      this.#machine.linkDown(port);
    }
    this.#redial(end.cable);
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
    const { life } = this.#machine;
    if (this.#redialing.has(cable)) return;
    this.#redialing.add(cable);
    this.#world.queue.after(delayMs, () => {
      if (life !== this.#machine.life) return;
      this.#redialing.delete(cable);
      this.#machine.whenAwake(() => this.dial(cable));
    });
  }
}

function lineOf({ command, parameters }: HandshakeMessage): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return encodeMessage({ command, parameters: Object.fromEntries(given) });
}
