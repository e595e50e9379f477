// How a loss would happen on this very graph: simulated with the daemon's own router, links and timers.

import { Atlas, type GraphDocument, type Removal } from '@snapcommunicator/network/atlas';
import { topologyOf, whatIf } from '@snapcommunicator/network/simulator';
import type { Forecast, ForecastQuestion } from './forecaster.ts';

/** A simulation of more machines takes longer than anybody waits. */
export const MACHINES_MAX = 60;

/** What is lost last is what is watched; what is thought away before it is not there from the beginning. */
export function forecast({ graph, removals }: ForecastQuestion, nowMs: () => number): Forecast {
  const last = removals.at(-1);
  if (last === undefined) return { problem: 'Nothing is thought away.' };
  const { topology } = topologyOf(withoutAll(graph, removals.slice(0, -1)));
  if (topology.nodes.length > MACHINES_MAX)
    return {
      problem: `${topology.nodes.length} machines are too many to simulate here, at most ${MACHINES_MAX} are; snapcom simulate takes more.`,
    };
  const startMs = nowMs();
  try {
    const { rightAfterMs, longestGapMs, longestGapIn, sent, arrived } = whatIf(topology, last, {
      seed: 1,
      isSilent: true,
    });
    return { rightAfterMs, longestGapMs, longestGapIn, sent, arrived, tookMs: nowMs() - startMs };
  } catch (error) {
    return { problem: error instanceof Error ? `${error.message}.` : String(error) };
  }
}

const withoutAll = (graph: GraphDocument, removals: readonly Removal[]): GraphDocument =>
  new Atlas(graph, ...removals).document;
