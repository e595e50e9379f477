// Fills and voids the flow cache in the arena, in which the inner loop finds what was decided about a head.

import type { Arena } from './arena.ts';
import {
  FLOW_BYTES,
  FLOW_COUNT,
  FLOW_EPOCH,
  FLOW_ID,
  FLOW_KEY,
  FLOW_KEY_BYTES_MAX,
  FLOW_KEY_LENGTH,
  FLOW_OWNER,
  FLOW_SKIP,
  FLOW_SLOT,
  FLOW_WAYS,
  FLOWS,
  SLOT_EPOCH,
} from './arena-layout.ts';
import { flowPlace, headLengthAt } from './inner-loop.ts';

export class FlowCache {
  readonly #arena: Arena;
  #victim = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * Remembers that lines of `owner` with the head at `at` (ended by a blank or LF) go to `slot`, without their first `skip` bytes.
   * @returns false when the head is too long for the cache: such lines always take the slow path
   */
  put(at: number, owner: number, slot: number, skip: number, flowId: number): boolean {
    const { bytes } = this.#arena;
    const length = headLengthAt(bytes, at);
    if (length === 0) return false;
    const flow = this.#placeFor(flowPlace(bytes, at, length, owner), owner);
    bytes.fill(0, flow + FLOW_KEY, flow + FLOW_KEY + FLOW_KEY_BYTES_MAX);
    bytes.copyWithin(flow + FLOW_KEY, at, at + length);
    this.#arena.setWord(flow + FLOW_OWNER, owner);
    this.#arena.setWord(flow + FLOW_KEY_LENGTH, length);
    this.#arena.setWord(flow + FLOW_SLOT, slot);
    this.#arena.setWord(flow + FLOW_EPOCH, this.#arena.word(slot + SLOT_EPOCH));
    this.#arena.setWord(flow + FLOW_SKIP, skip);
    this.#arena.setWord(flow + FLOW_ID, flowId);
    return true;
  }

  /** Voids everything: who looks at the traffic has changed, say. */
  clear(): void {
    for (let place = 0; place < FLOW_COUNT + FLOW_WAYS; place++)
      this.#arena.setWord(FLOWS + place * FLOW_BYTES + FLOW_OWNER, 0);
  }

  /** An empty or void place among those where the search looks; else one of them in turn. */
  #placeFor(first: number, owner: number): number {
    const arena = this.#arena;
    for (let way = 0, flow = first; way < FLOW_WAYS; way++, flow += FLOW_BYTES) {
      const holder = arena.word(flow + FLOW_OWNER);
      const isVoid =
        holder === 0 || arena.word(arena.word(flow + FLOW_SLOT) + SLOT_EPOCH) !== arena.word(flow + FLOW_EPOCH);
      if (isVoid) return flow;
    }
    this.#victim = (this.#victim + 1) % FLOW_WAYS;
    return first + ((this.#victim + owner) % FLOW_WAYS) * FLOW_BYTES;
  }
}
