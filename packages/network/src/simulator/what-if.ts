// What if a link or a machine were lost: the graph is simulated under traffic, something is taken away, and it is measured
// who loses whom, how long messages stood still, and how soon all routes were right.

import type { Removal } from '../atlas/paths.ts';
import { differences } from './convergence.ts';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import type { Topology } from './topology.ts';

export interface WhatIfOptions {
  readonly seed: number;
  /** Whether the loss is silent, as when a cable is cut or the power fails; else connections are closed. */
  readonly isSilent: boolean;
}

export interface WhatIfResult {
  /** Who reaches each other afterwards, by name; one part: nobody loses anybody. */
  readonly parts: readonly (readonly string[])[];
  /** Services that are nowhere any more. */
  readonly services: readonly string[];
  /** From the loss until all routes were right, in ms of the virtual clock; undefined: not within 10 s. */
  readonly rightAfterMs: number | undefined;
  /** The longest time for which nothing arrived, in a flow whose ends still reach each other. */
  readonly longestGapMs: number;
  readonly longestGapIn: string;
  /** Messages between machines that still reach each other: how many were sent, and how many arrived. */
  readonly sent: number;
  readonly arrived: number;
  readonly violations: readonly string[];
}

const FLOWS_MAX = 60;
const SEND_EVERY_MS = 5;
/** Traffic before the loss, and after it, in ms. */
const BEFORE_MS = 1000;
const AFTER_MS = 8000;
const START_MS_MAX = 30_000;

interface Flow {
  readonly from: string;
  readonly to: string;
  sent: number;
  readonly arrivedAtMs: number[];
}

/** @throws Error naming a machine or link that is not there */
export function whatIf(topology: Topology, removal: Removal, { seed, isSilent }: WhatIfOptions): WhatIfResult {
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed, topology: withProbes(topology), faults: [] });
  const { queue, checker } = simulation;
  const remove = removerOf(simulation, removal, isSilent);
  simulation.begin();
  if (simulation.converge(START_MS_MAX) === undefined) {
    throw new Error(`the graph does not come to rest: ${[...differences(simulation.machines)][0] ?? ''}`);
  }
  const flows = drawFlows(simulation);
  const byAddress = new Map([...flows.values()].map((flow) => [`${flow.from} ${flow.to}`, flow]));
  checker.onDelivery = ({ firstMachine }, machine) => {
    byAddress.get(`${firstMachine.setup.name} ${machine.setup.name}`)?.arrivedAtMs.push(queue.nowMs);
  };
  const startMs = queue.nowMs;
  const lostAtMs = startMs + BEFORE_MS;
  const endMs = lostAtMs + AFTER_MS;
  const wishes = { ttlMs: 60_000, isKept: true, isDurable: false };
  flows.forEach((flow, place) => {
    const from = simulation.machine(flow.from);
    const offsetMs = (place * SEND_EVERY_MS) / flows.length;
    for (let atMs = startMs + offsetMs; atMs < endMs; atMs += SEND_EVERY_MS) {
      queue.at(atMs, () => {
        if (from.node === undefined) return;
        flow.sent++;
        from.send(PROBE, flow.to, PROBE, wishes);
      });
    }
  });
  queue.runUntil(lostAtMs);
  remove();
  const rightAfterMs = simulation.converge(AFTER_MS, 1);
  queue.runUntil(endMs + 1000);
  return resultOf(simulation, flows, topology, lostAtMs, rightAfterMs);
}

/** A service on every machine to send to, so that every pair can be tried. */
const PROBE = 'what_if_probe';
const withProbes = (topology: Topology): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => ({ ...node, services: [...node.services, PROBE] })),
});

function removerOf(simulation: Simulation, removal: Removal, isSilent: boolean): () => void {
  if (removal.kind === 'server') {
    const machine = simulation.machine(removal.server);
    return () => machine.crash(!isSilent);
  }
  const [a, b] = removal.ends;
  const cables = simulation.cables.filter(
    ({ link }) => (link.a === a && link.b === b) || (link.a === b && link.b === a),
  );
  if (cables.length === 0) throw new Error(`There is no link between ${a} and ${b}`);
  return () => {
    for (const cable of cables) {
      if (isSilent) cable.cut();
      else cable.unplug();
    }
  };
}

function drawFlows({ machines, random }: Simulation): Flow[] {
  const flows = machines.flatMap((from) =>
    machines
      .filter((to) => to !== from)
      .map((to): Flow => ({ from: from.setup.name, to: to.setup.name, sent: 0, arrivedAtMs: [] })),
  );
  for (let left = flows.length; left > 1; left--) {
    const place = random.integer(0, left - 1);
    [flows[left - 1], flows[place]] = [flows[place] as Flow, flows[left - 1] as Flow];
  }
  return flows.slice(0, FLOWS_MAX);
}

function resultOf(
  simulation: Simulation,
  flows: readonly Flow[],
  topology: Topology,
  lostAtMs: number,
  rightAfterMs: number | undefined,
): WhatIfResult {
  const parts = partsOf(simulation);
  const left = new Set(simulation.machines.flatMap(({ node, services }) => (node === undefined ? [] : [...services])));
  const services = [...new Set(topology.nodes.flatMap((node) => node.services))].filter((name) => !left.has(name));
  const partOf = new Map(parts.flatMap((part) => part.map((name) => [name, part] as const)));
  const whole = flows.filter(({ from, to }) => partOf.has(from) && partOf.get(from) === partOf.get(to));
  let longest = { ms: 0, flow: '' };
  for (const { from, to, arrivedAtMs } of whole) {
    for (let at = 1; at < arrivedAtMs.length; at++) {
      const ms = (arrivedAtMs[at] as number) - (arrivedAtMs[at - 1] as number);
      if ((arrivedAtMs[at] as number) > lostAtMs && ms > longest.ms) longest = { ms, flow: `${from} → ${to}` };
    }
  }
  return {
    parts,
    services: services.sort(),
    rightAfterMs,
    longestGapMs: longest.ms,
    longestGapIn: longest.flow,
    sent: whole.reduce((sum, { sent }) => sum + sent, 0),
    arrived: whole.reduce((sum, { arrivedAtMs }) => sum + arrivedAtMs.length, 0),
    violations: simulation.checker.violations,
  };
}

/** Who finds whom, as the machines themselves see it; the greatest part first. */
function partsOf({ machines }: Simulation): string[][] {
  const parts = new Map<string, string[]>();
  for (const machine of machines) {
    if (machine.node === undefined) continue;
    const reached = machines.filter(
      (other) =>
        other.node !== undefined &&
        (other === machine || machine.node?.router.forward(other.setup.name, PROBE).kind === 'node'),
    );
    const names = reached.map(({ setup }) => setup.name).sort();
    parts.set(names.join(' '), names);
  }
  return [...parts.values()].sort((a, b) => b.length - a.length || ((a[0] as string) < (b[0] as string) ? -1 : 1));
}
