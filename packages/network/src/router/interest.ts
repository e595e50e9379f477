// What this machine has to do with others of which it is not told all: the lives of nodes in other areas that it has dealt
// with, and the names that it has asked for. Only about these is anything told when summaries change: the world is large.

import { type Instance, type NodeId, nodeOf } from '../frame/frame.ts';
import type { GraphEffect } from './effects.ts';

export interface InterestParts {
  /** The life that a foreign node is in, according to the summaries; undefined if no part that is known has it. */
  readonly lifeOf: (node: NodeId) => Instance | undefined;
  readonly isReachable: (instance: Instance) => boolean;
  readonly emit: (effect: GraphEffect) => void;
  readonly serviceChanged: (service: string) => void;
}

export interface InterestOptions {
  /** Names that were asked for and are remembered; beyond it the oldest is told about once more, and forgotten. */
  readonly choicesMax: number;
  /** A node that cannot be reached is forgotten after so long. */
  readonly forgetMs: number;
  /** A node that returned a message is not asked for that service again for so long. */
  readonly absenceMs: number;
}

interface Life {
  readonly instance: Instance;
  isReachable: boolean;
  lostAtMs: number | undefined;
}

export class Interest {
  readonly #parts: InterestParts;
  readonly #options: InterestOptions;
  readonly #lives = new Map<NodeId, Life>();
  /** Services that were asked for, oldest first; and by server those that were asked for there. */
  readonly #services = new Set<string>();
  readonly #servers = new Map<string, Set<string>>();
  /** Until when a node is known not to have a service; in the order of their ends. */
  readonly #absences = new Map<string, number>();

  constructor(parts: InterestParts, options: InterestOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#lives.size === 0 && this.#services.size === 0;
  }

  /** This machine deals with a foreign node in this life from now on: what becomes of it is told. */
  watch(instance: Instance, isReachable = this.#parts.isReachable(instance)): void {
    const node = nodeOf(instance);
    const before = this.#lives.get(node);
    if (before?.instance === instance) return;
    if (before !== undefined) this.#end(node, before);
    this.#lives.set(node, { instance, isReachable, lostAtMs: undefined });
  }

  isWatched(instance: Instance): boolean {
    return this.#lives.get(nodeOf(instance))?.instance === instance;
  }

  /** A node is within reach in the own area, in this life: from now on the database tells about it. */
  unwatch(present: Instance): void {
    const node = nodeOf(present);
    const life = this.#lives.get(node);
    if (life === undefined) return;
    if (life.instance !== present) return this.#end(node, life);
    this.#lives.delete(node);
    if (life.isReachable) this.#parts.emit({ kind: 'reach', instance: present, isReachable: false });
  }

  /** Somebody asked where a service is, anywhere or on a server. */
  ask(service: string, server?: string): void {
    if (!this.#services.has(service)) {
      for (const oldest of this.#services) {
        if (this.#services.size < this.#options.choicesMax) break;
        this.#services.delete(oldest);
        this.#parts.serviceChanged(oldest);
      }
      this.#services.add(service);
    }
    if (server === undefined) return;
    const asked = this.#servers.get(server);
    if (asked !== undefined) asked.add(service);
    else if (this.#servers.size < this.#options.choicesMax) this.#servers.set(server, new Set([service]));
  }

  services(): Iterable<string> {
    return this.#services;
  }

  isAsked(service: string): boolean {
    return this.#services.has(service);
  }

  /** The services that were asked for on a server. */
  askedOn(server: string): Iterable<string> {
    return this.#servers.get(server) ?? [];
  }

  /** A node returned a message: it has not got the service, whatever the summaries say. It may be tried again later. */
  returned(node: NodeId, service: string, now: number): void {
    const key = `${node} ${service}`;
    const isNews = !this.#absences.delete(key);
    if (this.isFull) return;
    this.#absences.set(key, now + this.#options.absenceMs);
    if (isNews) this.#parts.serviceChanged(service);
  }

  isAbsent(node: NodeId, service: string): boolean {
    return this.#absences.size > 0 && this.#absences.has(`${node} ${service}`);
  }

  /** Whether no more absences can be remembered. */
  get isFull(): boolean {
    return this.#absences.size >= this.#options.choicesMax;
  }

  /** When an absence is over, and it may be tried again. */
  nextDeadline(): number {
    return this.#absences.values().next().value ?? Number.POSITIVE_INFINITY;
  }

  wake(now: number): void {
    for (const [key, untilMs] of this.#absences) {
      if (untilMs > now) return;
      this.#absences.delete(key);
      this.#parts.serviceChanged(key.slice(key.indexOf(' ') + 1));
    }
  }

  /** Summaries or ways have changed: tells what became of the lives. @param isBroken whether the path to it lost a link */
  follow(isBroken: (node: NodeId) => boolean, now: number): void {
    const { lifeOf, isReachable, emit } = this.#parts;
    for (const [node, life] of [...this.#lives]) {
      const present = lifeOf(node);
      life.lostAtMs = present === undefined ? (life.lostAtMs ?? now) : undefined;
      if (present !== undefined && present !== life.instance) {
        this.watch(present);
        if (this.#lives.get(node)?.isReachable) emit({ kind: 'reach', instance: present, isReachable: true });
      } else if (life.isReachable !== isReachable(life.instance)) {
        life.isReachable = !life.isReachable;
        emit({ kind: 'reach', instance: life.instance, isReachable: life.isReachable });
      } else if (life.isReachable && isBroken(node)) emit({ kind: 'broken', instance: life.instance });
    }
  }

  /** Forgets the lives that nobody has heard of for long. */
  age(now: number): void {
    for (const [node, life] of [...this.#lives]) {
      if (life.lostAtMs !== undefined && now - life.lostAtMs >= this.#options.forgetMs) this.#end(node, life);
    }
  }

  /** A life is over. */
  #end(node: NodeId, { instance, isReachable }: Life): void {
    const { emit } = this.#parts;
    this.#lives.delete(node);
    if (isReachable) emit({ kind: 'reach', instance, isReachable: false });
    emit({ kind: 'ended', instance });
  }
}
