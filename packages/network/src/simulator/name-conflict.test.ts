// Two machines by one name: refused at the door, and when two parts of a cluster meet, exactly one gives way.

import { expect, test } from 'vitest';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import type { Topology } from './topology.ts';

const link = (a: string, b: string) => ({ a, b, delayMs: 1, cost: 10, bytesPerSecond: undefined });

// n1 ── n2 ── n3 ── (another n1)
const topology: Topology = {
  nodes: ['n1', 'n2', 'n3'].map((name) => ({ name, area: '', services: [`own_${name}`] })),
  links: [link('n1', 'n2'), link('n2', 'n3')],
};

function rig(seed: number): Simulation {
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed, topology });
  simulation.begin();
  simulation.queue.runUntil(2000);
  return simulation;
}

test('a newcomer by a name that is taken is refused, and hears why', () => {
  const simulation = rig(1);
  const impostor = simulation.plugIn({ name: 'n1', hasSecret: true }, simulation.machine('n3'));
  simulation.queue.runUntil(10_000);
  expect(impostor.linkCount).toBe(0);
  expect(impostor.hasLostName).toBe(true);
  expect(simulation.machine('n1').linkCount).toBe(1);
  expect(simulation.checker.violations).toEqual([]);
});

test('when two parts meet, the younger claim gives way, and the name leads to the older', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const simulation = rig(seed);
    const { queue } = simulation;
    simulation.cable('n2', 'n3').cut();
    queue.runUntil(6000);
    const impostor = simulation.plugIn({ name: 'n1', hasSecret: true }, simulation.machine('n3'));
    queue.runUntil(9000);
    expect(impostor.linkCount).toBe(1);
    simulation.cable('n2', 'n3').mend();
    queue.runUntil(20_000);
    const rivals = [simulation.machine('n1'), impostor];
    const [winner, loser] = rivals.sort(
      (a, b) => a.setup.clockErrorS - b.setup.clockErrorS || (a.setup.id < b.setup.id ? -1 : 1),
    );
    // Who is dialed by the loser refuses; who dials it links for the moment until that is heard.
    const [beside, apart] = loser === impostor ? ['n3', 'n2'] : ['n2', 'n3'];
    expect([winner?.linkCount, simulation.machine(beside).linkCount], `seed ${seed}`).toEqual([1, 1]);
    expect(simulation.machine(apart).linkCount).toBe(2);
    for (const name of ['n2', 'n3']) {
      expect(simulation.machine(name).node?.router.graph?.nodeNamed('n1')).toBe(winner?.setup.id);
    }
  }
});
