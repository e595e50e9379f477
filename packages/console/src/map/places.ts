// Where machines stood when this browser last saw the cluster: kept, so that it looks the same tomorrow, and so that what a
// person has dragged stays there.

import type { Point } from './geometry.ts';

const KEY = 'snapcommunicator.map';
/** Machines that are remembered; the latest count. */
const MACHINES_MAX = 2000;

export interface Places {
  readonly positions: Map<string, Point>;
  /** Dragged by a person. */
  readonly pinned: Set<string>;
}

/** @param cluster tells clusters apart that are seen from the same address */
export function loadPlaces(cluster: string): Places {
  const places: Places = { positions: new Map(), pinned: new Set() };
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(`${KEY}.${cluster}`) ?? '[]');
    if (!Array.isArray(kept)) return places;
    for (const row of kept.slice(-MACHINES_MAX) as unknown[]) {
      if (!Array.isArray(row)) continue;
      const [name, x, y, isPinned] = row as unknown[];
      if (typeof name !== 'string' || !Number.isFinite(x) || !Number.isFinite(y)) continue;
      places.positions.set(name, { x: x as number, y: y as number });
      if (isPinned === 1) places.pinned.add(name);
    }
  } catch {
    // Without a memory, or with one that is not ours, the layout begins at the names.
  }
  return places;
}

export function savePlaces(cluster: string, { positions, pinned }: Places): void {
  const rows = [...positions].slice(-MACHINES_MAX).map(([name, { x, y }]) => {
    const place = [name, Math.round(x), Math.round(y)];
    return pinned.has(name) ? [...place, 1] : place;
  });
  try {
    localStorage.setItem(`${KEY}.${cluster}`, JSON.stringify(rows));
  } catch {
    // A browser may refuse, or be full: then only this visit remembers.
  }
}

export function forgetPlaces(cluster: string): void {
  try {
    localStorage.removeItem(`${KEY}.${cluster}`);
  } catch {
    // What cannot be read was not kept either.
  }
}
