// The forwarding table: from a service's name to its destination, and from a command to the group that listens to it.
// It is filled by the router's effects only, and it is the only way from a name to a connection.

import type { Port, RouterEffect } from '@snapcommunicator/network/router';
import type { Arena } from './arena.ts';
import { bumpEpoch, type Destination } from './destination.ts';
import type { Group } from './group.ts';
import type { Output } from './output.ts';

/** More groups than this are forgotten and made again when needed. */
const GROUPS_MAX = 8192;

export class ForwardingTable {
  readonly #arena: Arena;
  readonly #output: Output;
  readonly #listenersOf: (command: string) => ReadonlySet<Port>;
  readonly #destinations = new Map<string, Destination>();
  /** By command, then by the member left out, or undefined for the whole. */
  readonly #groups = new Map<string, Map<Destination | undefined, Group>>();
  #groupCount = 0;
  #version = 0;

  constructor(arena: Arena, output: Output, listenersOf: (command: string) => ReadonlySet<Port>) {
    this.#arena = arena;
    this.#output = output;
    this.#listenersOf = listenersOf;
  }

  /** The version of the last change. */
  get version(): number {
    return this.#version;
  }

  apply(effects: readonly RouterEffect[]): void {
    for (const effect of effects) {
      this.#version = effect.version;
      if (effect.kind === 'forward') this.#forward(effect.service, effect.ports);
      else this.#forgetGroups(effect.command);
    }
  }

  destinationOf(service: string): Destination | undefined {
    return this.#destinations.get(service);
  }

  /** Everybody who lists the command, but for `except`; undefined when that is nobody. */
  groupOf(command: string, except: Destination | undefined): Group | undefined {
    const ports = this.#listenersOf(command);
    const left = except !== undefined && ports.has(except.index) ? except : undefined;
    if (ports.size === (left === undefined ? 0 : 1)) return undefined;
    let groups = this.#groups.get(command);
    const known = groups?.get(left);
    if (known !== undefined) return known;
    if (this.#groupCount >= GROUPS_MAX) this.#forgetAllGroups();
    const members: Destination[] = [];
    for (const port of ports) {
      const member = this.#output.destinationAt(port);
      if (member !== undefined && member !== left) members.push(member);
    }
    const group = this.#output.openGroup(members);
    if (group === undefined) return undefined;
    groups = this.#groups.get(command);
    if (groups === undefined) {
      groups = new Map();
      this.#groups.set(command, groups);
    }
    groups.set(left, group);
    this.#groupCount++;
    return group;
  }

  #forward(service: string, ports: readonly Port[]): void {
    const before = this.#destinations.get(service);
    const after = ports[0] === undefined ? undefined : this.#output.destinationAt(ports[0]);
    if (before === after) return;
    // Heads that were decided for the old destination must be decided again.
    if (before !== undefined && before.state !== 'closed') bumpEpoch(this.#arena, before.slot);
    if (after === undefined) this.#destinations.delete(service);
    else this.#destinations.set(service, after);
  }

  #forgetGroups(command: string): void {
    const groups = this.#groups.get(command);
    if (groups === undefined) return;
    this.#groups.delete(command);
    for (const group of groups.values()) this.#output.closeGroup(group);
    this.#groupCount -= groups.size;
  }

  #forgetAllGroups(): void {
    for (const command of [...this.#groups.keys()]) this.#forgetGroups(command);
  }
}
