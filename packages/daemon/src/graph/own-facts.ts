// What this node tells others of itself beside its links and services: its version, its address, how busy it is.

import { availableParallelism } from 'node:os';
import { LOAD_WELL_MAX } from '@snapcommunicator/network/atlas';
import { loadAverage } from '../machine/load-average.ts';
import { VERSION } from '../machine/version.ts';
import type { Driver } from './driver.ts';

/** How often it is looked at the load, and by how much it must have changed to be told, of 100. */
const LOAD_INTERVAL_MS = 10_000;
const LOAD_STEP = 10;

export class OwnFacts {
  readonly #driver: Driver;
  readonly #timer: NodeJS.Timeout;
  #toldLoad = 0;

  /** @param address where others are told to connect to; undefined if they cannot */
  constructor(driver: Driver, address: string | undefined) {
    this.#driver = driver;
    driver.input({ kind: 'fact', key: 'version', value: VERSION });
    if (address !== undefined) driver.input({ kind: 'fact', key: 'address', value: address });
    this.#timer = setInterval(this.#tellLoad, LOAD_INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The load average for each processor, of 100. */
  readonly #tellLoad = (): void => {
    const load = Math.min(100, Math.round((loadAverage() / availableParallelism()) * 100));
    if (!isWorthTelling(load, this.#toldLoad)) return;
    this.#toldLoad = load;
    this.#driver.input({ kind: 'load', load });
  };
}

/** Small changes are not; but whether there is too much of it is never left open. Both of 100. */
export const isWorthTelling = (load: number, told: number): boolean =>
  Math.abs(load - told) >= LOAD_STEP || load > LOAD_WELL_MAX !== told > LOAD_WELL_MAX;
