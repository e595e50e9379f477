// What must hold, checked all the time: no message twice, none out of order, each accepted one ends once.

import { decodeLine } from 'snapcommunicator/wire';
import type { ScopeMark } from '../frame/frame.ts';
import { HOPS_MAX, type RoutedFrame } from '../frame/frame.ts';
import type { AcceptRefusal, Ending } from './endings.ts';
import type { SimulatedMachine } from './machine.ts';

export interface TracedMessage {
  readonly number: number;
  /** The sender in its life. */
  readonly sender: string;
  readonly firstMachine: SimulatedMachine;
  readonly firstLife: number;
  readonly address: string;
  /** Whether it was sent when all faults were over: then it must arrive. */
  readonly isAfterFaults: boolean;
  /** Whether it must survive a crash of its first machine; then it may arrive again. */
  readonly isDurable: boolean;
  isAccepted: boolean;
  /** Whether a durable one is on disk, and its sender was told so. */
  isStored: boolean;
  deliveries: number;
  /** Those of them that did not say `redelivered`: what a durable one is sent again as may overtake its first copy. */
  firstCopies: number;
  ending: Ending | undefined;
  /** In which life of its first machine it ended. */
  endedInLife: number;
  /** How many messages there were when it came back from an instance that had gone; undefined if it did not. */
  returnedBefore: number | undefined;
}

export interface MessageCounts {
  accepted: number;
  refused: number;
  delivered: number;
  expired: number;
  unknown: number;
  /** Accepted by machines that died with them. */
  lostWithFirst: number;
  /** Durable ones that arrived again, and said so. */
  redelivered: number;
  /** Arrivals of broadcasts. */
  broadcasts: number;
}

export interface LinkCounts {
  linked: number;
  refused: Record<string, number>;
}

const VIOLATIONS_MAX = 20;

export class Checker {
  readonly violations: string[] = [];
  readonly counts: MessageCounts = {
    accepted: 0,
    refused: 0,
    delivered: 0,
    expired: 0,
    unknown: 0,
    lostWithFirst: 0,
    redelivered: 0,
    broadcasts: 0,
  };
  readonly links: LinkCounts = { linked: 0, refused: {} };
  isAfterFaults = false;
  /** All messages before this one have ended, or cannot any more. */
  #open = 0;
  /** When each machine lost its disk last. */
  readonly #diskLostAt = new Map<SimulatedMachine, number>();
  readonly #messages: TracedMessage[] = [];
  readonly #broadcasts: {
    readonly scope: ScopeMark;
    readonly origin: SimulatedMachine;
    readonly life: number;
    readonly isAfterFaults: boolean;
    /** By receiver in its life, when. */
    readonly arrivedAt: Map<string, number>;
  }[] = [];
  /** The last number that arrived, by sender and instance. */
  readonly #lastArrived = new Map<string, number>();
  readonly #now: () => number;
  readonly deaths: { readonly machine: SimulatedMachine; readonly atMs: number }[] = [];
  /** Called at each delivery, for figures. */
  onDelivery: ((message: TracedMessage, machine: SimulatedMachine) => void) | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  violate(what: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push(`at ${this.#now().toFixed(3)} ms: ${what}`);
  }

  create(machine: SimulatedMachine, from: string, server: string, service: string, isDurable: boolean): TracedMessage {
    const message: TracedMessage = {
      number: this.#messages.length,
      sender: `${machine.setup.id}~${machine.life}:${from}`,
      firstMachine: machine,
      firstLife: machine.life,
      address: server === '' ? service : `${server}:${service}`,
      isAfterFaults: this.isAfterFaults,
      isDurable,
      isAccepted: false,
      isStored: false,
      deliveries: 0,
      firstCopies: 0,
      ending: undefined,
      endedInLife: 0,
      returnedBefore: undefined,
    };
    this.#messages.push(message);
    return message;
  }

  accepted(message: TracedMessage): void {
    message.isAccepted = true;
    this.counts.accepted++;
  }

  /** The message of a line, by the number in it. */
  messageOf(bytes: Uint8Array): TracedMessage {
    const read = decodeLine(bytes, 0, bytes.length - 1);
    const message = read.kind === 'message' ? this.#messages[Number(read.message.parameters['n'])] : undefined;
    if (message === undefined) throw new Error('A line bears no number of a message');
    return message;
  }

  /** The sender of a durable message was told that it is on disk. */
  stored(message: TracedMessage): void {
    message.isStored = true;
  }

  refused(message: TracedMessage, reason: AcceptRefusal): void {
    this.counts.refused++;
    if (message.isAfterFaults) this.violate(`message ${message.number} to ${message.address} was refused: ${reason}`);
  }

  delivered(machine: SimulatedMachine, service: string, bytes: Uint8Array): void {
    const read = decodeLine(bytes, 0, bytes.length - 1);
    if (read.kind !== 'message') return this.violate('what was delivered is no message');
    const { parameters, service: addressed } = read.message;
    const message = this.#messages[Number(parameters['n'])];
    if (message === undefined) return this.violate('a message was delivered that nobody sent');
    const what = `message ${message.number} from ${message.sender} to ${message.address}`;
    const isAgain = parameters['redelivered'] === '1';
    message.deliveries++;
    this.counts.delivered++;
    if (isAgain) {
      this.counts.redelivered++;
      if (!message.isDurable) this.violate(`${what} was called redelivered and is not durable`);
      if (message.isAfterFaults) this.violate(`${what} was called redelivered after all faults`);
    }
    if (!isAgain && ++message.firstCopies > 1) this.violate(`${what} was delivered ${message.firstCopies} times`);
    if ((message.ending === 'expired' && !message.isDurable) || message.ending === 'refused') {
      this.violate(`${what} was delivered after it had ended as ${message.ending}`);
    }
    if (addressed !== service) this.violate(`${what} was delivered to ${service}`);
    const flow = `${message.sender} > ${machine.setup.id}~${machine.life}:${service}`;
    const last = this.#lastArrived.get(flow) ?? -1;
    // What comes back goes before anything newer; but what was sent elsewhere before it was known to come back, stays ahead.
    const isOvertaken = last > message.number && last >= (message.returnedBefore ?? 0) && !isAgain;
    if (isOvertaken) this.violate(`${what} arrived at ${machine.setup.name} after message ${last}`);
    this.#lastArrived.set(flow, Math.max(last, message.number));
    this.onDelivery?.(message, machine);
  }

  returned(message: TracedMessage): void {
    message.returnedBefore = this.#messages.length;
  }

  /** @param mayHaveArrived whether it was sent before in a way that left open whether it arrived */
  ended(message: TracedMessage, ending: Ending, mayHaveArrived: boolean): void {
    const what = `message ${message.number} to ${message.address}`;
    const { life } = message.firstMachine;
    // What is on disk and was done with may come up once more after a crash: its removal was not carried out.
    const mayEndAgain = message.isDurable && message.endedInLife < life;
    if (message.ending !== undefined && !mayEndAgain) {
      this.violate(`${what} ended twice: ${message.ending}, ${ending}`);
    }
    if (message.ending === undefined) {
      if (ending === 'expired') this.counts.expired++;
      if (ending === 'unknown') this.counts.unknown++;
    }
    message.ending = ending;
    message.endedInLife = life;
    if ((ending === 'expired' || ending === 'refused') && message.deliveries > 0 && !mayHaveArrived) {
      this.violate(`${what} ended as ${ending}, and had been delivered`);
    }
    if (ending === 'unknown' && (this.deaths.length === 0 || message.isDurable)) {
      this.violate(`${what} ended as unknown though ${message.isDurable ? 'it is durable' : 'nobody died'}`);
    }
    if (message.isAfterFaults && (ending === 'expired' || ending === 'unknown')) {
      this.violate(`${what} was sent after all faults and ended as ${ending}`);
    }
  }

  /** Two machines are linked, as one of them sees it. */
  linked(machine: SimulatedMachine, other: SimulatedMachine): void {
    this.links.linked++;
    const { secret, name } = machine.setup;
    if (secret !== undefined && secret !== other.setup.secret) {
      this.violate(`${name} has a link to ${other.setup.name}, which does not have its secret`);
    }
  }

  refusedLink(reason: string): void {
    this.links.refused[reason] = (this.links.refused[reason] ?? 0) + 1;
  }

  /** A frame for somewhere came over a link. */
  travelled(machine: SimulatedMachine, { hops, origin }: RoutedFrame): void {
    if (hops >= 0 && hops <= HOPS_MAX) return;
    this.violate(`a frame of ${origin} came to ${machine.setup.name} with ${hops} hops left`);
  }

  diskLost(machine: SimulatedMachine): void {
    this.#diskLostAt.set(machine, machine.life);
  }

  died(machine: SimulatedMachine): void {
    this.deaths.push({ machine, atMs: this.#now() });
  }

  /** A machine broadcasts. @returns the number of the message */
  broadcastFrom(machine: SimulatedMachine, scope: ScopeMark = '*'): number {
    this.#broadcasts.push({
      scope,
      origin: machine,
      life: machine.life,
      isAfterFaults: this.isAfterFaults,
      arrivedAt: new Map(),
    });
    return this.#broadcasts.length - 1;
  }

  broadcastArrived(machine: SimulatedMachine, bytes: Uint8Array): void {
    const read = decodeLine(bytes, 0, bytes.length - 1);
    const number = read.kind === 'message' ? Number(read.message.parameters['n']) : Number.NaN;
    const broadcast = this.#broadcasts[number];
    if (broadcast === undefined) return this.violate('a broadcast arrived that nobody sent');
    const { origin, life, arrivedAt, scope } = broadcast;
    const receiver = `${machine.setup.id}~${machine.life}`;
    if (arrivedAt.has(receiver)) this.violate(`broadcast ${number} arrived twice at ${machine.setup.name}`);
    if (scope === '?' && machine.setup.area !== origin.setup.area) {
      this.violate(`broadcast ${number} for the area of ${origin.setup.name} arrived at ${machine.setup.name}`);
    }
    if (machine === origin && life === machine.life) this.violate(`broadcast ${number} came back to its own sender`);
    arrivedAt.set(receiver, this.#now());
    this.counts.broadcasts++;
    const flow = `broadcast ${scope} ${origin.setup.id}~${life} > ${receiver}`;
    const last = this.#lastArrived.get(flow) ?? -1;
    if (last > number) this.violate(`broadcast ${number} arrived at ${machine.setup.name} after ${last}`);
    this.#lastArrived.set(flow, number);
  }

  /**
   * Broadcasts that were sent when all was well have reached every machine that they were for.
   * @param parts of data centres, by machine: what hangs together without leaving it
   */
  finishBroadcasts(
    machines: readonly SimulatedMachine[],
    parts: ReadonlyMap<SimulatedMachine, unknown> = new Map(),
  ): void {
    for (const [number, { scope, origin, isAfterFaults, arrivedAt }] of this.#broadcasts.entries()) {
      if (!isAfterFaults) continue;
      for (const machine of machines) {
        if (scope === '?' && parts.get(machine) !== parts.get(origin)) continue;
        if (machine === origin || arrivedAt.has(`${machine.setup.id}~${machine.life}`)) continue;
        this.violate(`broadcast ${number} from ${origin.setup.name} did not reach ${machine.setup.name}`);
      }
    }
  }

  /** Whether every accepted message that can still end has ended. */
  get isSettled(): boolean {
    for (; this.#open < this.#messages.length; this.#open++) {
      const message = this.#messages[this.#open] as TracedMessage;
      if (message.isAccepted && message.ending === undefined && this.#mustEnd(message)) return false;
    }
    return true;
  }

  /** At the end: each accepted message has ended, or its first daemon died with it; what was taken has arrived. */
  finish(): void {
    for (const message of this.#messages) {
      if (!message.isAccepted) {
        if (message.deliveries > 0) this.violate(`message ${message.number} was refused and delivered`);
        continue;
      }
      const what = `message ${message.number} to ${message.address} from ${message.firstMachine.setup.name}`;
      if (message.ending === undefined) {
        if (this.#mustEnd(message)) this.violate(`${what} has not ended`);
        else this.counts.lostWithFirst++;
      }
      const isThere = message.ending === 'taken' || message.ending === 'delivered';
      if (isThere && message.deliveries === 0) {
        this.violate(`${what} ended as ${message.ending} and was delivered to nobody`);
      }
    }
  }

  /** How many accepted messages arrived nowhere. */
  undelivered(): number {
    return this.#messages.filter(({ isAccepted, deliveries }) => isAccepted && deliveries === 0).length;
  }

  /** Whether somebody still answers for a message: its first daemon in the same life, or in a later one by its disk. */
  #mustEnd({ firstMachine, firstLife, isStored }: TracedMessage): boolean {
    if (firstMachine.node === undefined) return false;
    if (firstMachine.life === firstLife) return true;
    return isStored && (this.#diskLostAt.get(firstMachine) ?? -1) < firstLife;
  }
}
