// The router: which ports a message leaves by. Pure: inputs and the time go in, effects come out.
//
// It dispatches only. What is on this machine is in machine.ts; links are adjacencies; what nodes say of themselves is
// flooded into the database; from that come the graph, the routes and the directory of services. Without a graph it
// knows this machine alone.

import { DAEMON_NAMES } from 'snapcommunicator/wire';
import type { NodeId } from '../frame/frame.ts';
import type { GraphEffect, GraphInput, GraphSnapshot, NodeDecision } from './effects.ts';
import { GraphRouter } from './graph-router.ts';
import { Machine, type MachineInput, type Port, type TableEffect } from './machine.ts';
import type { OpaqueDecision } from './opaque-directory.ts';
import type { RouterOptions } from './options.ts';

export type { Peer } from './adjacency.ts';
export type { LinkKind } from './cost.ts';
export type { Database } from './database.ts';
export type { GraphEffect, GraphInput } from './effects.ts';
export type { MachineInput, Port, TableEffect } from './machine.ts';
export type { OpaqueDecision } from './opaque-directory.ts';
export { ROUTER_OPTIONS, type RouterOptions } from './options.ts';
export type { RemoteService } from './whereabouts.ts';

/** Where a broadcast goes: this machine, this data centre, everywhere. */
export type Scope = 'machine' | 'network' | 'cluster';

export type RouterInput = MachineInput | GraphInput;

/** Changes of the forwarding table that inputs from this machine bring about at once. */
export type RouterEffect = TableEffect;

export type Effect = TableEffect | GraphEffect;

/** What to do with a message. */
export type Decision =
  /** It is for this daemon itself. */
  | { readonly kind: 'daemon' }
  | { readonly kind: 'port'; readonly port: Port }
  /** It is for a service, or the daemon, of another node; `destination` names the queue in which it may wait. */
  | NodeDecision
  /** It is for these C++ peers of this machine: one that has the service or server, or all, for nobody knows. */
  | OpaqueDecision
  | { readonly kind: 'broadcast'; readonly scope: Scope }
  /** Nothing answers to the address now; `destination` names the queue in which it may wait. */
  | { readonly kind: 'absent'; readonly destination: string }
  /** The address contradicts itself. */
  | { readonly kind: 'contradiction'; readonly reason: string };

export interface RouterSnapshot extends GraphSnapshot {
  readonly server: string;
  readonly services: readonly { readonly service: string; readonly port: Port; readonly isAnnounced: boolean }[];
}

/** What stands before a service that may be on any machine, as its last daemon sees it. */
const ANYWHERE = new Set(['', '*', '?']);
const SCOPES: Readonly<Record<string, Scope>> = { '.': 'machine', '?': 'network', '*': 'cluster' };

export class Router {
  readonly #server: string;
  readonly #machine: Machine;
  readonly #graph: GraphRouter | undefined;
  #version = 0;

  /**
   * @param server the name of this machine, in lower case
   * @param options of the graph; without them this machine is alone
   */
  constructor(server: string, options?: RouterOptions, now = 0) {
    this.#server = server;
    const nextVersion = (): number => ++this.#version;
    this.#machine = new Machine(nextVersion, (service) => this.#graph?.announce(service));
    this.#graph = options === undefined ? undefined : new GraphRouter(server, options, this.#machine, nextVersion, now);
  }

  /**
   * Takes one input. What it brings about elsewhere in time is due at `nextDeadline()`, which may be `now`.
   * Inputs from this machine have effects on the table only; all that must be told to others waits for the wake.
   */
  step(input: MachineInput, now: number): TableEffect[];
  step(input: RouterInput, now: number): Effect[];
  step(input: RouterInput, now: number): Effect[] {
    switch (input.kind) {
      case 'service-up':
      case 'service-down':
      case 'commands':
      case 'port-down':
        return this.#machine.step(input);
      default:
        return this.#graph?.step(input, now) ?? [];
    }
  }

  /**
   * Decides about one message. The switch asks only on a miss of its table.
   * @param server as in the message; compared without regard to case
   * @param sender for whom a choice among several instances holds; empty: for nobody
   * @param mayGuess a service that a named server does not announce may be there all the same: it will say if not
   */
  forward(server: string, service: string, sender = '', now = 0, mayGuess = false): Decision {
    const machine = server.toLowerCase();
    const scope = SCOPES[service];
    if (scope !== undefined) return this.#broadcast(machine, service, scope);
    const isAnywhere = machine === '' || machine === '*';
    const isHere = isAnywhere || machine === '.' || machine === this.#server;
    if (DAEMON_NAMES.has(service)) {
      return isHere ? { kind: 'daemon' } : this.#onServer(machine, `${machine}:communicatord`);
    }
    const local = isHere ? this.#machine.service(service) : undefined;
    if (local !== undefined) return { kind: 'port', port: local.port };
    const destination = isAnywhere ? service : `${machine === '.' ? this.#server : machine}:${service}`;
    if (isAnywhere || machine === '?') {
      const graph = this.#graph;
      const found = graph?.whereabouts.nearest({ service, destination, sender, isWide: isAnywhere, now });
      return found ?? graph?.opaque.behindPeers(service, destination, now) ?? { kind: 'absent', destination };
    }
    return this.#onServer(machine, destination, mayGuess ? undefined : service);
  }

  /**
   * The same for a message that has waited. A machine that it is named for may have a service that it does not announce,
   * as those that pass are; but one that has just returned a message for it is not asked again at once.
   */
  forwardKept(server: string, service: string, sender = '', now = 0): Decision {
    const decision = this.forward(server, service, sender, now, true);
    if (decision.kind !== 'node' || !this.#graph?.whereabouts.isAbsent(decision.node, service)) return decision;
    return { kind: 'absent', destination: decision.destination };
  }

  /**
   * Where a message goes that has arrived on this machine, the last of the graph.
   * @param server as in the message: it may be a C++ daemon behind this one
   */
  here(service: string, server = this.#server, now = 0): Decision {
    const machine = server.toLowerCase();
    const isAnywhere = ANYWHERE.has(machine);
    const isBehind = !isAnywhere && machine !== '.' && !this.#isOfGraph(machine);
    const found: Decision = isBehind
      ? { kind: 'absent', destination: `${machine}:${service || 'communicatord'}` }
      : this.forward(this.#server, service === '?' || service === '*' ? '.' : service);
    if (found.kind !== 'absent' || !(isAnywhere || isBehind)) return found;
    return this.#graph?.opaque.behindOwnPeers(isAnywhere ? '' : machine, service, found.destination, now) ?? found;
  }

  /** The name of the machine that a decision leads to, as far as it is known; else as addressed. */
  placeOf(server: string, decision: Decision): string {
    const named = decision.kind === 'node' ? this.#graph?.whereabouts.nameOf(decision.node) : undefined;
    return named || (server === '' || server === '.' ? this.#server : server);
  }

  /** The queues whose messages a service of this machine may have: those for it anywhere, and for it here. */
  queuesOf(service: string): readonly string[] {
    return [service, `${this.#server}:${service}`];
  }

  /** The queues whose messages a service of another node may have. */
  queuesOn(node: NodeId, service: string): readonly string[] {
    const name = this.#graph?.whereabouts.nameOf(node) ?? '';
    const queues = [service, `${name}:${service}`];
    return this.#graph?.database.get(node) === undefined ? queues : [...queues, `?:${service}`];
  }

  /** Ports behind which somebody lists the command. */
  listeners(command: string): ReadonlySet<Port> {
    return this.#machine.listeners(command);
  }

  /** When `step` wants to be called without another input; undefined: never. */
  nextDeadline(now = 0): number | undefined {
    const deadline = this.#graph?.nextDeadline(now) ?? Number.POSITIVE_INFINITY;
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  /** The part of the router that knows other nodes. */
  get graph(): GraphRouter | undefined {
    return this.#graph;
  }

  /** What a service of this machine understands, as others are told. */
  commandsOf(service: string): readonly string[] {
    return this.#machine.announcement(service)?.split(',').filter(Boolean) ?? [];
  }

  /** The graph as seen from here. */
  snapshot(): RouterSnapshot {
    const services = [...this.#machine.services()].map(([service, local]) => ({ service, ...local }));
    return { server: this.#server, services, ...(this.#graph?.snapshot() ?? { nodes: [], links: [], parts: [] }) };
  }

  #isOfGraph(machine: string): boolean {
    return machine === this.#server || this.#graph?.nodeNamed(machine) !== undefined;
  }

  #onServer(machine: string, destination: string, service?: string): Decision {
    const graph = this.#graph;
    const found = graph?.whereabouts.onServer(machine, destination, service);
    const isOpaque = found === undefined && graph?.nodeNamed(machine) === undefined;
    return (
      found ??
      (isOpaque ? graph?.opaque.behindServer(machine, destination) : undefined) ?? { kind: 'absent', destination }
    );
  }

  #broadcast(machine: string, mark: string, scope: Scope): Decision {
    if (machine === '' || (machine === '*' && mark === '*')) return { kind: 'broadcast', scope };
    const isHere = machine === '.' || machine === '*' || machine === this.#server;
    if (mark === '.' && isHere) return { kind: 'broadcast', scope: 'machine' };
    if (mark === '.' && machine !== '?') return this.#onServer(machine, `${machine}:.`);
    return {
      kind: 'contradiction',
      reason: `${machine}:${mark} names a machine and other machines at once; write ./ for this machine, ?/ for this data centre, */ for all, SERVER:./ for one`,
    };
  }
}
