// The inner loop in TypeScript, over the same arena: the fallback where WebAssembly is missing, and the oracle of its twin.

import {
  CELL_DIRTY_COUNT,
  CELL_LINE_BYTES_MAX,
  CELL_NOW_MS,
  CELL_NUMBER,
  CELL_POSITION,
  CELL_RECORDER,
  CELL_RECORDER_MASK,
  CELL_SLOT,
  CELL_TRACES,
  DIRTY,
  DONE,
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
  NEEDS_BUFFER,
  NEEDS_CARE,
  PREFIX,
  SLOT_BYTES,
  SLOT_EPOCH,
  SLOT_IS_DIRTY,
  SLOT_LIMIT,
  SLOT_LINES,
  SLOT_OUTCOME,
  SLOT_POINTER,
  SLOTS,
} from './arena-layout.ts';

/** Handles lines in [start, end) of one source; see `assembly/inner-loop.ts`. Returns DONE, NEEDS_BUFFER or NEEDS_CARE. */
export type InnerLoop = (start: number, end: number, owner: number, prefixLength: number) => number;

const [TRACEPARENT = new Uint8Array(0), ...SPECIALS] = ['tracepar', 'cache=', 'transmis', 'broadcas'].map((text) =>
  new TextEncoder().encode(text),
);

/** Whether a parameter that the daemon must read begins at `at`. */
export function isSpecialAt(bytes: Uint8Array, at: number): boolean {
  for (const special of SPECIALS) if (isTextAt(bytes, at, special)) return true;
  return false;
}

function isTextAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let same = 0; same < text.length; same++) if (bytes[at + same] !== text[same]) return false;
  return true;
}

/** The length of the head at `at` with the blank or LF behind it; 0 when it is longer than the cache takes. */
export function headLengthAt(bytes: Uint8Array, at: number): number {
  let blanks = bytes[at] === 60 ? 1 : 0;
  for (let length = 1; length <= FLOW_KEY_BYTES_MAX; length++) {
    const byte = bytes[at + length - 1];
    if (byte === 10) return length;
    if (byte === 32 && blanks-- === 0) return length;
  }
  return 0;
}

/** The place in the flow cache where the search for this head begins, as an address. */
export function flowPlace(bytes: Uint8Array, at: number, length: number, owner: number): number {
  let hash = Math.imul(owner, 0x9e3779b1);
  for (let done = 0; done < length; done += 4) {
    let word = 0;
    for (let byte = 0; byte < 4 && done + byte < length; byte++)
      word |= (bytes[at + done + byte] as number) << (byte << 3);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return FLOWS + (hash & (FLOW_COUNT - 1)) * FLOW_BYTES;
}

/** The inner loop over `memory`. */
export function createInnerLoop(memory: WebAssembly.Memory): InnerLoop {
  const bytes = new Uint8Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  const word = (address: number): number => words[address >>> 2] as number;

  const isHead = (at: number, flow: number): boolean => {
    const length = word(flow + FLOW_KEY_LENGTH);
    for (let done = 0; done < length; done++) if (bytes[at + done] !== bytes[flow + FLOW_KEY + done]) return false;
    return true;
  };

  const findFlow = (at: number, owner: number): number => {
    const length = headLengthAt(bytes, at);
    if (length === 0) return 0;
    let flow = flowPlace(bytes, at, length, owner);
    for (let way = 0; way < FLOW_WAYS; way++, flow += FLOW_BYTES) {
      if (
        word(flow + FLOW_OWNER) === owner &&
        word(flow + FLOW_KEY_LENGTH) === length &&
        isHead(at, flow) &&
        word(word(flow + FLOW_SLOT) + SLOT_EPOCH) === word(flow + FLOW_EPOCH)
      ) {
        return flow;
      }
    }
    return 0;
  };

  const isTraceAt = (at: number): boolean => word(CELL_TRACES) !== 0 && isTextAt(bytes, at, TRACEPARENT);

  /** The end of the line at `at` behind its LF; 0 when its bytes are for the slow path. */
  const scanLine = (at: number, headBytes: number): number => {
    let byte = bytes[at + headBytes - 1];
    let next = at + headBytes;
    if (byte !== 10 && (isSpecialAt(bytes, next) || isTraceAt(next))) return 0;
    while (byte !== 10) {
      byte = bytes[next++];
      if (byte === 0 || (byte === 59 && (isSpecialAt(bytes, next) || isTraceAt(next)))) return 0;
    }
    return next;
  };

  const commit = (slot: number, flow: number, begin: number, target: number): void => {
    if (word(slot + SLOT_IS_DIRTY) === 0) {
      words[(slot + SLOT_IS_DIRTY) >>> 2] = 1;
      const dirty = word(CELL_DIRTY_COUNT);
      words[(DIRTY >>> 2) + dirty] = (slot - SLOTS) / SLOT_BYTES;
      words[CELL_DIRTY_COUNT >>> 2] = dirty + 1;
    }
    words[(slot + SLOT_POINTER) >>> 2] = target;
    words[(slot + SLOT_LINES) >>> 2] = word(slot + SLOT_LINES) + 1;
    const number = word(CELL_NUMBER);
    const record = (word(CELL_RECORDER) >>> 2) + ((number & word(CELL_RECORDER_MASK)) << 2);
    words[record] = word(flow + FLOW_ID);
    words[record + 1] = target - begin;
    words[record + 2] = word(CELL_NOW_MS);
    words[record + 3] = word(slot + SLOT_OUTCOME);
    words[CELL_NUMBER >>> 2] = number + 1;
  };

  return (start, end, owner, prefixLength) => {
    let at = start;
    let flow = 0;
    let result = DONE;
    bytes[end] = 10;
    while (at < end) {
      if (flow === 0 || !isHead(at, flow)) {
        flow = findFlow(at, owner);
        if (flow === 0) {
          result = NEEDS_CARE;
          break;
        }
      }
      const slot = word(flow + FLOW_SLOT);
      const next = scanLine(at, word(flow + FLOW_KEY_LENGTH));
      if (next > end) break;
      const last = bytes[next - 2];
      if (next === 0 || last === 32 || last === 9 || last === 13 || next - at > word(CELL_LINE_BYTES_MAX)) {
        result = NEEDS_CARE;
        break;
      }
      const begin = word(slot + SLOT_POINTER);
      const body = at + word(flow + FLOW_SKIP);
      const target = begin + prefixLength + next - body;
      if (begin >= word(slot + SLOT_LIMIT) || target > word(slot + SLOT_LIMIT)) {
        words[CELL_SLOT >>> 2] = slot;
        result = NEEDS_BUFFER;
        break;
      }
      bytes.copyWithin(begin, PREFIX, PREFIX + prefixLength);
      bytes.copyWithin(begin + prefixLength, body, next);
      commit(slot, flow, begin, target);
      at = next;
    }
    words[CELL_POSITION >>> 2] = at;
    return result;
  };
}
