// What must hold, checked all the time: no message twice, none out of order, each accepted one ends once.

import { decodeLine } from 'snapcommunicator/wire';
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
  isAccepted: boolean;
  deliveries: number;
  ending: Ending | undefined;
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
  /** Arrivals of broadcasts. */
  broadcasts: number;
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
    broadcasts: 0,
  };
  isAfterFaults = false;
  readonly #messages: TracedMessage[] = [];
  readonly #broadcasts: {
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

  create(machine: SimulatedMachine, from: string, server: string, service: string): TracedMessage {
    const message: TracedMessage = {
      number: this.#messages.length,
      sender: `${machine.setup.id}~${machine.life}:${from}`,
      firstMachine: machine,
      firstLife: machine.life,
      address: server === '' ? service : `${server}:${service}`,
      isAfterFaults: this.isAfterFaults,
      isAccepted: false,
      deliveries: 0,
      ending: undefined,
      returnedBefore: undefined,
    };
    this.#messages.push(message);
    return message;
  }

  accepted(message: TracedMessage): void {
    message.isAccepted = true;
    this.counts.accepted++;
  }

  refused(message: TracedMessage, reason: AcceptRefusal): void {
    this.counts.refused++;
    if (message.isAfterFaults) this.violate(`message ${message.number} to ${message.address} was refused: ${reason}`);
  }

  delivered(machine: SimulatedMachine, service: string, bytes: Uint8Array): void {
    const read = decodeLine(bytes, 0, bytes.length - 1);
    if (read.kind !== 'message') return this.violate('what was delivered is no message');
    const message = this.#messages[Number(read.message.parameters['n'])];
    if (message === undefined) return this.violate('a message was delivered that nobody sent');
    const what = `message ${message.number} from ${message.sender} to ${message.address}`;
    message.deliveries++;
    this.counts.delivered++;
    if (message.deliveries > 1) this.violate(`${what} was delivered ${message.deliveries} times`);
    if (message.ending === 'expired' || message.ending === 'refused') {
      this.violate(`${what} was delivered after it had ended as ${message.ending}`);
    }
    if (read.message.service !== service) this.violate(`${what} was delivered to ${service}`);
    const flow = `${message.sender} > ${machine.setup.id}~${machine.life}:${service}`;
    const last = this.#lastArrived.get(flow) ?? -1;
    // What comes back goes before anything newer; but what was sent elsewhere before it was known to come back, stays ahead.
    const isOvertaken = last > message.number && last >= (message.returnedBefore ?? 0);
    if (isOvertaken) this.violate(`${what} arrived at ${machine.setup.name} after message ${last}`);
    this.#lastArrived.set(flow, Math.max(last, message.number));
    this.onDelivery?.(message, machine);
  }

  returned(token: unknown): void {
    (token as TracedMessage).returnedBefore = this.#messages.length;
  }

  ended(token: unknown, ending: Ending): void {
    const message = token as TracedMessage;
    const what = `message ${message.number} to ${message.address}`;
    if (message.ending !== undefined) this.violate(`${what} ended twice: ${message.ending}, ${ending}`);
    message.ending = ending;
    if (ending === 'expired') this.counts.expired++;
    if (ending === 'unknown') this.counts.unknown++;
    if ((ending === 'expired' || ending === 'refused') && message.deliveries > 0) {
      this.violate(`${what} ended as ${ending}, and had been delivered`);
    }
    if (ending === 'unknown' && this.deaths.length === 0) this.violate(`${what} ended as unknown though nobody died`);
    if (message.isAfterFaults && (ending === 'expired' || ending === 'unknown')) {
      this.violate(`${what} was sent after all faults and ended as ${ending}`);
    }
  }

  died(machine: SimulatedMachine): void {
    this.deaths.push({ machine, atMs: this.#now() });
  }

  /** A machine broadcasts. @returns the number of the message */
  broadcastFrom(machine: SimulatedMachine): number {
    this.#broadcasts.push({
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
    const { origin, life, arrivedAt } = broadcast;
    const receiver = `${machine.setup.id}~${machine.life}`;
    if (arrivedAt.has(receiver)) this.violate(`broadcast ${number} arrived twice at ${machine.setup.name}`);
    if (machine === origin && life === machine.life) this.violate(`broadcast ${number} came back to its own sender`);
    arrivedAt.set(receiver, this.#now());
    this.counts.broadcasts++;
    const flow = `broadcast ${origin.setup.id}~${life} > ${receiver}`;
    const last = this.#lastArrived.get(flow) ?? -1;
    if (last > number) this.violate(`broadcast ${number} arrived at ${machine.setup.name} after ${last}`);
    this.#lastArrived.set(flow, number);
  }

  /** Broadcasts that were sent when all was well have reached every machine. */
  finishBroadcasts(machines: readonly SimulatedMachine[]): void {
    for (const [number, { origin, isAfterFaults, arrivedAt }] of this.#broadcasts.entries()) {
      if (!isAfterFaults) continue;
      for (const machine of machines) {
        if (machine === origin || arrivedAt.has(`${machine.setup.id}~${machine.life}`)) continue;
        this.violate(`broadcast ${number} from ${origin.setup.name} did not reach ${machine.setup.name}`);
      }
    }
  }

  /** At the end: each accepted message has ended, or its first daemon died with it; what was taken has arrived. */
  finish(): void {
    for (const message of this.#messages) {
      if (!message.isAccepted) {
        if (message.deliveries > 0) this.violate(`message ${message.number} was refused and delivered`);
        continue;
      }
      const what = `message ${message.number} to ${message.address} from ${message.firstMachine.setup.name}`;
      const isFirstAlive = message.firstMachine.node !== undefined && message.firstMachine.life === message.firstLife;
      if (message.ending === undefined) {
        if (isFirstAlive) this.violate(`${what} has not ended`);
        else this.counts.lostWithFirst++;
      }
      const isThere = message.ending === 'taken' || message.ending === 'delivered';
      if (isThere && message.deliveries !== 1)
        this.violate(`${what} ended as ${message.ending} and was delivered to nobody`);
    }
  }
}
