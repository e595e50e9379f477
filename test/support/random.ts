// Numbers that look random and are the same for the same seed.

/** @returns a generator of numbers from 0 up to, not including, 1 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
