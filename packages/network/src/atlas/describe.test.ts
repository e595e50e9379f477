// The document that a daemon writes: from routers that have found each other in the simulator.

import { describe, expect, it } from 'vitest';
import { SIMULATION_OPTIONS, Simulation } from '../simulator/simulator.ts';
import type { Topology } from '../simulator/topology.ts';
import { type DescriptionParts, describeGraph } from './describe.ts';
import { encodeGraph, type GraphDocument } from './document.ts';
import { readGraph } from './reader.ts';

const cable = (a: string, b: string, delayMs: number, cost: number) => ({
  a,
  b,
  delayMs,
  cost,
  bytesPerSecond: undefined,
});

const LINE: Topology = {
  nodes: [
    { name: 'a', area: '', services: ['web'] },
    { name: 'b', area: '', services: ['db'] },
    { name: 'c', area: '', services: ['db'] },
  ],
  links: [cable('a', 'b', 1, 10), cable('b', 'c', 5, 20)],
};

function simulated(topology: Topology): Simulation {
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed: 1, topology });
  simulation.begin();
  simulation.queue.runUntil(5000);
  return simulation;
}

function seenFrom(simulation: Simulation, name: string, more: Partial<DescriptionParts> = {}): GraphDocument {
  const { node, setup } = simulation.machine(name);
  if (node === undefined) throw new Error(`${name} does not run`);
  return describeGraph({
    snapshot: node.router.snapshot(),
    node: setup.id,
    dataCenter: '',
    time: 1_800_000_000,
    link: () => undefined,
    server: () => undefined,
    commands: () => ['N'],
    ...more,
  });
}

describe('a document', () => {
  it('has servers, services, links and ways', () => {
    const graph = seenFrom(simulated(LINE), 'a');
    expect(graph.servers.map(({ name, distance, nextHops }) => [name, distance, nextHops])).toEqual([
      ['a', 0, []],
      ['b', 10, ['b']],
      ['c', 30, ['b']],
    ]);
    expect(graph.servers.map(({ services }) => services)).toEqual([
      [{ name: 'web', commands: ['N'] }],
      [{ name: 'db', commands: ['N'] }],
      [{ name: 'db', commands: ['N'] }],
    ]);
    expect(graph.links).toMatchObject([
      { from: 'a', to: 'b', cost: 10, kind: 'network', state: 'up', isOpaque: false },
      { from: 'b', to: 'c', cost: 20, kind: 'network', state: 'up', isOpaque: false },
    ]);
    expect(graph.links[0]?.roundTripMs).toBeGreaterThan(1);
    expect(graph.links[1]).not.toHaveProperty('roundTripMs');
    expect(readGraph(encodeGraph(graph))).toEqual({ graph });
  });

  it('says the same of the links wherever it is written', () => {
    const simulation = simulated(LINE);
    const pairs = (name: string) =>
      seenFrom(simulation, name).links.map(({ from, to, cost }) => [[from, to].sort().join(' '), cost]);
    expect(pairs('b')).toEqual(pairs('a'));
    expect(pairs('c').sort()).toEqual(pairs('a'));
  });

  it('has the costs that a machine tells the others while it drains, where that machine writes it too', () => {
    const simulation = simulated(LINE);
    simulation.machine('b').drain(true);
    simulation.queue.runUntil(6000);
    const { links } = seenFrom(simulation, 'b');
    expect(links.map(({ from, to, cost, costBack }) => [from, to, cost, costBack])).toEqual([
      ['b', 'a', 65535, 10],
      ['b', 'c', 65535, 20],
    ]);
  });

  it('keeps who was lost, with links that only one end has', () => {
    const simulation = simulated(LINE);
    simulation.machine('b').crash(true);
    simulation.queue.runUntil(15_000);
    const graph = seenFrom(simulation, 'a', { server: () => ({ lostSince: 1_799_999_960 }) });
    expect(graph.servers.map(({ isReachable, lostSince }) => [isReachable, lostSince])).toEqual([
      [true, undefined],
      [false, 1_799_999_960],
      [false, 1_799_999_960],
    ]);
    expect(graph.servers[1]).not.toHaveProperty('distance');
    expect(graph.links).toContainEqual(expect.objectContaining({ from: 'b', to: 'a', state: 'half' }));
  });

  it('adds what only the daemon knows', () => {
    const details = { isSecure: true, address: '10.0.0.2:4043', upSince: 1_799_990_000 };
    const graph = seenFrom(simulated(LINE), 'a', {
      link: () => details,
      server: () => ({ version: '1.2.3', address: '10.0.0.1:4042' }),
    });
    expect(graph.links).toContainEqual(expect.objectContaining({ from: 'a', to: 'b', ...details }));
    expect(graph.servers[2]).toMatchObject({ name: 'c', version: '1.2.3', address: '10.0.0.1:4042' });
  });

  it('has other data centres as their summaries tell of them', () => {
    const { nodes, links } = LINE;
    const simulation = simulated({
      nodes: nodes.map((node) => ({ ...node, area: node.name === 'a' ? 'east' : 'west' })),
      links,
    });
    const graph = seenFrom(simulation, 'a', { dataCenter: 'east' });
    expect(graph.dataCenters).toEqual([
      { name: 'east', isOwn: true, serverCount: 1, cost: 0 },
      { name: 'west', isOwn: false, serverCount: 2, cost: 10 },
    ]);
    expect(graph.servers.map(({ name, dataCenter, knowledge }) => [name, dataCenter, knowledge])).toEqual([
      ['a', 'east', 'whole'],
      ['b', 'west', 'summary'],
      ['c', 'west', 'summary'],
    ]);
    // Of several instances the nearest to the border.
    expect(graph.servers[1]).toMatchObject({ distance: 10, nextHops: ['b'], services: [{ name: 'db' }] });
    expect(graph.links).toMatchObject([{ from: 'a', to: 'b', kind: 'data-center', state: 'up', cost: 10 }]);
    expect(readGraph(encodeGraph(graph))).toEqual({ graph });
    const border = seenFrom(simulation, 'b', { dataCenter: 'west' });
    expect(border.servers.map(({ name, knowledge }) => [name, knowledge])).toEqual([
      ['a', 'summary'],
      ['b', 'whole'],
      ['c', 'whole'],
    ]);
  });

  it('has who answers from a data centre that told nothing yet where its link says that it is', () => {
    const simulation = simulated({
      nodes: LINE.nodes.slice(0, 2).map((node) => ({ ...node, area: node.name })),
      links: [],
    });
    const { node } = simulation.machine('a');
    if (node === undefined) throw new Error('a does not run');
    const { id } = simulation.machine('b').setup;
    const peer = {
      node: id,
      instance: `${id}~1`,
      isInArea: false,
      kind: 'network',
      cost: 10,
      roundTripMs: undefined,
    } as const;
    node.step({ kind: 'link-up', link: 7, peer }, simulation.machine('a').now);
    const graph = seenFrom(simulation, 'a', {
      dataCenter: 'a',
      link: () => ({ server: 'b', dataCenter: 'b', isSecure: false, address: '10.0.0.2:4042' }),
    });
    expect(graph.dataCenters.map(({ name, serverCount }) => [name, serverCount])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(graph.links[0]).not.toHaveProperty('dataCenter');
  });

  it('has what nodes say of daemons of another kind', () => {
    const simulation = simulated(LINE);
    const fact = { server: 'old', address: '10.0.0.9:4042', since: 1_799_990_000, services: ['sendmail'] };
    const behind = { ...fact, heardOf: ['firewall'], servers: [] };
    simulation.machine('b').node?.step({ kind: 'opaque', link: 99, fact: behind }, simulation.machine('b').now);
    simulation.queue.runUntil(8000);
    const graph = seenFrom(simulation, 'a');
    expect(graph.servers.at(-1)).toMatchObject({
      name: 'old',
      knowledge: 'opaque',
      address: '10.0.0.9:4042',
      distance: 20,
      nextHops: ['b'],
      services: [{ name: 'sendmail' }],
      heardOf: ['firewall'],
    });
    expect(graph.links).toContainEqual(expect.objectContaining({ from: 'b', to: 'old', isOpaque: true }));
    expect(readGraph(encodeGraph(graph))).toEqual({ graph });
  });
});
