// A scenario as data: a cluster, traffic in it, what happens to it; and the run that says what became of each message.

import { setTimeout as pause } from 'node:timers/promises';
import { type Outcome, Traffic, type TrafficPlan } from '../traffic.ts';
import { Cluster, type ClusterPlan } from './cluster.ts';

export interface Flow extends Omit<TrafficPlan, 'from' | 'to' | 'name'> {
  /** The machines of sender and receiver. */
  readonly from: string;
  readonly to: string;
}

/** One thing that happens, or is waited for. */
export type Step =
  /** So many more messages of each flow arrive. */
  | { readonly flow: number }
  /** Nothing passes between these and those any more, silently. */
  | { readonly cut: readonly [readonly string[], readonly string[]]; readonly over?: string }
  /** All cuts are taken back. */
  | { readonly mend: true }
  /** A machine's cable is pulled, or put back. */
  | { readonly unplug: readonly [machine: string, network: string] }
  | { readonly plug: readonly [machine: string, network: string] }
  /** The connections of the first to the second are closed. */
  | { readonly reset: readonly [string, string] }
  /** Ends a daemon with -9, or starts it again. */
  | { readonly kill: string }
  | { readonly revive: string }
  /** A daemon stands still for so long, and goes on as if nothing had been. */
  | { readonly freeze: string; readonly ms: number }
  /** The first has noticed that it cannot reach the second any more. */
  | { readonly lost: readonly [string, string] }
  /** All links of the plan are up. */
  | { readonly linked: true };

export interface Scenario {
  readonly title: string;
  readonly cluster: ClusterPlan;
  readonly flows: readonly Flow[];
  readonly steps: readonly Step[];
  /** What no daemon may log, if anything. */
  readonly unheard?: RegExp;
}

const lookMs = 20;
const lostMsMax = 20_000;

/** What became of each flow, in their order, and of the daemons: those that did not end with 0. */
export interface ScenarioOutcome {
  readonly flows: readonly Outcome[];
  readonly exits: Readonly<Record<string, number>>;
  /** What was logged and should not have been. */
  readonly heard: readonly string[];
}

/** @throws Error naming the step that was waited for in vain, with what the daemons logged */
export async function runScenario({ cluster: plan, flows, steps, unheard }: Scenario): Promise<ScenarioOutcome> {
  const cluster = await Cluster.start(plan);
  const outcomes: Outcome[] = [];
  const traffic: Traffic[] = [];
  try {
    for (const [number, { from, to, ...rest }] of flows.entries()) {
      const ends = { from: cluster.addressOf(from), to: cluster.addressOf(to) };
      traffic.push(await Traffic.start({ ...ends, ...rest, name: `flow_${number}` }));
    }
    for (const step of steps) {
      await take(step, cluster, traffic).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`at ${JSON.stringify(step)}: ${reason}\n${cluster.logs()}`, { cause: error });
      });
    }
    for (const each of traffic) outcomes.push(await each.finish());
  } catch (error) {
    for (const each of traffic) each.abandon();
    await cluster.stop();
    throw error;
  }
  const heard =
    unheard === undefined
      ? []
      : cluster
          .logs()
          .split('\n')
          .filter((line) => unheard.test(line));
  return { flows: outcomes, exits: await cluster.stop(), heard };
}

async function take(step: Step, cluster: Cluster, traffic: readonly Traffic[]): Promise<void> {
  const { network } = cluster;
  if ('flow' in step) for (const each of traffic) await each.more(step.flow);
  else if ('cut' in step) await network.cut(...step.cut, step.over);
  else if ('mend' in step) await network.mend();
  else if ('unplug' in step) await network.unplug(...step.unplug);
  else if ('plug' in step) await network.plug(...step.plug);
  else if ('reset' in step) await network.reset(...step.reset);
  else if ('kill' in step) await cluster.kill(step.kill);
  else if ('revive' in step) await cluster.revive(step.revive);
  else if ('freeze' in step) await cluster.freeze(step.freeze, step.ms);
  else if ('lost' in step) await untilLost(cluster, ...step.lost);
  else await cluster.untilLinked();
}

async function untilLost(cluster: Cluster, machine: string, other: string): Promise<void> {
  const deadline = performance.now() + lostMsMax;
  for (;;) {
    const { servers } = await cluster.graph(machine);
    if (!servers.some(({ name, isReachable }) => name === other && isReachable)) return;
    if (performance.now() > deadline) throw new Error(`${machine} still reaches ${other}`);
    await pause(lookMs);
  }
}
