// How long traffic stops when something breaks: each fault in turn on a ring of five, at a moment that chance chooses.

import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, type ClusterPlan } from '../support/namespaces/cluster.ts';
import { type Outcome, Traffic } from '../support/traffic.ts';
import { RING } from './topologies.ts';

export { missingForNamespaces } from '../support/namespaces/namespaces.ts';
export { hasFrr, measureFrrGaps, measureFrrMemory } from './frr.ts';

export type Fault = 'closed socket' | 'silent cut' | 'mended link' | 'killed daemon' | 'restarted daemon';

export interface Gap {
  readonly fault: Fault;
  /** The longest time without a message at the receiver, from the fault until all was as expected again. */
  readonly gapMs: number;
  /** Of which this measuring process itself was not running, at most. */
  readonly ownPauseMs: number;
}

export interface GapOptions {
  readonly runs: number;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** Both or none: else the defaults of the daemon. */
  readonly helloIntervalMs?: number;
  readonly deadIntervalMs?: number;
  readonly log?: (line: string) => void;
}

export interface GapResult {
  readonly gaps: readonly Gap[];
  /** What became of the messages: of each cluster one flow there and one back. */
  readonly outcomes: readonly Outcome[];
}

const perSecond = 1000;
/** Messages that arrive between two faults, at least. */
const calm = 300;
/** So long a mended link is watched after all know of it: what moves back to it does so at once. */
const watchMs = 500;
/** A fresh cluster every so often, so that none is worn. */
const runsPerCluster = 5;
const randomPauseMsMax = 700;

export async function measureGaps(options: GapOptions): Promise<GapResult> {
  const { runs, helloIntervalMs, deadIntervalMs, log = () => undefined } = options;
  const flags =
    helloIntervalMs === undefined
      ? []
      : ['--hello-interval', `${helloIntervalMs}ms`, '--dead-interval', `${deadIntervalMs}ms`];
  preferThisProcess();
  const gaps: Gap[] = [];
  const outcomes: Outcome[] = [];
  for (let run = 0; run < runs; ) {
    const ring = new MeasuredRing(options.random);
    await ring.start({ ...RING, flags });
    try {
      for (let turn = 0; turn < runsPerCluster && run < runs; turn++, run++) {
        const found = await ring.round();
        gaps.push(...found);
        log(`${run + 1}/${runs}: ${found.map(({ fault, gapMs }) => `${fault} ${gapMs.toFixed(0)} ms`).join(', ')}`);
      }
    } finally {
      outcomes.push(...(await ring.finish()));
    }
  }
  return { gaps, outcomes };
}

/** Ahead of what else this machine does, with all that it starts: that shall not be measured. */
export function preferThisProcess(): void {
  spawnSync('chrt', ['--rr', '--all-tasks', '--pid', '1', String(process.pid)]);
}

/** Traffic from n1 to n3 goes over n2 while it can, and back; it breaks before or behind n2, or n2 itself dies. */
class MeasuredRing {
  readonly #random: () => number;
  #cluster!: Cluster;
  #there!: Traffic;
  #back!: Traffic;

  constructor(random: () => number) {
    this.#random = random;
  }

  async start(plan: ClusterPlan): Promise<void> {
    this.#cluster = await Cluster.start(plan);
    const [from, to] = [this.#cluster.addressOf('n1'), this.#cluster.addressOf('n3')];
    this.#there = await Traffic.start({ from, to, name: 'there', perSecond });
    this.#back = await Traffic.start({ from: to, to: from, name: 'back', perSecond });
    await this.#there.more(calm);
  }

  async finish(): Promise<Outcome[]> {
    const outcomes = [await this.#there.finish(), await this.#back.finish()];
    await this.#cluster.stop();
    return outcomes;
  }

  async round(): Promise<Gap[]> {
    const { network } = this.#cluster;
    const [one, other] = this.#random() < 0.5 ? (['n1', 'n2'] as const) : (['n2', 'n3'] as const);
    const [closing, closed] = this.#random() < 0.5 ? [one, other] : [other, one];
    const linked = async (): Promise<void> => {
      await this.#cluster.untilLinked();
      await pause(watchMs);
    };
    return [
      ...(await this.#measure('closed socket', async () => {
        await network.reset(closing, closed);
        await this.#there.more(calm);
      })),
      ...(await this.#measure('mended link', linked)),
      ...(await this.#measure('silent cut', async () => {
        await network.cut([one], [other]);
        await this.#there.more(calm);
        await this.#back.more(calm);
      })),
      ...(await this.#measure('mended link', async () => {
        await network.mend();
        await linked();
      })),
      ...(await this.#measure('killed daemon', async () => {
        await this.#cluster.kill('n2');
        await this.#there.more(calm);
      })),
      ...(await this.#measure('restarted daemon', async () => {
        await this.#cluster.revive('n2');
        await linked();
      })),
    ];
  }

  /** Both ways, each for itself: a fault may be noticed sooner at one end than at the other. */
  async #measure(fault: Fault, action: () => Promise<void>): Promise<Gap[]> {
    await pause(this.#random() * randomPauseMsMax);
    const since = performance.now();
    const flows = [this.#there, this.#back];
    for (const flow of flows) flow.resetPause();
    await action();
    return flows.map((flow) => ({ fault, gapMs: flow.longestGapMs(since), ownPauseMs: flow.longestPauseMs }));
  }
}
