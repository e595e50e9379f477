// What can go wrong, drawn at random: cables that fall silent or are unplugged, partitions, crashes with restarts, services
// that come and go, a second machine by the same name, clocks that are wrong.

import type { EventQueue } from './event-queue.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Cable } from './network.ts';
import type { Random } from './random.ts';

export interface FaultField {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly machines: readonly SimulatedMachine[];
  readonly cables: readonly Cable[];
  /** Sets up a machine with a name, a cable away from another, and starts it. */
  readonly plugIn: (name: string, beside: SimulatedMachine) => SimulatedMachine;
}

type Fault = (field: FaultField) => void;

/** How long a fault lasts: mostly short, now and then beyond all timers. */
const spanMs = (random: Random): number =>
  random.chance(0.7) ? 50 + random.next() * 3000 : 3000 + random.next() * 15_000;

const FAULTS: readonly Fault[] = [
  // A cable falls silent: neither end is told.
  ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.cut();
    queue.after(spanMs(random), () => cable.mend());
  },
  ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.unplug();
    queue.after(spanMs(random), () => cable.mend());
  },
  // A connection breaks, the cable stands.
  ({ random, cables }) => {
    const cable = random.pick(cables);
    cable.unplug();
    cable.mend();
  },
  // A partition: all cables between two halves.
  ({ queue, random, machines }) => {
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
  ...Array<Fault>(2).fill(({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(random.chance(0.6));
    queue.after(spanMs(random), () => machine.start());
  }),
  // The machine comes back at once, before anybody has noticed that it was gone.
  ({ random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(random.chance(0.5));
    machine.start();
  },
  // It comes back without its disk: its clock decides about the incarnation, and may be wrong.
  ({ queue, random, machines }) => {
    const machine = random.pick(machines);
    machine.crash(true);
    machine.loseDisk(random.integer(-100_000, 100_000));
    queue.after(spanMs(random), () => machine.start());
  },
  ...Array<Fault>(2).fill(({ queue, random, machines }) => {
    const machine = random.pick(machines);
    const service = [...machine.services][random.integer(0, 3)];
    if (service === undefined) return;
    machine.serviceDown(service);
    queue.after(spanMs(random), () => machine.serviceUp(service));
  }),
  // Somebody sets up a machine by a name that another has, and plugs it in somewhere.
  ({ queue, random, machines, plugIn }) => {
    const impostor = plugIn(random.pick(machines).setup.name, random.pick(machines));
    queue.after(spanMs(random), () => impostor.crash(random.chance(0.5)));
  },
  // A cable becomes slow.
  ({ queue, random, cables }) => {
    const cable = random.pick(cables);
    cable.delayMs = cable.link.delayMs + random.next() * 400;
    queue.after(spanMs(random), () => {
      cable.delayMs = cable.link.delayMs;
    });
  },
];

export function makeTrouble(field: FaultField): void {
  field.random.pick(FAULTS)(field);
}
