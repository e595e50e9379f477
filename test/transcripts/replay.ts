// Replays a recorded conversation against a daemon: the client side byte for byte as it was, the answers compared.

import type { Player } from './player.ts';
import type { Moment } from './record.ts';

/** One place where the daemon did something else than the record says. */
export interface Difference {
  readonly transcript: string;
  /** The line of the record with what the client did. */
  readonly line: number;
  /** Who received something else. */
  readonly connection: string;
  readonly recorded: readonly string[];
  readonly instead: readonly string[];
}

/**
 * Plays the moments against the player's daemon.
 * @param documented what is known to differ, and so is waited for
 * @returns every place where somebody received something else
 */
export async function replay(
  moments: readonly Moment[],
  player: Player,
  documented: readonly Difference[],
  afterwards: (moment: Moment) => Promise<void> = () => Promise.resolve(),
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const moment of moments) {
    const { transcript } = moment;
    await player.play(moment);
    await afterwards(moment);
    const expected = new Map<string, readonly string[]>(moment.received);
    for (const row of documented)
      if (row.line === moment.line && row.transcript === transcript) expected.set(row.connection, row.instead);
    const received = await player.received(expected);
    for (const connection of new Set([...moment.received.keys(), ...received.keys()])) {
      const recorded = moment.received.get(connection) ?? [];
      const instead = received.get(connection) ?? [];
      if (JSON.stringify(recorded) !== JSON.stringify(instead))
        differences.push({ transcript, line: moment.line, connection, recorded, instead });
    }
  }
  await player.close();
  return differences;
}
