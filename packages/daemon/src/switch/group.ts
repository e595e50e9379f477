// A group of destinations that get the same lines: stamped once into one buffer, which is then written to every member.

import { SLOT_BYTES, SLOTS } from './arena-layout.ts';
import type { Destination } from './destination.ts';

export class Group {
  /** The slot's address in the arena. */
  readonly slot: number;
  readonly members: readonly Destination[];
  /** While its buffer holds lines, its members are sealed: nothing newer may overtake them. */
  isOpen = false;

  constructor(index: number, members: readonly Destination[]) {
    this.slot = SLOTS + index * SLOT_BYTES;
    this.members = members;
  }
}
