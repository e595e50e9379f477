// What the daemon itself finds wrong with its machine, as flags: raised when it begins, lowered when it is over.

import type { Clock } from '../machine/clock-status.ts';
import type { Condition } from './flags.ts';

export interface ConditionsParts {
  readonly server: string;
  readonly note: (condition: Condition) => void;
}

/** So long after the last refusal a conflict of names counts as over: machines dial each other more often than that. */
const CONFLICT_MS = 15 * 60_000;
const CLOCK_PRIORITY = 40;
/** The machine, or another one, cannot be reached. */
const NAME_PRIORITY = 80;

export class Conditions {
  readonly #parts: ConditionsParts;
  #conflictTimer: NodeJS.Timeout | undefined;
  /** It is this machine that is shut out. */
  #isShutOut = false;

  constructor(parts: ConditionsParts) {
    this.#parts = parts;
  }

  clockChanged(clock: Clock): void {
    const isWrong = 'error' in clock && clock.error === 'invalid';
    this.#parts.note({
      section: 'clock',
      name: 'unstable',
      message: isWrong ? `the clock of ${this.#parts.server} is not synchronised` : undefined,
      priority: CLOCK_PRIORITY,
      tags: ['clock'],
    });
  }

  /** Another machine has borne this one's name for longer: this one has no name any more. */
  nameLost(): void {
    this.#isShutOut = true;
    this.#noteName(
      `another machine has been called ${this.#parts.server} for longer: this one cannot be reached (server_name)`,
    );
  }

  /** A link was refused because two machines have one name. @param isOurs this side refused; else it was refused */
  nameConflict(address: string, peer: string | undefined, isOurs: boolean): void {
    const { server } = this.#parts;
    this.#isShutOut = !isOurs;
    const name = isOurs ? (peer ?? server) : server;
    const who = isOurs ? `the one at ${address} is refused` : `this one is refused by ${address}`;
    this.#noteName(`two machines are called ${name}: ${who}; give it another name (server_name)`);
    clearTimeout(this.#conflictTimer);
    this.#conflictTimer = setTimeout(() => this.#noteName(undefined), CONFLICT_MS).unref();
  }

  /** This machine reaches another one: it is not shut out any more. */
  reached(): void {
    if (!this.#isShutOut) return;
    this.#isShutOut = false;
    this.#noteName(undefined);
  }

  close(): void {
    clearTimeout(this.#conflictTimer);
  }

  #noteName(message: string | undefined): void {
    this.#parts.note({ section: 'name', name: 'conflict', message, priority: NAME_PRIORITY, tags: ['name', 'link'] });
  }
}
