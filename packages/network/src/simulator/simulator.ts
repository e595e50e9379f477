// The simulator: many nodes in one process under a virtual clock, from one seed. First faults, with what must hold
// checked all the time; then healing, with convergence demanded within a bound.

import type { LinkState } from '../router/link-state.ts';
import { Checker, type MessageCounts } from './checkers.ts';
import { differences } from './convergence.ts';
import { EventQueue } from './event-queue.ts';
import { makeTrouble } from './faults.ts';
import { FORGET_MS, SimulatedMachine, type World } from './machine.ts';
import { Cable } from './network.ts';
import { Random } from './random.ts';
import { makeTopology, TOPOLOGIES, type Topology, type TopologyKind } from './topology.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Machines; undefined: drawn from the seed, 3 to 12. */
  readonly nodes?: number;
  readonly kind?: TopologyKind;
  /** Instead of one that is drawn. */
  readonly topology?: Topology;
  /** Whether anything goes wrong. */
  readonly hasFaults: boolean;
  /** How long things go wrong, in ms of the virtual clock. */
  readonly faultsMs: number;
  /** Messages a second in all. */
  readonly messagesPerSecond: number;
  /** Every byte through encoder and reader; undefined: with up to 20 machines. */
  readonly isByteExact?: boolean;
}

export const SIMULATION_OPTIONS: Omit<SimulationOptions, 'seed'> = {
  hasFaults: true,
  faultsMs: 15_000,
  messagesPerSecond: 30,
};

export interface SimulationResult {
  readonly seed: number;
  readonly nodes: number;
  readonly links: number;
  readonly violations: readonly string[];
  readonly messages: MessageCounts;
  /** Events that happened, and how far the virtual clock came. */
  readonly events: number;
  readonly virtualMs: number;
  /** How long after the last fault everything was as it should be; undefined: never. */
  readonly healedMs: number | undefined;
}

/** After the last fault: silence must be noticed, pauses before dialing be over, link states be flooded. */
const HEALING_MS_MAX = 15_000;
const BYTE_EXACT_NODES_MAX = 20;
const TTL_MS = 20_000;

export class Simulation {
  readonly options: SimulationOptions;
  readonly random: Random;
  readonly queue = new EventQueue();
  readonly checker: Checker;
  readonly machines: SimulatedMachine[] = [];
  readonly cables: Cable[] = [];
  readonly topology: Topology;
  /** Machines that bear others' names by mistake; they are gone when the faults are over. */
  readonly impostors: SimulatedMachine[] = [];
  readonly world: World;
  /** One object for equal link states, however many machines have it. */
  readonly #shared = new Map<string, LinkState>();

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    this.checker = new Checker(() => this.queue.nowMs);
    this.topology = options.topology ?? this.#draw();
    const isByteExact = options.isByteExact ?? this.topology.nodes.length <= BYTE_EXACT_NODES_MAX;
    const share = (state: LinkState): LinkState => this.#share(state);
    this.world = { queue: this.queue, random: this.random, checker: this.checker, isByteExact, share };
    this.#build();
  }

  /** The whole simulation. An assertion of the code under test becomes a violation, too. */
  run(): SimulationResult {
    let healedMs: number | undefined;
    try {
      this.begin();
      this.#faults();
      healedMs = this.#heal();
      this.#traffic(3000);
      this.queue.runUntil(this.queue.nowMs + FORGET_MS * 1.2, this.#isBroken);
      this.checker.finish();
      this.checker.finishBroadcasts(this.machines);
    } catch (error) {
      this.checker.violate(`an assertion failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    return {
      seed: this.options.seed,
      nodes: this.machines.length,
      links: this.cables.length,
      violations: this.checker.violations,
      messages: this.checker.counts,
      events: this.queue.count,
      virtualMs: this.queue.nowMs,
      healedMs,
    };
  }

  begin(): void {
    for (const machine of this.machines) machine.start();
  }

  /** Lets time pass until nothing differs from what should be. @returns how long that took, or undefined */
  converge(withinMs: number, stepMs = 100): number | undefined {
    const start = this.queue.nowMs;
    while (this.queue.nowMs - start < withinMs) {
      this.queue.runUntil(this.queue.nowMs + stepMs, this.#isBroken);
      if (this.#isBroken()) return undefined;
      if (differences(this.machines).next().done) return this.queue.nowMs - start;
    }
    return undefined;
  }

  machine(name: string): SimulatedMachine {
    const found = this.machines.find(({ setup }) => setup.name === name);
    if (found === undefined) throw new Error(`There is no machine ${name}`);
    return found;
  }

  cable(a: string, b: string): Cable {
    const found = this.cables.find(({ link }) => (link.a === a && link.b === b) || (link.a === b && link.b === a));
    if (found === undefined) throw new Error(`There is no cable between ${a} and ${b}`);
    return found;
  }

  #draw(): Topology {
    const { random, options } = this;
    const nodes = options.nodes ?? random.integer(3, 12);
    const kind = options.kind ?? (random.chance(0.7) ? 'random' : random.pick(TOPOLOGIES));
    return makeTopology({ kind, nodes, degree: 2 + random.next() * 2, servicesPerNode: 3 }, random);
  }

  #build(): void {
    const { random, world } = this;
    for (const { name, area, services } of this.topology.nodes) {
      const clockErrorS = random.chance(0.2) ? random.integer(-100_000, 100_000) : 0;
      const setup = { name, id: random.id(), area, services, clockErrorS, uptimeMs: random.integer(0, 1e6) };
      this.machines.push(new SimulatedMachine(setup, world));
    }
    for (const link of this.topology.links) {
      const cable = new Cable(link);
      const [a, b] = [this.machine(link.a), this.machine(link.b)];
      a.cables.push({ cable, other: b, side: 0 });
      b.cables.push({ cable, other: a, side: 1 });
      this.cables.push(cable);
    }
  }

  #faults(): void {
    const { random, queue, machines, cables, options } = this;
    this.#traffic(options.faultsMs);
    if (options.hasFaults) {
      for (let atMs = random.next() * 2000; atMs < options.faultsMs; atMs += random.next() * 2500) {
        queue.at(atMs, () => makeTrouble({ queue, random, machines, cables, plugIn: this.plugIn }));
      }
    }
    queue.runUntil(options.faultsMs, this.#isBroken);
  }

  #heal(): number | undefined {
    // What was to end later than now ends now; what ends again then changes nothing.
    for (const cable of this.cables) {
      cable.mend();
      cable.delayMs = cable.link.delayMs;
    }
    for (const impostor of this.impostors) {
      impostor.crash(true);
      for (const { cable, other } of impostor.cables) other.unplug(cable);
    }
    for (const machine of this.machines) {
      machine.start();
      for (const service of machine.setup.services) if (!machine.services.has(service)) machine.serviceUp(service);
    }
    // Timers of faults that are still to come end within their longest span; they mend what is whole already.
    const healedMs = this.converge(HEALING_MS_MAX);
    if (healedMs === undefined && !this.#isBroken()) {
      const first = [...differences(this.machines)].slice(0, 3).join('; ');
      this.checker.violate(`not healed within ${HEALING_MS_MAX} ms: ${first}`);
    }
    this.checker.isAfterFaults = true;
    return healedMs;
  }

  /** Services write to services, for so long. */
  #traffic(forMs: number): void {
    const { random, queue, machines, options } = this;
    const names = [...new Set(machines.flatMap(({ services }) => [...services]))];
    const endMs = queue.nowMs + forMs;
    for (let atMs = queue.nowMs + 500; atMs < endMs; atMs += (2 * random.next() * 1000) / options.messagesPerSecond) {
      queue.at(atMs, () => {
        const from = random.pick(machines);
        const service = [...from.services][random.integer(0, from.services.size - 1)];
        if (service === undefined) return;
        if (random.chance(0.1)) from.broadcast(service);
        const to = random.pick(machines);
        const isNamed = random.chance(0.5);
        const target = isNamed ? ([...to.services][0] ?? random.pick(names)) : random.pick(names);
        const ttlMs = random.integer(TTL_MS / 2, TTL_MS);
        for (let burst = random.chance(0.1) ? random.integer(2, 30) : 1; burst > 0; burst--) {
          from.send(service, isNamed ? to.setup.name : '', target, ttlMs, true);
        }
      });
    }
  }

  /** Sets up another machine by a name, a cable away from a machine, and starts it. */
  readonly plugIn = (name: string, beside: SimulatedMachine): SimulatedMachine => {
    const { random } = this;
    const setup = {
      name,
      id: random.id(),
      area: '',
      services: ['own_1'],
      clockErrorS: random.integer(-9, 9),
      uptimeMs: 0,
    };
    const impostor = new SimulatedMachine(setup, this.world);
    const link = {
      a: `impostor ${this.impostors.length}`,
      b: beside.setup.name,
      delayMs: 1,
      cost: 10,
      bytesPerSecond: undefined,
    };
    const cable = new Cable(link);
    impostor.cables.push({ cable, other: beside, side: 0 });
    beside.cables.push({ cable, other: impostor, side: 1 });
    this.impostors.push(impostor);
    impostor.start();
    return impostor;
  };

  #share(state: LinkState): LinkState {
    // Equal states may differ in how far back they remember removals; which of them is kept makes no other difference.
    const key = `${state.origin} ${state.incarnation}.${state.sequence}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    // Old states are nobody's any more, mostly; those still in use are merely not shared again.
    if (this.#shared.size > 20_000) this.#shared.clear();
    this.#shared.set(key, state);
    return state;
  }

  readonly #isBroken = (): boolean => this.checker.violations.length > 0;
}

export const simulate = (options: SimulationOptions): SimulationResult => new Simulation(options).run();
