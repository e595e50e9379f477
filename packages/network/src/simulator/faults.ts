// What can go wrong, drawn at random: cables that fall silent or are unplugged, partitions, crashes with restarts, machines
// that stand still, services that come and go, machines by the same name or without the secret, clocks that are wrong.

import type { EventQueue } from './event-queue.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Cable, Side } from './network.ts';
import type { Random } from './random.ts';

export interface FaultField {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly machines: readonly SimulatedMachine[];
  readonly cables: readonly Cable[];
  /** Sets up another machine, a cable away from one of these, and starts it. */
  readonly plugIn: (newcomer: Newcomer, beside: SimulatedMachine) => SimulatedMachine;
}

/** A machine that does not belong to the cluster. */
export interface Newcomer {
  /** Its name; one that another machine bears, or one of its own. */
  readonly name: string;
  /** Whether it has the secret of the cluster. */
  readonly hasSecret: boolean;
}

type Fault = (field: FaultField) => void;

/** How long a fault lasts: mostly short, now and then beyond all timers. */
const spanMs = (random: Random): number =>
  random.chance(0.7) ? 50 + random.next() * 3000 : 3000 + random.next() * 15_000;

const FAULTS = {
  /** A cable falls silent: neither end is told. */
  cut: ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.cut();
    queue.after(spanMs(random), () => cable.mend());
  },
  /** Only what one end sends is lost. */
  deaf: ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.cutFrom(random.integer(0, 1) as Side);
    queue.after(spanMs(random), () => cable.mend());
  },
  unplug: ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.unplug();
    queue.after(spanMs(random), () => cable.mend());
  },
  /** A connection breaks, the cable stands. */
  break: ({ random, cables }) => {
    const cable = random.pick(cables);
    cable.unplug();
    cable.mend();
  },
  /** All cables between two halves. */
  partition: ({ queue, random, machines }) => {
    const side = new Set(machines.filter(() => random.chance(0.5)));
    const between = new Set<Cable>();
    for (const machine of side) {
      for (const { cable, other } of machine.cables) if (!side.has(other)) between.add(cable);
    }
    const isSilent = random.chance(0.5);
    for (const cable of between) {
      if (isSilent) cable.cut();
      else cable.unplug();
    }
    queue.after(spanMs(random), () => {
      for (const cable of between) cable.mend();
    });
  },
  crash: ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(random.chance(0.6));
    queue.after(spanMs(random), () => machine.start());
  },
  /** The machine comes back at once, before anybody has noticed that it was gone. */
  restart: ({ random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(random.chance(0.5));
    machine.start();
  },
  /** It comes back without its disk: its clock decides about the incarnation, and may be wrong. */
  wipe: ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(true);
    machine.loseDisk(random.integer(-100_000, 100_000));
    queue.after(spanMs(random), () => machine.start());
  },
  /** The daemon stands still for a while, then goes on as if nothing had been. */
  freeze: ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.freeze();
    queue.after(spanMs(random) / 2, () => machine.thaw());
  },
  service: ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    const service = [...machine.services][random.integer(0, 3)];
    if (service === undefined) return;
    machine.serviceDown(service);
    queue.after(spanMs(random), () => machine.serviceUp(service));
  },
  drain: ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.drain(true);
    // Some are still draining when the faults are over: the routes must be right with that, too.
    if (random.chance(0.7)) queue.after(spanMs(random), () => machine.drain(false));
  },
  load: ({ random, machines }) => {
    for (let count = random.integer(1, 3); count > 0; count--) random.pick(machines).setLoad(random.integer(0, 100));
  },
  /** Somebody sets up a machine by a name that another has, and plugs it in somewhere. */
  impostor: ({ queue, random, machines, plugIn }) => {
    const impostor = plugIn({ name: random.pick(machines).setup.name, hasSecret: true }, random.pick(machines));
    queue.after(spanMs(random), () => impostor.crash(random.chance(0.5)));
  },
  /** A machine with another secret, or none where there is one. */
  stranger: ({ queue, random, machines, plugIn }) => {
    const stranger = plugIn({ name: `stranger_${random.integer(1, 9)}`, hasSecret: false }, random.pick(machines));
    queue.after(spanMs(random), () => stranger.crash(random.chance(0.5)));
  },
  /** A cable takes longer; now and then each frame its own time, as if packets were lost. */
  delay: ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    if (random.chance(0.5)) cable.jitterMs = random.next() * 400;
    else cable.delayMs = cable.link.delayMs + random.next() * 400;
    queue.after(spanMs(random), () => {
      cable.delayMs = cable.link.delayMs;
      cable.jitterMs = 0;
    });
  },
  /** A cable becomes narrow. */
  narrow: ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.bytesPerSecond = random.integer(20, 200) * 1000;
    queue.after(spanMs(random), () => {
      cable.bytesPerSecond = cable.link.bytesPerSecond;
    });
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** What can go wrong, by name. */
export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** These happen twice as often. */
const FREQUENT: readonly FaultKind[] = ['crash', 'service', 'cut'];

/** Something goes wrong, of the kinds that are given. */
export function makeTrouble(field: FaultField, kinds: readonly FaultKind[] = FAULT_KINDS): void {
  const drawn = field.random.pick([...kinds, ...kinds.filter((kind) => FREQUENT.includes(kind))]);
  FAULTS[drawn](field);
}
