// Scenarios as text: a described graph, what happens when, and what is expected. One line each:
//
//     link a b 2ms cost 10 rate 50kB      a cable; machines come to be by being named
//     service db on c d             services run on machines
//     area east a b                 machines are in a data centre; others are in one without a name
//     send web@a db every 5ms from 1s to 6s        or n4:db: that machine's; also: durable, ttl 2s
//     broadcast web@a every 50ms from 1s to 6s
//     at 2s cut a b                 silently; deaf a b: what a sends; unplug a b: both are told; mend a b
//     at 2s cut a b 2               the second of the cables between them
//     at 2s delay a b 300ms         or narrow a b 20kB, until mend a b
//     at 2s crash b                 power off; kill b: only the process; wipe b: and its disk; start b
//     at 2s freeze b                the daemon stands still; thaw b
//     at 2s down db c               a service goes; up db c; pass tool c: comes, and other machines are not told of it
//     at 2s drain b                 traffic keeps away; undrain b
//     at 2s load c 80
//     at 2s impostor n1 b           another machine by that name, beside b; stranger x b: without the secret
//     until 12s
//     expect delivered              every message, once, nothing expired or unknown; or: expect delivered but 3 to 9
//     expect complete               every message, durable ones perhaps again
//     expect redelivered            some durable ones arrived again
//     expect gap below 100ms        between two arrivals, in each flow
//     expect at db@c from 3s        from then on messages arrive there only
//     expect ordered                each flow at each machine, also what came back from an instance that had gone
//     expect refusal secret         a handshake ended so
//     expect converged

import type { TracedMessage } from './checkers.ts';
import type { SimulatedMachine } from './machine.ts';
import { SIMULATION_OPTIONS, Simulation } from './simulator.ts';
import type { Topology, TopologyLink } from './topology.ts';

/** How long messages of a scenario may wait. */
const TTL_MS = 60_000;

export interface Script {
  readonly topology: Topology;
  readonly untilMs: number;
  readonly steps: readonly ((simulation: Simulation, results: Arrivals) => void)[];
  readonly expectations: readonly {
    readonly line: string;
    readonly check: (simulation: Simulation, results: Arrivals) => string | undefined;
  }[];
}

/** When messages arrived: by flow, `sender > machine`. */
class Arrivals {
  readonly times = new Map<string, { readonly atMs: number; readonly machine: string; readonly number: number }[]>();

  note(message: TracedMessage, machine: SimulatedMachine, atMs: number): void {
    const flow = `${message.sender.slice(message.sender.indexOf(':') + 1)} > ${message.address}`;
    const times = this.times.get(flow) ?? [];
    times.push({ atMs, machine: machine.setup.name, number: message.number });
    this.times.set(flow, times);
  }

  longestGap(): { readonly ms: number; readonly flow: string; readonly atMs: number } {
    let longest = { ms: 0, flow: '', atMs: 0 };
    for (const [flow, times] of this.times) {
      for (let at = 1; at < times.length; at++) {
        const ms = (times[at]?.atMs ?? 0) - (times[at - 1]?.atMs ?? 0);
        if (ms > longest.ms) longest = { ms, flow, atMs: times[at]?.atMs ?? 0 };
      }
    }
    return longest;
  }
}

/** Reads a scenario. @throws Error naming the line that cannot be read */
export function parseScript(text: string): Script {
  const services = new Map<string, string[]>();
  const areas = new Map<string, string>();
  const links: TopologyLink[] = [];
  const steps: Script['steps'][number][] = [];
  const expectations: Script['expectations'][number][] = [];
  const mentions: { readonly line: number; readonly machines: readonly string[]; readonly cable?: string[] }[] = [];
  let untilMs = 10_000;
  const known = (name: string): string => {
    if (!services.has(name)) services.set(name, []);
    return name;
  };
  const read = (line: string): void => {
    const words = line.split(/\s+/);
    const [verb, first = '', second = '', third = ''] = words;
    if (verb === 'link') {
      const [a, b] = [known(first), known(second)];
      const rate = option(words, 'rate');
      links.push({
        a,
        b,
        delayMs: milliseconds(third),
        cost: option(words, 'cost') === undefined ? undefined : Number(option(words, 'cost')),
        bytesPerSecond: rate === undefined ? undefined : bytesPerSecond(rate),
      });
    } else if (verb === 'area') {
      for (const name of words.slice(2)) areas.set(known(name), first);
    } else if (verb === 'service') {
      for (const name of words.slice(3)) services.get(known(name))?.push(first);
    } else if (verb === 'send' || verb === 'broadcast') steps.push(sending(words));
    else if (verb === 'at') steps.push(happening(milliseconds(first), words.slice(2)));
    else if (verb === 'until') untilMs = milliseconds(first);
    else if (verb === 'expect') expectations.push({ line, check: expectation(words.slice(1)) });
    else throw new Error(`nobody knows what ${JSON.stringify(line)} means`);
  };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = (raw.split('#')[0] as string).trim();
    if (line === '') continue;
    try {
      read(line);
      mentions.push({ line: index + 1, ...mentionsOf(line.split(/\s+/)) });
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  for (const { line, machines, cable } of mentions) {
    const missing = machines.find((name) => !services.has(name));
    if (missing !== undefined) throw new Error(`line ${line}: there is no machine ${missing}`);
    if (cable !== undefined && !links.some(({ a, b }) => cable.includes(a) && cable.includes(b))) {
      throw new Error(`line ${line}: there is no link between ${cable.join(' and ')}`);
    }
  }
  const nodes = [...services].map(([name, list]) => ({ name, area: areas.get(name) ?? '', services: list }));
  return { topology: { nodes, links }, untilMs, steps, expectations };
}

/** The place among the words of what happens at which a machine stands; those not named here are about cables. */
const MACHINE_AT: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'crash kill wipe start freeze thaw drain undrain load'.split(' ').map((verb) => [verb, 3] as const),
  ),
  ...Object.fromEntries('down up pass impostor stranger'.split(' ').map((verb) => [verb, 4] as const)),
};

/** Which machines and cables a line takes for granted. */
function mentionsOf(words: readonly string[]): { readonly machines: readonly string[]; readonly cable?: string[] } {
  const [verb = '', first = '', happens = ''] = words;
  if (verb === 'send' || verb === 'broadcast') return { machines: [first.split('@')[1] ?? ''] };
  if (verb !== 'at') return { machines: [] };
  const place = MACHINE_AT[happens];
  return place === undefined ? { machines: [], cable: words.slice(3, 5) } : { machines: [words[place] ?? ''] };
}

/** Runs a scenario. @returns what was not as expected */
export function runScript(script: Script, seed: number): string[] {
  const { topology, untilMs } = script;
  const simulation = new Simulation({ ...SIMULATION_OPTIONS, seed, topology, isByteExact: true });
  const arrivals = new Arrivals();
  const { checker, queue } = simulation;
  checker.onDelivery = (message, machine) => arrivals.note(message, machine, queue.nowMs);
  try {
    simulation.begin();
    for (const step of script.steps) step(simulation, arrivals);
    queue.runUntil(untilMs);
  } catch (error) {
    checker.violate(`an assertion failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  checker.finish();
  const failed = script.expectations.flatMap(({ line, check }) => {
    const what = check(simulation, arrivals);
    return what === undefined ? [] : [`${line}: ${what}`];
  });
  return [...checker.violations, ...failed];
}

function sending(words: readonly string[]): Script['steps'][number] {
  const isBroadcast = words[0] === 'broadcast';
  const [, from = '', to = ''] = words;
  const [service = '', machine = ''] = from.split('@');
  const [server, target] = to.includes(':') ? (to.split(':') as [string, string]) : ['', to];
  const after = (word: string): number => milliseconds(option(words, word));
  const [everyMs, fromMs, toMs] = [after('every'), after('from'), after('to')];
  const ttlMs = option(words, 'ttl') === undefined ? TTL_MS : after('ttl');
  const wishes = { ttlMs, isKept: true, isDurable: words.includes('durable') };
  return (simulation) => {
    const sender = simulation.machine(machine);
    for (let atMs = fromMs; atMs < toMs; atMs += everyMs) {
      simulation.queue.at(atMs, () =>
        isBroadcast ? sender.broadcast(service) : sender.send(service, server, target, wishes),
      );
    }
  };
}

function happening(
  atMs: number,
  [verb = '', first = '', second = '', third = '']: readonly string[],
): Script['steps'][number] {
  const place = third === '' ? 1 : Number(third);
  const actions: Readonly<Record<string, (simulation: Simulation) => void>> = {
    cut: (simulation) => simulation.cable(first, second, place).cut(),
    deaf: (simulation) => {
      const cable = simulation.cable(first, second, place);
      cable.cutFrom(cable.link.a === first ? 0 : 1);
    },
    unplug: (simulation) => simulation.cable(first, second, place).unplug(),
    mend: (simulation) => simulation.cable(first, second, place).restore(),
    delay: (simulation) => {
      simulation.cable(first, second).delayMs = milliseconds(third);
    },
    narrow: (simulation) => {
      simulation.cable(first, second).bytesPerSecond = bytesPerSecond(third);
    },
    crash: (simulation) => simulation.machine(first).crash(false),
    kill: (simulation) => simulation.machine(first).crash(true),
    wipe: (simulation) => {
      simulation.machine(first).crash(true);
      simulation.machine(first).loseDisk(0);
    },
    start: (simulation) => simulation.machine(first).start(),
    freeze: (simulation) => simulation.machine(first).freeze(),
    thaw: (simulation) => simulation.machine(first).thaw(),
    down: (simulation) => simulation.machine(second).serviceDown(first),
    up: (simulation) => simulation.machine(second).serviceUp(first),
    pass: (simulation) => simulation.machine(second).servicePasses(first),
    drain: (simulation) => simulation.machine(first).drain(true),
    undrain: (simulation) => simulation.machine(first).drain(false),
    load: (simulation) => simulation.machine(first).setLoad(Number(second)),
    impostor: (simulation) => void simulation.plugIn({ name: first, hasSecret: true }, simulation.machine(second)),
    stranger: (simulation) => void simulation.plugIn({ name: first, hasSecret: false }, simulation.machine(second)),
  };
  const action = actions[verb];
  if (action === undefined)
    throw new Error(`nothing called ${verb} can happen; known are ${Object.keys(actions).join(', ')}`);
  return (simulation) => simulation.queue.at(atMs, () => action(simulation));
}

function expectation(words: readonly string[]): Script['expectations'][number]['check'] {
  const [what] = words;
  if (what === 'delivered') {
    const lost = Number(option(words, 'but') ?? 0);
    const lostMax = Number(option(words, 'to') ?? lost);
    return ({ checker }) => {
      const { accepted, delivered, refused } = checker.counts;
      const missing = accepted - delivered;
      return accepted > 0 && refused === 0 && missing >= lost && missing <= lostMax
        ? undefined
        : `${delivered} of ${accepted}, ${refused} refused`;
    };
  }
  if (what === 'complete') {
    return ({ checker }) => {
      const missing = checker.undelivered();
      return checker.counts.accepted > 0 && missing === 0 ? undefined : `${missing} never arrived`;
    };
  }
  if (what === 'redelivered') {
    return ({ checker }) => (checker.counts.redelivered > 0 ? undefined : 'none arrived again');
  }
  if (what === 'refusal') {
    const [, reason = ''] = words;
    return ({ checker }) =>
      checker.links.refused[reason] === undefined ? `refused were ${JSON.stringify(checker.links.refused)}` : undefined;
  }
  if (what === 'gap') {
    const limitMs = milliseconds(words[2]);
    return (_simulation, arrivals) => {
      const { ms, flow, atMs } = arrivals.longestGap();
      return ms > 0 && ms < limitMs ? undefined : `${ms.toFixed(1)} ms in ${flow} at ${atMs.toFixed(1)} ms`;
    };
  }
  if (what === 'at') {
    const [service = '', machine] = (words[1] ?? '').split('@');
    const fromMs = milliseconds(words[3]);
    return (_simulation, { times }) => {
      for (const [flow, list] of times) {
        const late = list.filter(({ atMs }) => atMs >= fromMs);
        if (!flow.endsWith(`> ${service}`)) continue;
        if (late.length === 0 || late.some((each) => each.machine !== machine))
          return late.map((each) => each.machine).join(',');
      }
      return undefined;
    };
  }
  if (what === 'ordered') {
    return (_simulation, { times }) => {
      const last = new Map<string, number>();
      for (const [flow, list] of times) {
        for (const { machine, number } of list) {
          const before = last.get(`${flow} ${machine}`) ?? -1;
          if (before > number) return `${number} came after ${before} to ${machine}`;
          last.set(`${flow} ${machine}`, number);
        }
      }
      return undefined;
    };
  }
  if (what === 'converged') {
    return (simulation) => (simulation.converge(100) === undefined ? 'it has not' : undefined);
  }
  throw new Error(`nobody can expect ${words.join(' ')}`);
}

/** The word behind another. */
function option(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at === -1 ? undefined : words[at + 1];
}

function bytesPerSecond(text: string): number {
  const [, number] = /^(\d+)kB$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${JSON.stringify(text)} is not a rate such as 20kB, in bytes a second`);
  return Number(number) * 1000;
}

function milliseconds(text = ''): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${JSON.stringify(text)} is not a time such as 20ms or 3s`);
  return Number(number) * (unit === 's' ? 1000 : 1);
}
