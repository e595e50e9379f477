// Repeatable chance: a small seeded generator, and a number from bytes for what a target chooses by itself.

/**
 * A generator (mulberry32): the same seed gives the same numbers.
 * @param {number} seed a whole number
 * @returns {(below: number) => number} a whole number from 0 to below - 1
 */
export function createRandom(seed) {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const HASHED_BYTES_MAX = 1024;

/**
 * A number from an input (FNV-1a over its first bytes and length). What a target chooses, such as where to cut a
 * stream, it draws from this, so that the input alone repeats a failure.
 * @param {Uint8Array} bytes
 */
export function hashOf(bytes) {
  let hash = 0x811c9dc5 ^ bytes.length;
  const end = Math.min(bytes.length, HASHED_BYTES_MAX);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
