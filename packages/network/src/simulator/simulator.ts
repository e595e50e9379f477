// The simulator: many nodes in one process under a virtual clock, from one seed. First faults, with what must hold
// checked all the time; then healing, with convergence demanded within a bound.

import { Checker, type LinkCounts, type MessageCounts } from './checkers.ts';
import { differences, partsOf } from './convergence.ts';
import { EventQueue } from './event-queue.ts';
import { FAULT_KINDS, type FaultKind, makeTrouble, type Newcomer } from './faults.ts';
import { wrongChoices } from './instances.ts';
import { FORGET_MS, SimulatedMachine, type Wishes, type World } from './machine.ts';
import { Cable } from './network.ts';
import { Random } from './random.ts';
import { StateStore } from './state-store.ts';
import { makeTopology, TOPOLOGIES, type Topology, type TopologyKind, type TopologyLink } from './topology.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Machines; undefined: drawn from the seed, 3 to 60, mostly few. */
  readonly nodes?: number;
  readonly kind?: TopologyKind;
  /** Instead of one that is drawn. */
  readonly topology?: Topology;
  /** What may go wrong; empty: nothing. */
  readonly faults: readonly FaultKind[];
  /** How long things go wrong, in ms of the virtual clock. */
  readonly faultsMs: number;
  /** Messages a second in all. */
  readonly messagesPerSecond: number;
  /** Every byte through encoder and reader; undefined: with up to 20 machines. */
  readonly isByteExact?: boolean;
}

export const SIMULATION_OPTIONS: Omit<SimulationOptions, 'seed'> = {
  faults: FAULT_KINDS,
  faultsMs: 15_000,
  messagesPerSecond: 30,
};

export interface SimulationResult {
  readonly seed: number;
  readonly nodes: number;
  readonly links: number;
  readonly violations: readonly string[];
  readonly messages: MessageCounts;
  readonly handshakes: LinkCounts;
  /** Events that happened, and how far the virtual clock came. */
  readonly events: number;
  readonly virtualMs: number;
  /** How long after the last fault everything was as it should be; undefined: never. */
  readonly healedMs: number | undefined;
}

/** After the last fault: silence must be noticed, pauses before dialing be over, link states be flooded. */
const HEALING_MS_MAX = 15_000;
const BYTE_EXACT_NODES_MAX = 20;
/** Between two messages of one sender to the same name, at most, in ms. */
const FLOW_PAUSE_MS_MAX = 10;
/** The most machines that are drawn. */
const NODES_MAX = 60;
const TTL_MS = 20_000;
/** Between faults, on average half of it, in ms. */
const FAULT_PAUSE_MS_MAX = 2500;
/** When every message has ended, so much later nothing is under way that could arrive a second time. */
const QUIET_MS = 6000;
/** One in so many messages asks to be kept on disk; and for a short life. */
const DURABLE_SHARE = 0.15;
const SHORT_LIVED_SHARE = 0.2;

/** One in so many graphs has several data centres. */
const AREAS_SHARE = 0.4;

export class Simulation {
  readonly options: SimulationOptions;
  readonly random: Random;
  readonly queue = new EventQueue();
  readonly checker: Checker;
  readonly machines: SimulatedMachine[] = [];
  readonly cables: Cable[] = [];
  readonly topology: Topology;
  /** Machines that do not belong: by others' names, without the secret. They are gone when the faults are over. */
  readonly impostors: SimulatedMachine[] = [];
  readonly world: World;
  /** What the machines of the cluster prove to each other, if anything. */
  readonly secret: string | undefined;
  #cables = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    this.checker = new Checker(() => this.queue.nowMs);
    this.topology = options.topology ?? this.#draw();
    this.secret = this.random.chance(0.5) ? this.random.id() : undefined;
    const isByteExact = options.isByteExact ?? this.topology.nodes.length <= BYTE_EXACT_NODES_MAX;
    this.world = {
      queue: this.queue,
      random: this.random,
      checker: this.checker,
      isByteExact,
      shared: new StateStore(),
    };
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
      this.#settle();
      this.checker.finish();
      this.checker.finishBroadcasts(this.machines, partsOf(this.machines));
    } catch (error) {
      this.checker.violate(`an assertion failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    return {
      seed: this.options.seed,
      nodes: this.machines.length,
      links: this.cables.length,
      violations: this.checker.violations,
      messages: this.checker.counts,
      handshakes: this.checker.links,
      events: this.queue.count,
      virtualMs: this.queue.nowMs,
      healedMs,
    };
  }

  begin(): void {
    for (const machine of this.machines) machine.start();
  }

  /** Lets time pass until nothing differs from what should be. @returns how long that took, or undefined */
  converge(withinMs: number, stepMs = 100, differencesIn = differences): number | undefined {
    const start = this.queue.nowMs;
    while (this.queue.nowMs - start < withinMs) {
      this.queue.runUntil(this.queue.nowMs + stepMs, this.#isBroken);
      if (this.#isBroken()) return undefined;
      if (differencesIn(this.machines).next().done) return this.queue.nowMs - start;
    }
    return undefined;
  }

  machine(name: string): SimulatedMachine {
    const found = this.machines.find(({ setup }) => setup.name === name);
    if (found === undefined) throw new Error(`There is no machine ${name}`);
    return found;
  }

  /** @param place which of several cables between the two, from 1 on */
  cable(a: string, b: string, place = 1): Cable {
    const found = this.cables.filter(({ link }) => (link.a === a && link.b === b) || (link.a === b && link.b === a));
    const cable = found[place - 1];
    if (cable === undefined) throw new Error(`There is no cable ${place} between ${a} and ${b}`);
    return cable;
  }

  #draw(): Topology {
    const { random, options } = this;
    const nodes = options.nodes ?? drawCount(random);
    const kind = options.kind ?? (random.chance(0.7) ? 'random' : random.pick(TOPOLOGIES));
    const areas = random.chance(AREAS_SHARE) ? Math.min(random.integer(2, 4), nodes) : 1;
    const degree = 2 + random.next() * 2;
    const drawn = cutInTwo(
      makeTopology({ kind, nodes, degree, servicesPerNode: 3, areas, linksBetween: random.integer(1, 3) }, random),
      areas > 2 && random.chance(0.3),
    );
    // Some machines are on two networks with each other.
    const doubled = random.chance(0.3) ? drawn.links.filter(() => random.chance(0.2)) : [];
    const second = doubled.map((link) => ({
      ...link,
      cost: random.chance(0.5) ? link.cost : random.integer(1, 4) * 10,
    }));
    return { ...drawn, links: [...drawn.links, ...second] };
  }

  #build(): void {
    const { random, world, secret } = this;
    for (const { name, area, services } of this.topology.nodes) {
      const clockErrorS = random.chance(0.2) ? random.integer(-100_000, 100_000) : 0;
      // A whole number of 1024ths of a percent: times stay exact.
      const clockRate = random.chance(0.2) ? 1 + random.integer(-64, 64) / 32_768 : 1;
      const uptimeMs = random.integer(0, 1e6);
      const setup = { name, id: random.id(), area, services, secret, clockErrorS, clockRate, uptimeMs };
      this.machines.push(new SimulatedMachine(setup, world));
    }
    for (const link of this.topology.links) this.#lay(link, this.machine(link.a), this.machine(link.b));
  }

  /** Lays a cable between two machines. */
  #lay(link: TopologyLink, a: SimulatedMachine, b: SimulatedMachine): Cable {
    const cable = new Cable(link, this.#cables++);
    a.cables.push({ cable, other: b, side: 0 });
    b.cables.push({ cable, other: a, side: 1 });
    if (this.machines.includes(a)) this.cables.push(cable);
    return cable;
  }

  #faults(): void {
    const { random, queue, machines, cables, options } = this;
    this.#traffic(options.faultsMs);
    if (options.faults.length > 0) {
      const field = { queue, random, machines, cables, plugIn: this.plugIn };
      for (let atMs = random.next() * 2000; atMs < options.faultsMs; atMs += random.next() * FAULT_PAUSE_MS_MAX) {
        queue.at(atMs, () => makeTrouble(field, options.faults));
      }
    }
    queue.runUntil(options.faultsMs, this.#isBroken);
  }

  #heal(): number | undefined {
    // What was to end later than now ends now; what ends again then changes nothing.
    for (const cable of this.cables) cable.restore();
    for (const impostor of this.impostors) {
      impostor.crash(true);
      for (const { cable, other } of impostor.cables) other.unplug(cable);
    }
    for (const machine of this.machines) {
      machine.thaw();
      machine.start();
      for (const service of machine.setup.services) if (!machine.services.has(service)) machine.serviceUp(service);
    }
    // Timers of faults that are still to come end within their longest span; they mend what is whole already.
    const healedMs = this.converge(HEALING_MS_MAX, 100, allDifferences);
    if (healedMs === undefined && !this.#isBroken()) {
      const first = [...allDifferences(this.machines)].slice(0, 3).join('; ');
      this.checker.violate(`not healed within ${HEALING_MS_MAX} ms: ${first}`);
    }
    this.checker.isAfterFaults = true;
    return healedMs;
  }

  /** Lets time pass until every message has ended, and then some. */
  #settle(): void {
    const { queue, checker } = this;
    const endMs = queue.nowMs + FORGET_MS * 1.2;
    while (queue.nowMs < endMs && !checker.isSettled && !this.#isBroken()) {
      queue.runUntil(queue.nowMs + 1000, this.#isBroken);
    }
    queue.runUntil(queue.nowMs + QUIET_MS, this.#isBroken);
  }

  /** Services write to services, for so long. */
  #traffic(forMs: number): void {
    const { random, queue, machines, options, checker } = this;
    const names = [...new Set(machines.flatMap(({ services }) => [...services]))];
    const endMs = queue.nowMs + forMs;
    for (let atMs = queue.nowMs + 500; atMs < endMs; atMs += (2 * random.next() * 1000) / options.messagesPerSecond) {
      queue.at(atMs, () => {
        const from = random.pick(machines);
        const service = [...from.services][random.integer(0, from.services.size - 1)];
        if (service === undefined) return;
        if (random.chance(0.1)) from.broadcast(service, random.chance(0.3) ? '?' : '*');
        const to = random.pick(machines);
        const isNamed = random.chance(0.5);
        const target = isNamed ? ([...to.services][0] ?? random.pick(names)) : random.pick(names);
        const isShort = random.chance(SHORT_LIVED_SHARE) && !checker.isAfterFaults;
        const ttlMs = isShort ? random.integer(200, 5000) : random.integer(TTL_MS / 2, TTL_MS);
        const wishes = { ttlMs, isKept: true, isDurable: random.chance(DURABLE_SHARE) };
        const count = random.chance(0.1) ? random.integer(2, 30) : 1;
        // At once, or one after the other while things change.
        const everyMs = random.chance(0.5) ? 0 : random.next() * FLOW_PAUSE_MS_MAX;
        for (let place = 0; place < count; place++) {
          // What is sent when all faults are over must arrive, and the pause before a stream sends again may be long still.
          const wishesNow = (): Wishes => (isShort && checker.isAfterFaults ? { ...wishes, ttlMs: TTL_MS } : wishes);
          const send = (): void => from.send(service, isNamed ? to.setup.name : '', target, wishesNow());
          if (place * everyMs === 0) send();
          else queue.after(place * everyMs, send);
        }
      });
    }
  }

  /** Sets up another machine, a cable away from one, and starts it. */
  readonly plugIn = ({ name, hasSecret }: Newcomer, beside: SimulatedMachine): SimulatedMachine => {
    const { random } = this;
    const otherSecret = this.secret === undefined || random.chance(0.5) ? random.id() : undefined;
    const setup = {
      name,
      id: random.id(),
      area: beside.setup.area,
      services: ['own_1'],
      secret: hasSecret ? this.secret : otherSecret,
      clockErrorS: random.integer(-9, 9),
      clockRate: 1,
      uptimeMs: 0,
    };
    const newcomer = new SimulatedMachine(setup, this.world);
    const place = `newcomer ${this.impostors.length}`;
    const link = { a: place, b: beside.setup.name, delayMs: 1, cost: 10, bytesPerSecond: undefined };
    this.#lay(link, newcomer, beside);
    this.impostors.push(newcomer);
    newcomer.start();
    return newcomer;
  };

  readonly #isBroken = (): boolean => this.checker.violations.length > 0;
}

/** Also in what each machine would choose, which takes long to look at. */
function* allDifferences(machines: readonly SimulatedMachine[]): Generator<string> {
  yield* differences(machines);
  yield* wrongChoices(machines);
}

/** If asked to, makes of the first and the last data centre one in two parts, which reach each other by way of others only. */
function cutInTwo(topology: Topology, isAsked: boolean): Topology {
  if (!isAsked) return topology;
  const [first = '', last = ''] = [topology.nodes[0]?.area, topology.nodes.at(-1)?.area];
  const areas = new Map(topology.nodes.map(({ name, area }) => [name, area]));
  const joins = ({ a, b }: TopologyLink): boolean => {
    const ends = [areas.get(a), areas.get(b)];
    return first !== last && ends.includes(first) && ends.includes(last);
  };
  // Links between the two would make one part of them.
  if (topology.links.some(joins)) return topology;
  return {
    ...topology,
    nodes: topology.nodes.map((node) => ({ ...node, area: node.area === last ? first : node.area })),
  };
}

/** Mostly few machines: they show most mistakes, and cost least. */
function drawCount(random: Random): number {
  const share = random.next();
  if (share < 0.8) return random.integer(3, 12);
  return share < 0.96 ? random.integer(13, 30) : random.integer(31, NODES_MAX);
}

export const simulate = (options: SimulationOptions): SimulationResult => new Simulation(options).run();
