// Has the simulator tell how a loss would happen: in a worker of its own, loaded when somebody asks.

import type { GraphDocument, Removal } from '@snapcommunicator/network/atlas';
import type { WhatIfResult } from '@snapcommunicator/network/simulator';
import { removalOf } from '../map/emphasis.ts';

export interface ForecastQuestion {
  readonly graph: GraphDocument;
  readonly removals: readonly Removal[];
}

export type Forecast =
  | (Pick<WhatIfResult, 'rightAfterMs' | 'longestGapMs' | 'longestGapIn' | 'sent' | 'arrived'> & {
      readonly tookMs: number;
    })
  | { readonly problem: string };

export class Forecaster {
  #worker: Worker | undefined;

  /** @param removed machines by name, links as `a b` @returns undefined if it was stopped meanwhile */
  run(graph: GraphDocument, removed: readonly string[]): Promise<Forecast | undefined> {
    this.stop();
    const worker = new Worker(new URL('./forecast-worker.ts', import.meta.url), { type: 'module' });
    this.#worker = worker;
    const question: ForecastQuestion = { graph: plainCopy(graph), removals: removed.map(removalOf) };
    return new Promise((resolve) => {
      const end = (forecast: Forecast): void => {
        if (this.#worker !== worker) return resolve(undefined);
        this.stop();
        resolve(forecast);
      };
      worker.addEventListener('message', ({ data }: MessageEvent<Forecast>) => end(data));
      worker.addEventListener('error', ({ message }) =>
        end({ problem: `The simulation could not be run: ${message}` }),
      );
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage(question);
    });
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** A worker is given a copy that has nothing but data in it. */
const plainCopy = (graph: GraphDocument): GraphDocument => JSON.parse(JSON.stringify(graph)) as GraphDocument;
