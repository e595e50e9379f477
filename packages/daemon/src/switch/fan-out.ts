// Output to groups: lines that are stamped once and written from one buffer to every member, in order with all else.

import type { Arena } from './arena.ts';
import { SLOT_BASE, SLOT_LINES, SLOT_POINTER } from './arena-layout.ts';
import { clearSlot, type Destination, seal, unseal } from './destination.ts';
import type { Group } from './group.ts';
import type { Source } from './source.ts';

/** What fan-out needs of the output to single destinations. */
export interface MemberOutput {
  /** Hands the member's own buffer to its outlet. */
  flush(member: Destination): void;
  /** Hands bytes to its outlet; `release` is called when they may be overwritten. */
  write(member: Destination, bytes: Buffer, lines: number, release: () => void): void;
  /** Pauses a source that writes to a full member. */
  block(source: Source, member: Destination): void;
  /** Whether nothing more may wait for it. */
  refuses(member: Destination): boolean;
  /** The member does not get these lines. */
  lose(member: Destination, lines: number): void;
}

/** Lines that groups were given, and what became of their copies for each member. */
export interface CopyCounter {
  lines: number;
  written: number;
  lost: number;
}

export class FanOut {
  readonly counter: CopyCounter = { lines: 0, written: 0, lost: 0 };
  readonly #arena: Arena;
  readonly #members: MemberOutput;

  constructor(arena: Arena, members: MemberOutput) {
    this.#arena = arena;
    this.#members = members;
  }

  /** Begins to collect lines for the group: what its members have already goes first, and nothing newer overtakes. */
  start(group: Group, source: Source | undefined): void {
    for (const member of group.members) {
      if (member.state === 'full' && source !== undefined) this.#members.block(source, member);
      if (member.sealedBy !== undefined) this.flush(member.sealedBy);
      this.#members.flush(member);
      member.sealedBy = group;
      seal(this.#arena, member.slot);
    }
    group.isOpen = true;
  }

  /** Writes the group's buffer to each of its members. */
  flush(group: Group): void {
    if (!group.isOpen) return;
    group.isOpen = false;
    const arena = this.#arena;
    const base = arena.word(group.slot + SLOT_BASE);
    const lines = arena.word(group.slot + SLOT_LINES);
    const end = arena.word(group.slot + SLOT_POINTER);
    clearSlot(arena, group.slot);
    for (const member of group.members) {
      member.sealedBy = undefined;
      if (member.state === 'open') unseal(arena, member.slot);
    }
    if (base === 0) return;
    const bytes = arena.bytes.subarray(base, end);
    // A slow member must not keep the arena's buffers when there are few.
    if (end > base && !arena.isScarce) {
      this.write(group, bytes, lines, () => arena.giveBuffer(base));
      return;
    }
    if (end > base) this.write(group, Buffer.from(bytes), lines, () => undefined);
    arena.giveBuffer(base);
  }

  /** Writes the same bytes to each member. @param release called once, after the last of them has been written */
  write(group: Group, bytes: Buffer, lines: number, release: () => void): void {
    const { counter } = this;
    counter.lines += lines;
    let left = 1;
    const done = (): void => {
      if (--left === 0) release();
    };
    for (const member of group.members) {
      if (member.state === 'closed') continue;
      if (this.#members.refuses(member)) {
        counter.lost += lines;
        this.#members.lose(member, lines);
        continue;
      }
      counter.written += lines;
      left++;
      this.#members.write(member, bytes, lines, done);
    }
    done();
  }
}
