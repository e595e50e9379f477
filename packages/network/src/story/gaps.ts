// What a story cannot tell: daemons that must have had the message and of which nothing is heard, each with the reason.

import { formatSpan } from '../atlas/format.ts';
import { isForward, type Step } from './order.ts';
import type { Fate } from './story.ts';
import { byOwnClock, type Silence, type Witness } from './witness.ts';

/**
 * Why nothing is known of a daemon's part.
 * - a {@link Silence}: it did not tell anything
 * - `not-asked`: nobody knew that it was there
 * - `restarted`: its life is younger than the message
 * - `too-old`: its recorder does not reach back so far
 * - `no-record`: it would know, and has nothing: it did not come there, or not yet
 */
export type GapReason = Silence | 'not-asked' | 'restarted' | 'too-old' | 'no-record';

export interface Gap {
  readonly server: string;
  readonly why: GapReason;
  /** Whether the message began there. */
  readonly isOrigin: boolean;
  /** One plain sentence without its full stop. */
  readonly text: string;
}

interface Case {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly witnesses: readonly Witness[];
  readonly fate: Fate;
}

/** The daemons that should have had it and say nothing, in the order of the way. */
export function findGaps({ id, steps, witnesses, fate }: Case): Gap[] {
  const [first] = steps;
  if (first === undefined) return [];
  const byName = new Map(witnesses.map((witness) => [witness.server, witness]));
  const told = new Set(steps.map(({ server }) => server));
  const gaps = new Map<string, Gap>();
  const look = (server: string, time: number, isOrigin: boolean): void => {
    if (told.has(server) || gaps.has(server)) return;
    const why = reasonOf(byName.get(server), time);
    gaps.set(server, { server, why, isOrigin, text: textOf(server, why, byName.get(server), time, isOrigin) });
  };
  const origin = originOf(id, steps, witnesses);
  if (origin !== undefined) look(origin, first.time, true);
  for (const { server, time, record } of steps) {
    if (record.cameBy !== undefined && record.cameBy !== server) look(record.cameBy, time, false);
    if (isForward(record) && record.wentBy !== undefined && record.wentBy !== server) look(record.wentBy, time, false);
  }
  // It was addressed to a machine of which no neighbour has told: what came between is not known either.
  const target = first.record.to.slice(0, Math.max(0, first.record.to.indexOf(':')));
  const isOpen = fate === 'under-way' || fate === 'unknown';
  if (isOpen && byName.has(target) && steps.some(({ record }) => isForward(record))) look(target, first.time, false);
  return [...gaps.values()];
}

/** The daemon that gave the id, or that its sender is at. */
function originOf(id: string, steps: readonly Step[], witnesses: readonly Witness[]): string | undefined {
  const node = id.slice(0, id.indexOf('.'));
  const known = witnesses.find((witness) => witness.node !== undefined && witness.node === node)?.server;
  if (known !== undefined) return known;
  const from = steps.find(({ record }) => record.from.indexOf(':') > 0)?.record.from ?? '';
  return from === '' ? undefined : from.slice(0, from.indexOf(':'));
}

/** @param time unix seconds of who asks: when the message must have been there */
function reasonOf(witness: Witness | undefined, time: number): GapReason {
  if (witness === undefined) return 'not-asked';
  if (witness.silence !== undefined) return witness.silence;
  const { upSince, oldest, clock } = witness;
  const error = clock?.errorSeconds ?? 0;
  if (upSince !== undefined && byOwnClock(witness, upSince) > time - error) return 'restarted';
  if (oldest !== undefined && byOwnClock(witness, oldest) > time - error) return 'too-old';
  return 'no-record';
}

function textOf(server: string, why: GapReason, witness: Witness | undefined, time: number, isOrigin: boolean): string {
  const where = isOrigin ? `${server}, where it began,` : server;
  const since = (moment: number | undefined): string =>
    moment === undefined || witness === undefined ? '' : formatSpan(byOwnClock(witness, moment) - time);
  switch (why) {
    case 'lost':
      return `${where} cannot be reached now`;
    case 'silent':
      return `${where} does not answer`;
    case 'refused':
      return `${where} does not tell: over links that prove nothing, no daemon says what it recorded`;
    case 'old':
      return `${where} runs a version that keeps no records`;
    case 'opaque':
      return `${where} is a C++ daemon: what happens behind it nobody records`;
    case 'not-asked':
      return `${where} is known to nobody who was asked`;
    case 'restarted':
      return `${where} was started again ${since(witness?.upSince)} later: what it had recorded is gone`;
    case 'too-old':
      return `${where} has no record so old: its recorder begins ${since(witness?.oldest)} later`;
    case 'no-record':
      return `${where} has no record of it`;
  }
}
