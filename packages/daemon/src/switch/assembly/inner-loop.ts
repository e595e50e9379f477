// The inner loop in AssemblyScript: known heads are stamped and copied to their destination's buffer, 16 bytes at a time.
// Its twin in TypeScript, ../inner-loop.ts, does the same byte by byte and is what it is tested against.

import {
  CELL_DIRTY_COUNT, CELL_LINE_BYTES_MAX, CELL_NOW_MS, CELL_NUMBER, CELL_POSITION, CELL_RECORDER, CELL_RECORDER_MASK, CELL_SLOT,
  CELL_TRACES, DIRTY, DONE, FLOW_BYTES, FLOW_COUNT, FLOW_EPOCH, FLOW_ID, FLOW_KEY, FLOW_KEY_BYTES_MAX, FLOW_KEY_LENGTH, FLOW_OWNER, FLOW_SKIP,
  FLOW_SLOT, FLOW_WAYS, FLOWS, MASKS, NEEDS_BUFFER, NEEDS_CARE, PREFIX, SLOT_EPOCH, SLOT_IS_DIRTY, SLOT_LIMIT, SLOT_LINES,
  SLOT_OUTCOME, SLOT_POINTER, SLOT_BYTES, SLOTS,
} from '../arena-layout';

/** False in the benchmark that measures what recording costs, and nowhere else. */
const IS_RECORDING = true;

// The first eight bytes of `cache=` (six of them), `transmission_report=`, `traceparent=` and `broadcast_`, little-endian.
// Two begin alike, so that looking for both costs most lines no more than looking for one.
const CACHE: u64 = 0x00003d6568636163;
const CACHE_MASK: u64 = 0x0000ffffffffffff;
const TRANSMISSION: u64 = 0x73696d736e617274;
const TRACEPARENT: u64 = 0x7261706563617274;
const TRA: u64 = 0x0000000000617274;
const TRA_MASK: u64 = 0x0000000000ffffff;
const BROADCAST: u64 = 0x73616364616f7262;

@inline
function isSpecialTra(word: u64): bool {
  return word == TRANSMISSION || (word == TRACEPARENT && load<u32>(CELL_TRACES) != 0);
}

@inline
function isSpecial(at: usize): bool {
  const word = load<u64>(at);
  return (word & CACHE_MASK) == CACHE || ((word & TRA_MASK) == TRA && isSpecialTra(word)) || word == BROADCAST;
}

/** Whether a byte that was looked at neither ends the line nor begins what the slow path must read. */
@inline
function isPassedOn(at: usize): bool {
  const byte = load<u8>(at);
  return byte != 10 && byte != 0 && (byte != 59 || !isSpecial(at + 1));
}

@inline
function isHead(at: usize, flow: usize): bool {
  const length = load<u32>(flow, FLOW_KEY_LENGTH);
  let done: u32 = 0;
  while (done + 16 <= length) {
    if (v128.any_true(v128.xor(v128.load(at + done), v128.load(flow + FLOW_KEY + done)))) return false;
    done += 16;
  }
  const difference = v128.xor(v128.load(at + done), v128.load(flow + FLOW_KEY + done));
  return !v128.any_true(v128.and(difference, v128.load(<usize>MASKS + ((length - done) << 4))));
}

/** The length of the head at `at` with the blank or LF behind it; 0 when it is longer than the cache takes. */
@inline
function headLength(at: usize): u32 {
  const blank = i8x16.splat(32);
  const lineFeed = i8x16.splat(10);
  // A head that begins with a sender has a blank inside.
  let blanks: u32 = load<u8>(at) == 60 ? 1 : 0;
  for (let done: u32 = 0; done < <u32>FLOW_KEY_BYTES_MAX; done += 16) {
    const bytes = v128.load(at + done);
    let hits: u32 = i8x16.bitmask(v128.or(i8x16.eq(bytes, blank), i8x16.eq(bytes, lineFeed)));
    while (hits != 0) {
      const length = done + ctz(hits) + 1;
      if (blanks == 0 || load<u8>(at + length - 1) == 10) return length;
      blanks--;
      hits &= hits - 1;
    }
  }
  return 0;
}

/** The flow of this source with the head at `at`, or 0. */
function findFlow(at: usize, owner: u32): usize {
  const length = headLength(at);
  if (length == 0) return 0;
  let hash: u32 = owner * 0x9e3779b1;
  let done: u32 = 0;
  while (done + 4 <= length) {
    hash = (hash ^ load<u32>(at + done)) * 0x9e3779b1;
    hash ^= hash >> 15;
    done += 4;
  }
  const rest = length - done;
  if (rest != 0) {
    hash = (hash ^ (load<u32>(at + done) & ((1 << (rest << 3)) - 1))) * 0x9e3779b1;
    hash ^= hash >> 15;
  }
  let flow: usize = FLOWS + (hash & (FLOW_COUNT - 1)) * FLOW_BYTES;
  for (let way = 0; way < FLOW_WAYS; way++) {
    if (
      load<u32>(flow, FLOW_OWNER) == owner &&
      load<u32>(flow, FLOW_KEY_LENGTH) == length &&
      isHead(at, flow) &&
      load<u32>(load<u32>(flow, FLOW_SLOT), SLOT_EPOCH) == load<u32>(flow, FLOW_EPOCH)
    ) {
      return flow;
    }
    flow += FLOW_BYTES;
  }
  return 0;
}

/** Hands what was written to the slot back to it. */
@inline
function leaveSlot(slot: usize, target: usize, lines: u32): void {
  if (slot == 0) return;
  store<u32>(slot, <u32>target, SLOT_POINTER);
  store<u32>(slot, load<u32>(slot, SLOT_LINES) + lines, SLOT_LINES);
}

@inline
function markDirty(slot: usize): void {
  if (load<u32>(slot, SLOT_IS_DIRTY) != 0) return;
  store<u32>(slot, 1, SLOT_IS_DIRTY);
  const dirty = load<u32>(CELL_DIRTY_COUNT);
  store<u32>(DIRTY + (dirty << 2), (<u32>slot - SLOTS) / SLOT_BYTES);
  store<u32>(CELL_DIRTY_COUNT, dirty + 1);
}

/** How many LFs there are in [start, end). What lies behind the end may be read, and is not counted. */
export function countLines(start: u32, end: u32): u32 {
  const lineFeed = i8x16.splat(10);
  let lines: u32 = 0;
  let at: usize = start;
  for (; at + 16 <= <usize>end; at += 16) lines += popcnt<u32>(i8x16.bitmask(i8x16.eq(v128.load(at), lineFeed)));
  const rest = <u32>(<usize>end - at);
  return lines + popcnt<u32>(i8x16.bitmask(i8x16.eq(v128.load(at), lineFeed)) & ((1 << rest) - 1));
}

/**
 * Handles lines in [start, end) of source `owner`, whose stamp of `prefixLength` bytes lies at PREFIX.
 * The byte at `end` is overwritten. Returns DONE, NEEDS_BUFFER or NEEDS_CARE.
 *
 * What is known of the current flow and slot is kept in locals while heads repeat. Each line is scanned and copied at
 * once, 32 bytes a step; a step may write up to 31 bytes too many, for which buffers have slack.
 */
export function route(start: u32, end: u32, owner: u32, prefixLength: u32): i32 {
  const ten = i8x16.splat(10);
  const semicolon = i8x16.splat(59);
  const prefix = v128.load(PREFIX);
  const lineBytesMax = <usize>load<u32>(CELL_LINE_BYTES_MAX);
  const ring = load<u32>(CELL_RECORDER);
  const ringMask = load<u32>(CELL_RECORDER_MASK);
  const now = <u64>load<u32>(CELL_NOW_MS);
  let number = load<u32>(CELL_NUMBER);
  let at: usize = start;
  let flow: usize = 0;
  let flowId: u64 = 0;
  let key = i8x16.splat(0);
  let keyMask = i8x16.splat(0);
  let headBytes: usize = 0;
  let skip: usize = 0;
  let isHeadOnly = false;
  let slot: usize = 0;
  let begin: usize = 0;
  let limit: usize = 0;
  let lines: u32 = 0;
  let recordEnd: u64 = 0;
  let result = DONE;
  store<u8>(end, 10);

  while (at < <usize>end) {
    if (flow == 0 || v128.any_true(v128.and(v128.xor(v128.load(at), key), keyMask)) || (headBytes > 16 && !isHead(at, flow))) {
      flow = findFlow(at, owner);
      if (flow == 0) {
        result = NEEDS_CARE;
        break;
      }
      const newSlot: usize = load<u32>(flow, FLOW_SLOT);
      if (newSlot != slot) {
        leaveSlot(slot, begin, lines);
        slot = newSlot;
        begin = load<u32>(slot, SLOT_POINTER);
        limit = load<u32>(slot, SLOT_LIMIT);
        lines = 0;
        recordEnd = now | (<u64>load<u32>(slot, SLOT_OUTCOME) << 32);
        if (begin < limit) markDirty(slot);
      }
      flowId = load<u32>(flow, FLOW_ID);
      skip = load<u32>(flow, FLOW_SKIP);
      headBytes = load<u32>(flow, FLOW_KEY_LENGTH);
      key = v128.load(flow, FLOW_KEY);
      keyMask = v128.load(<usize>MASKS + (min<usize>(headBytes, 16) << 4));
      isHeadOnly = load<u8>(flow + FLOW_KEY + headBytes - 1) == 10;
    }
    if (!isHeadOnly && isSpecial(at + headBytes)) {
      result = NEEDS_CARE;
      break;
    }
    if (begin >= limit) {
      result = NEEDS_BUFFER;
      break;
    }
    v128.store(begin, prefix);
    if (prefixLength > 16) {
      for (let done: usize = 16; done < prefixLength; done += 16) v128.store(begin + done, v128.load(<usize>PREFIX + done));
    }
    let target = begin + prefixLength;
    let source = at + skip;
    for (;;) {
      const first = v128.load(source);
      const second = v128.load(source, 16);
      v128.store(target, first);
      v128.store(target, second, 16);
      // Bytes up to 10 (LF, NUL and a few harmless ones) and semicolons are looked at, all others are passed on.
      const firstHits = v128.or(i8x16.eq(i8x16.min_u(first, ten), first), i8x16.eq(first, semicolon));
      const secondHits = v128.or(i8x16.eq(i8x16.min_u(second, ten), second), i8x16.eq(second, semicolon));
      let hits: u32 = <u32>i8x16.bitmask(firstHits) | (<u32>i8x16.bitmask(secondHits) << 16);
      while (hits != 0 && isPassedOn(source + ctz(hits))) hits &= hits - 1;
      if (hits != 0) {
        const step: usize = ctz(hits) + 1;
        source += step;
        target += step;
        // What stops a line before its end is for the slow path; if it lies past the end there is no line yet, as that will see.
        if (load<u8>(source - 1) != 10) result = NEEDS_CARE;
        break;
      }
      source += 32;
      target += 32;
      if (target > limit) {
        result = NEEDS_BUFFER;
        break;
      }
    }
    if (result != DONE || source > <usize>end) break;
    // A CR or a blank before the LF is not part of the line. Other control characters are: the slow path would send them back here.
    const last = load<u8>(source - 2);
    if (last == 32 || last == 9 || last == 13 || source - at > lineBytesMax) {
      result = NEEDS_CARE;
      break;
    }
    if (IS_RECORDING) {
      const record: usize = ring + ((number & ringMask) << 4);
      store<u64>(record, flowId | ((<u64>(target - begin)) << 32));
      store<u64>(record, recordEnd, 8);
    }
    number++;
    lines++;
    begin = target;
    at = source;
  }
  leaveSlot(slot, begin, lines);
  if (result == NEEDS_BUFFER) store<u32>(CELL_SLOT, <u32>slot);
  store<u32>(CELL_NUMBER, number);
  store<u32>(CELL_POSITION, <u32>at);
  return result;
}
