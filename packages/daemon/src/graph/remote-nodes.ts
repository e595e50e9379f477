// Other nodes as destinations of the switch: what is flushed to one becomes a parcel in the stream that leads there.

import { type FrameId, type Instance, incarnationOf, nodeOf } from '@snapcommunicator/network/frame';
import { type KeptEntry, TTL_LIMITS } from '@snapcommunicator/network/keeper';
import type { Node } from '@snapcommunicator/network/node';
import { type Decision, ROUTER_OPTIONS } from '@snapcommunicator/network/router';
import type { Outcome, Parcel } from '@snapcommunicator/network/stream';
import { wordOfRun } from '../recorder/outcomes.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Destination, Done, Outlet } from '../switch/destination.ts';
import type { Output } from '../switch/output.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export type NodeDecision = Extract<Decision, { readonly kind: 'node' }>;

/** What is said of a line that goes to another node by itself. */
export interface LineContext {
  /** When its time is over. */
  readonly deadlineMs: number;
  /** The id that it has already. */
  readonly id: FrameId | undefined;
  /** If it was kept: as the keeper gave it. */
  readonly entry: KeptEntry | undefined;
}

/** What is known of a parcel in a stream. */
export interface Sent {
  readonly instance: Instance;
  readonly destination: Destination;
  /** Its place in the order of all that was accepted; each byte has one, so that parts have theirs. */
  readonly order: number;
  /** Where its bytes begin in their memory. */
  readonly offset: number;
  readonly entry: KeptEntry | undefined;
  /** What the recorder knows it by. */
  readonly run: number;
  readonly done: Done;
  bytesLeft: number;
}

export interface RemoteNodesParts {
  readonly node: Node<Sent>;
  readonly output: Output;
  readonly recorder: Recorder;
  readonly accounts: StreamAccounts;
  readonly now: () => number;
  /** Whether messages wait in one of these queues. */
  readonly hasKept: (queues: readonly string[]) => boolean;
  /** Gives out places in the order of all that was accepted. */
  readonly reserve: (count: number) => number;
  /** A stream has something to send. */
  readonly wake: () => void;
}

/**
 * What was chosen among several instances is decided about anew after so long, in ms: who goes on sending keeps the choice, who
 * has been silent for longer than it holds gets another.
 */
const CHOICE_MS = ROUTER_OPTIONS.stickyMs / 3;

/** Services to which verdicts are remembered. */
const SERVICES_MAX = 16_384;

export class RemoteNodes {
  readonly #parts: RemoteNodesParts;
  readonly #byInstance = new Map<Instance, Destination>();
  /** To which destinations lines for a service were decided to go. */
  readonly #usedFor = new Map<string, Set<Destination>>();
  /** Those that were chosen among several lately. */
  readonly #chosen = new Set<Destination>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RemoteNodesParts) {
    this.#parts = parts;
  }

  /** The destination for a decision, or undefined if its messages must wait, for older ones go first. */
  targetOf(decision: NodeDecision, service: string): Destination | undefined {
    const { node, hasKept } = this.#parts;
    const { destination: queue, instance } = decision;
    if (hasKept([...node.router.queuesOn(decision.node, service), queue])) return undefined;
    if (node.debts.mustWait(queue, service, instance)) return undefined;
    return this.open(decision, service);
  }

  /** The same for messages that have waited. */
  open({ destination: queue, instance, isOneOfSeveral }: NodeDecision, service: string): Destination | undefined {
    let destination = this.#byInstance.get(instance);
    if (destination === undefined) {
      const outlet = new StreamOutlet(instance, this.#parts);
      destination = this.#parts.output.openDestination(outlet);
      if (destination === undefined) return undefined;
      outlet.open(destination);
      this.#byInstance.set(instance, destination);
    }
    this.#parts.node.debts.sent(queue, instance);
    let used = this.#usedFor.get(service);
    if (used === undefined) {
      if (this.#usedFor.size >= SERVICES_MAX) this.#forgetAll();
      used = new Set();
      this.#usedFor.set(service, used);
    }
    used.add(destination);
    if (isOneOfSeveral) {
      this.#chosen.add(destination);
      this.#timer ??= setTimeout(this.#reconsider, CHOICE_MS).unref();
    }
    return destination;
  }

  readonly #reconsider = (): void => {
    this.#timer = undefined;
    for (const destination of this.#chosen) this.#parts.output.forgetVerdicts(destination);
    this.#chosen.clear();
  };

  /** Where a service is has changed: lines for it are to be decided about anew. */
  forgetVerdicts(service: string): void {
    for (const destination of this.#usedFor.get(service) ?? []) this.#parts.output.forgetVerdicts(destination);
    this.#usedFor.delete(service);
  }

  /** Names of services cost a sender nothing: with too many of them, all is decided about anew. */
  #forgetAll(): void {
    for (const destination of this.#byInstance.values()) this.#parts.output.forgetVerdicts(destination);
    this.#usedFor.clear();
    this.#parts.node.debts.forgetSettled();
  }

  /** What waits for nodes that cannot be reached, as if streams gave it back. */
  takeBack(isReachable: (instance: Instance) => boolean): Outcome<Sent>[] {
    const outcomes: Outcome<Sent>[] = [];
    for (const [instance, destination] of this.#byInstance) {
      if (isReachable(instance)) continue;
      this.#parts.output.forgetVerdicts(destination);
      this.#parts.output.flush(destination);
      outcomes.push(...(destination.outlet as StreamOutlet).takeBack());
    }
    return outcomes;
  }

  /** Whether every node that can be reached has taken all that is for it. */
  get isSettled(): boolean {
    const { node, output } = this.#parts;
    for (const [instance, destination] of this.#byInstance)
      if (output.waitingBytes(destination) > 0 && node.router.graph?.isReachable(instance)) return false;
    return true;
  }

  /** Lines given to a node of which it is not known yet what became of them. */
  openLines(instance: Instance): number {
    const outlet = this.#byInstance.get(instance)?.outlet as StreamOutlet | undefined;
    return this.#parts.node.streams.openLines(instance) + (outlet?.waitingLines ?? 0);
  }

  /** Streams have settled something: there may be room. */
  pump(): void {
    for (const destination of this.#byInstance.values()) (destination.outlet as StreamOutlet).pump();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** A life of a node is over. */
  end(instance: Instance): Outcome<Sent>[] {
    const destination = this.#byInstance.get(instance);
    if (destination === undefined) return [];
    const outlet = destination.outlet as StreamOutlet;
    outlet.end();
    this.#parts.output.flush(destination);
    const outcomes = outlet.takeBack();
    this.#byInstance.delete(instance);
    this.#chosen.delete(destination);
    for (const [service, used] of this.#usedFor)
      if (used.delete(destination) && used.size === 0) this.#usedFor.delete(service);
    this.#parts.output.closeDestination(destination);
    return outcomes;
  }
}

/** Puts what is flushed into the stream to a node. Its bytes count as queued until the node has acknowledged them. */
class StreamOutlet implements Outlet {
  readonly holdsBytes = true;
  readonly windowBytes: number;
  #destination: Destination | undefined;
  readonly #instance: Instance;
  readonly #parts: RemoteNodesParts;
  /** What the stream has no room for yet. */
  #waiting: Parcel<Sent>[] = [];
  #pendingBytes = 0;
  #isEnded = false;
  /** The run to which lines in the destination's buffer belong. */
  #run = 0;

  constructor(instance: Instance, parts: RemoteNodesParts) {
    this.#instance = instance;
    this.#parts = parts;
    this.windowBytes = parts.node.streams.windowBytes;
  }

  open(destination: Destination): void {
    this.#destination = destination;
    this.#beginRun();
  }

  write(bytes: Uint8Array, count: number, done: Done, context: unknown): void {
    const { now, reserve, wake, recorder, accounts } = this.#parts;
    const run = this.#run;
    // The record of a line that goes out by itself is made when it has gone.
    recorder.runs.close(run, count, recorder.nextNumber + 1);
    this.#beginRun();
    accounts.given(this.#instance, count);
    const line = context as LineContext | undefined;
    const { length, byteOffset: offset } = bytes;
    this.#pendingBytes += length;
    const token: Sent = {
      instance: this.#instance,
      destination: this.#destination as Destination,
      order: reserve(length),
      offset,
      entry: line?.entry,
      run,
      done: (isWritten) => {
        this.#pendingBytes -= length;
        done(isWritten);
      },
      bytesLeft: length,
    };
    const deadlineMs = line?.deadlineMs ?? now() + TTL_LIMITS.ttlDefaultMs;
    this.#waiting.push({ bytes, count, id: line?.id, deadlineMs, token });
    this.pump();
    wake();
  }

  pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Gives the stream what it has room for. */
  pump(): void {
    if (this.#waiting.length === 0 || this.#isEnded) return;
    const { node, now } = this.#parts;
    let sent = 0;
    for (const parcel of this.#waiting) {
      if (!node.streams.send(this.#instance, parcel, now())) break;
      this.#noteSent(parcel);
      sent++;
    }
    this.#waiting = this.#waiting.slice(sent);
  }

  /** The stream is over; what comes now is given back. */
  end(): void {
    this.#isEnded = true;
  }

  takeBack(): Outcome<Sent>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.map((parcel) => ({
      fate: 'unsent',
      parcel,
      id: parcel.id ?? this.#nameUnsent(parcel),
    }));
  }

  /** Lines for which the stream had no room yet. */
  get waitingLines(): number {
    return this.#waiting.reduce((lines, { count }) => lines + count, 0);
  }

  #beginRun(): void {
    const { recorder, output } = this.#parts;
    this.#run = recorder.runs.open();
    if (this.#destination !== undefined) output.setOutcome(this.#destination, wordOfRun(this.#run));
  }

  /** The stream has taken a parcel: now its lines have ids. */
  #noteSent({ id, count, token }: Parcel<Sent>): void {
    const { node, recorder } = this.#parts;
    const mark = node.streams.markOf(this.#instance);
    if (mark === undefined) return;
    const place = { incarnation: incarnationOf(node.self), stream: mark.stream, number: mark.sequence - count + 1 };
    const port = node.router.graph?.slotFor(node.id, nodeOf(this.#instance)) ?? 0;
    recorder.runs.sent(token.run, id ?? place, port);
  }

  /** Lines that no stream has taken get ids all the same, by which they are known when they go elsewhere. */
  #nameUnsent({ token }: Parcel<Sent>): FrameId {
    const { node, recorder } = this.#parts;
    const id = { incarnation: incarnationOf(node.self), stream: UNSENT_STREAMS + token.order, number: 1 };
    recorder.runs.sent(token.run, id, 0);
    return id;
  }
}

/** Streams themselves have lesser numbers. */
const UNSENT_STREAMS = 2 ** 40;
