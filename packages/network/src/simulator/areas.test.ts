// Data centres: what crosses between them, who knows what, and how far broadcasts go.

import { describe, expect, test } from 'vitest';
import { partsOf } from './convergence.ts';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import type { Topology } from './topology.ts';

const link = (a: string, b: string, delayMs = 1, cost = 10) => ({ a, b, delayMs, cost, bytesPerSecond: undefined });
const node = (name: string, area: string, ...services: string[]) => ({ name, area, services });

// Three data centres in a row; each two are joined by two links, two machines by two of them.
//
//     e1 ──┬── m1 ───── w1
//     │    │   │        │
//     e2   │   m2 ───── w2
//     │    │   │   ╱    │
//     e3 ──┴── m3 ╱     w3
const world: Topology = {
  nodes: [
    ...[node('e1', 'east', 'web'), node('e2', 'east', 'db'), node('e3', 'east')],
    ...[node('m1', 'middle', 'log'), node('m2', 'middle', 'db'), node('m3', 'middle')],
    ...[node('w1', 'west'), node('w2', 'west', 'web'), node('w3', 'west', 'log', 'cat')],
  ],
  links: [
    ...[link('e1', 'e2'), link('e2', 'e3'), link('m1', 'm2'), link('m2', 'm3'), link('w1', 'w2'), link('w2', 'w3')],
    ...[link('e1', 'm1', 10, 100), link('e1', 'm1', 12, 100), link('e3', 'm3', 10, 100)],
    ...[link('m1', 'w1', 10, 100), link('m2', 'w2', 10, 100), link('m3', 'w2', 10, 200)],
  ],
};

function atRest(topology: Topology = world): Simulation {
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed: 1, topology, faults: [] });
  simulation.begin();
  expect(simulation.converge(10_000)).toBeDefined();
  return simulation;
}

const graphOf = (simulation: Simulation, name: string) => {
  const graph = simulation.machine(name).node?.router.graph;
  if (graph === undefined) throw new Error(`${name} has no graph`);
  return graph;
};

/** The name of the machine that a message of one would go to. */
function chosen(simulation: Simulation, from: string, server: string, service: string): string {
  const decision = simulation.machine(from).node?.router.forward(server, service);
  if (decision?.kind !== 'node') return decision?.kind ?? '';
  return simulation.machines.find(({ setup }) => setup.id === decision.node)?.setup.name ?? '';
}

test('nobody knows more than the own area and the summaries', () => {
  const simulation = atRest();
  for (const { setup } of simulation.machines) {
    const { database, areas } = graphOf(simulation, setup.name);
    expect([...database.states()].every(({ facts }) => facts.area === setup.area)).toBe(true);
    expect(database.size).toBe(3);
    expect(areas.summaries.size).toBeLessThanOrEqual(8);
    const parts = [...areas.parts()];
    expect(parts.map(({ area }) => area).sort()).toEqual(
      ['east', 'middle', 'west'].filter((area) => area !== setup.area),
    );
    expect(parts.every(({ content }) => content?.machines === 3 && content.names.size === 3)).toBe(true);
  }
});

test.each([
  ['e1', '', 'db', 'e2'],
  ['e1', '', 'log', 'm1'],
  ['e1', '', 'cat', 'w3'],
  ['e1', 'w3', 'log', 'w3'],
  ['e1', 'w2', 'communicatord', 'w2'],
  ['e1', '?', 'db', 'e2'],
  ['e1', '?', 'log', 'absent'],
  ['w3', '', 'db', 'm2'],
  ['w3', '*', 'db', 'm2'],
  ['e1', 'nobody', 'db', 'absent'],
])('from %s, %s:%s is at %s', (from, server, service, at) => {
  expect(chosen(atRest(), from, server, service)).toBe(at);
});

describe('broadcasts', () => {
  /** Frames with broadcasts that crossed each border, and where each broadcast arrived. */
  function broadcast(scope: '*' | '?', from: string, times: number): { crossed: number; arrived: string[] } {
    const simulation = atRest();
    const areas = new Map(simulation.machines.map(({ setup }) => [setup.id, setup.area]));
    let crossed = 0;
    for (const machine of simulation.machines) {
      const graph = graphOf(simulation, machine.setup.name);
      const { links } = machine;
      const send = links.send.bind(links);
      links.send = (port, frame) => {
        const peer = graph.links().find((each) => each.link === port)?.peer;
        if (frame.kind === 'data' && frame.last === scope && areas.get(peer?.node ?? '') !== machine.setup.area)
          crossed++;
        send(port, frame);
      };
    }
    for (let time = 0; time < times; time++) simulation.machine(from).broadcast('web', scope);
    simulation.queue.runUntil(simulation.queue.nowMs + 3000);
    const { checker, machines } = simulation;
    checker.isAfterFaults = true;
    expect(checker.violations).toEqual([]);
    const arrived = machines.filter(({ node: each }) => each?.broadcasts.counters.delivered === times);
    expect(partsOf(machines).size).toBe(9);
    return { crossed, arrived: arrived.map(({ setup }) => setup.name) };
  }

  test.each(['e2', 'm3', 'w1'])('one for all, from %s, crosses into each other area once', (from) => {
    const { crossed, arrived } = broadcast('*', from, 10);
    expect(arrived).toHaveLength(8);
    expect(crossed).toBe(2 * 10);
  });

  test('what a machine says right after its start arrives abroad', () => {
    const simulation = atRest();
    const w3 = simulation.machine('w3');
    w3.crash(true);
    simulation.queue.runUntil(simulation.queue.nowMs + 3000);
    w3.start();
    const adjacent = (): boolean => graphOf(simulation, 'w3').fullLinks('*').length > 0;
    while (!adjacent()) simulation.queue.runUntil(simulation.queue.nowMs + 1);
    w3.broadcast('log', '*');
    const arrived = (): number => simulation.checker.counts.broadcasts;
    simulation.queue.runUntil(simulation.queue.nowMs + 5000);
    expect(arrived()).toBe(8);
  });

  test('one for the data centre does not leave it', () => {
    expect(broadcast('?', 'e2', 3)).toEqual({ crossed: 0, arrived: ['e1', 'e3'] });
  });
});

test('a life abroad that is over is followed by the next one', () => {
  const simulation = atRest();
  const [e2, w3] = [simulation.machine('e2'), simulation.machine('w3')];
  e2.send('db', 'w3', 'log', { ttlMs: 5000, isKept: true, isDurable: false });
  const before = [...(e2.node?.streams.destinations() ?? [])];
  expect(before).toEqual([w3.node?.self]);
  w3.crash(true);
  w3.start();
  expect(simulation.converge(10_000)).toBeDefined();
  expect([...(e2.node?.streams.destinations() ?? [])]).toEqual([]);
  expect(graphOf(simulation, 'e2').knows(before[0] ?? '')).toBe(false);
  expect(graphOf(simulation, 'e2').knows(w3.node?.self ?? '')).toBe(true);
});

test('the speaker stays the same when a border comes, and is followed by another when it goes', () => {
  const simulation = atRest();
  const speakerOf = (name: string): string | undefined =>
    [...graphOf(simulation, 'm2').areas.parts()].find(({ content }) => content?.names.has(name))?.speaker;
  const speaker = simulation.machines.find(({ setup }) => setup.id === speakerOf('e2'));
  expect(speaker?.setup.area).toBe('east');
  speaker?.crash(false);
  simulation.queue.runUntil(simulation.queue.nowMs + 5000);
  const next = speakerOf('e2');
  expect(next).toBeDefined();
  expect(next).not.toBe(speaker?.setup.id);
  speaker?.start();
  expect(simulation.converge(10_000)).toBeDefined();
  expect(speakerOf('e2')).toBe(next);
});
