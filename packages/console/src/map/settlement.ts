// Who has settled where: finds places for machines as they become known, and keeps those that they have.

import type { Point } from './geometry.ts';
import { layOut, type Positions } from './layout.ts';
import type { Scene } from './model.ts';
import { turnedPlace } from './orientation.ts';
import { forgetPlaces, loadPlaces, type Places, savePlaces } from './places.ts';

/** So long after the first picture everything may still find a better place. */
const HASTE_MS = 12_000;

export class Settlement {
  readonly #startMs: number;
  readonly #nowMs: () => number;
  /** Data centres whose machines stand there without anybody having told how they are linked. */
  readonly #provisional = new Set<string>();
  /** Machines that were given their places meanwhile: when all is known, they are placed as if it had been from the start. */
  readonly #hasty = new Set<string>();
  #cluster = '';
  #places: Places | undefined;
  /** Whether places are seen with x and y swapped: they are kept as on a page that is wider than high. */
  isUpright = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Where everybody is seen: a copy, which later places do not change. */
  get positions(): Positions {
    return new Map([...this.#known.positions].map(([name, point]) => [name, turnedPlace(point, this.isUpright)]));
  }

  /** Whether the links of every data centre are known. */
  get isComplete(): boolean {
    return this.#places !== undefined && this.#provisional.size === 0;
  }

  get #known(): Places {
    this.#places ??= loadPlaces(this.#cluster);
    return this.#places;
  }

  /**
   * Finds places for all; what was kept of earlier visits counts.
   * @param cluster tells clusters apart that are seen from the same address
   */
  settle(scene: Scene, cluster: string): void {
    if (this.#places === undefined) this.#cluster = cluster;
    const { positions, pinned } = this.#known;
    this.#reconsider(scene, this.#known);
    const machines = [...scene.machines.values()].map(({ name, dataCenter }) => ({ name, dataCenter }));
    for (const [name, point] of layOut({ machines, links: scene.links }, positions, pinned)) {
      if (!positions.has(name) && this.#provisional.size > 0) this.#hasty.add(name);
      positions.set(name, point);
    }
    if (this.#provisional.size === 0) this.save();
  }

  /** Whether links have become known of a data centre that was laid out without. */
  isBetterKnown(scene: Scene): boolean {
    if (this.#provisional.size === 0) return false;
    const unlinked = unlinkedCenters(scene);
    return [...this.#provisional].some((name) => !unlinked.has(name));
  }

  #reconsider(scene: Scene, { positions, pinned }: Places): void {
    const unlinked = unlinkedCenters(scene);
    const forget = (machines: Iterable<string>): void => {
      for (const machine of machines) if (!pinned.has(machine)) positions.delete(machine);
    };
    for (const { name, machines } of scene.centers) {
      if (unlinked.has(name) && !machines.some((machine) => positions.has(machine))) this.#provisional.add(name);
      if (this.#provisional.has(name) && !unlinked.has(name)) {
        this.#provisional.delete(name);
        forget(machines);
      }
    }
    if (this.#provisional.size > 0) return;
    // Who has been looked at for a while stays where it is.
    if (this.#nowMs() - this.#startMs < HASTE_MS) forget(this.#hasty);
    this.#hasty.clear();
  }

  /** A person puts a machine where it is seen there. */
  pin(machine: string, point: Point): void {
    this.#known.positions.set(machine, turnedPlace(point, this.isUpright));
    this.#known.pinned.add(machine);
  }

  save(): void {
    savePlaces(this.#cluster, this.#known);
  }

  /** All begins at the names again, also what was dragged. */
  forget(): void {
    forgetPlaces(this.#cluster);
    this.#places = { positions: new Map(), pinned: new Set() };
  }
}

/** Data centres of several machines of whose links nothing is known. */
function unlinkedCenters({ centers, links, machines }: Scene): Set<string> {
  const unlinked = new Set(centers.filter((center) => center.machines.length > 1).map(({ name }) => name));
  for (const { a, b } of links) {
    const center = machines.get(a)?.dataCenter;
    if (center !== undefined && center === machines.get(b)?.dataCenter) unlinked.delete(center);
  }
  return unlinked;
}
