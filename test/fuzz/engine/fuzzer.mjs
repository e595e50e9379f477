// The loop: takes inputs from the seeds and from what it finds, runs them, and keeps those that reach new code.

import { Mutator } from './mutator.mjs';
import { createRandom } from './random.mjs';

/** @typedef {import('./coverage.mjs').Coverage} Coverage */
/** @typedef {import('./current-input.mjs').CurrentInput} CurrentInput */
/**
 * @typedef {object} Target What is tried. It draws all chance from its input, so that the input repeats a failure.
 * @property {() => Iterable<string | Uint8Array>} seeds inputs to begin with
 * @property {readonly string[]} [words] what its language is made of, beside the words that all targets share
 * @property {(bytes: Uint8Array) => void} run tries one input; throws if something is wrong. It may keep the bytes
 */

/** Coverage is looked at once in a batch: a look costs some 0.7 ms. */
const BATCH_MIN = 16;
const BATCH_MAX = 512;
/** A batch with long inputs ends early, so that it does not hold much memory. */
const BATCH_BYTES_MAX = 4 << 20;
const CORPUS_MAX = 4096;
/** How often coverage is looked at to make one input of the corpus shorter. */
const TRIM_LOOKS_MAX = 12;
/** Longer inputs are tried but never kept: what they reach, a shorter one should. */
const KEPT_BYTES_MAX = 2048;

/** An input that went wrong. */
export class Failure extends Error {
  /** @param {Uint8Array} input @param {unknown} cause */
  constructor(input, cause) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.input = input;
  }
}

export class Fuzzer {
  #target;
  #coverage;
  #random;
  #mutator;
  #current;
  #seeds;
  #seedsTried = 0;
  #batchSize = BATCH_MIN;
  /** Inputs that reached code which none before had reached. */
  corpus = [];
  inputs = 0;
  slowestMs = 0;

  /**
   * @param {Target} target
   * @param {{ seed: number, coverage: Coverage, current: CurrentInput }} parts
   */
  constructor(target, { seed, coverage, current }) {
    this.#target = target;
    this.#coverage = coverage;
    this.#current = current;
    this.#random = createRandom(seed);
    this.#mutator = new Mutator(this.#random, target.words);
    const encoder = new TextEncoder();
    this.#seeds = [...target.seeds()].map((input) => (typeof input === 'string' ? encoder.encode(input) : input));
    if (this.#seeds.length === 0) this.#seeds.push(new Uint8Array(0));
  }

  /** Bytes of all inputs that are kept. */
  get corpusBytes() {
    return this.corpus.reduce((sum, input) => sum + input.length, 0);
  }

  get isBeyondSeeds() {
    return this.#seedsTried >= this.#seeds.length;
  }

  /** Tries a batch of inputs, at most `countMax`. @throws Failure */
  runBatch(countMax) {
    const size = Math.min(this.#batchSize, countMax);
    const batch = [];
    for (let bytes = 0; batch.length < size && bytes < BATCH_BYTES_MAX; ) {
      const input = this.#nextInput();
      batch.push(input);
      bytes += input.length;
      this.#try(input);
    }
    this.inputs += batch.length;
    this.#current.clear();
    const fresh = this.#coverage.look();
    const hasNew = fresh.length > 0;
    if (hasNew) {
      this.#search(batch, fresh);
      // Code that runs once, such as the filling of a table, belongs to no input.
      this.#coverage.keep(fresh);
    }
    this.#batchSize = hasNew ? Math.max(BATCH_MIN, this.#batchSize >> 1) : Math.min(BATCH_MAX, this.#batchSize << 1);
  }

  #nextInput() {
    if (!this.isBeyondSeeds) return this.#seeds[this.#seedsTried++];
    return this.#mutator.mutate(this.#pick(), this.#pick());
  }

  /** A kept input, the latest finds more often, or one of the seeds. */
  #pick() {
    const { corpus } = this;
    const draw = this.#random(8);
    if (corpus.length === 0 || draw === 0) return this.#seeds[this.#random(this.#seeds.length)];
    const recent = Math.min(corpus.length, 16);
    return draw < 3 ? corpus[corpus.length - 1 - this.#random(recent)] : corpus[this.#random(corpus.length)];
  }

  #try(input) {
    this.#current.set(input);
    const start = performance.now();
    try {
      this.#target.run(input);
    } catch (error) {
      throw new Failure(input, error);
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
  }

  /** Finds by halving which of these inputs reach something new; what cannot be repeated is let go. */
  #search(inputs, fresh) {
    if (inputs.length === 1) {
      const input = this.#trim(inputs[0], fresh);
      this.#coverage.keep(fresh);
      if (input.length <= KEPT_BYTES_MAX && this.corpus.length < CORPUS_MAX) this.corpus.push(input);
      return;
    }
    const middle = inputs.length >> 1;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of half) this.#try(input);
      this.#current.clear();
      const found = this.#coverage.look();
      if (found.length > 0) this.#search(half, found);
    }
  }

  /** A shorter input that still reaches all of it: in a short one the next change is likelier to hit what matters. */
  #trim(input, fresh) {
    const wanted = extent(fresh);
    let left = TRIM_LOOKS_MAX;
    return shorten(
      input,
      (candidate) => {
        this.#try(candidate);
        this.#current.clear();
        return extent(this.#coverage.look()) >= wanted;
      },
      () => left-- > 0,
    );
  }
}

/** How many characters of code were new. */
const extent = (fresh) => fresh.reduce((sum, { positions }) => sum + positions.length, 0);

/** How often a failing input may be tried while it is made shorter. */
const SHRINK_TRIES_MAX = 4000;

/**
 * The shortest input found, by leaving pieces out, that still fails.
 * @param {Target} target @param {Uint8Array} input @param {CurrentInput} current
 * @returns {Uint8Array | undefined} undefined if not even the input itself fails again
 */
export function shrink(target, input, current) {
  let left = SHRINK_TRIES_MAX;
  const fails = (candidate) => {
    current.set(candidate);
    try {
      target.run(candidate);
      return false;
    } catch {
      return true;
    }
  };
  return fails(input) ? shorten(input, fails, () => left-- > 0) : undefined;
}

/** Leaves out pieces of half the length, of half of that, down to single bytes, while `isGood` and `mayGoOn`. */
function shorten(input, isGood, mayGoOn) {
  let shortest = input;
  for (let piece = Math.ceil(input.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < shortest.length && mayGoOn(); ) {
      const candidate = without(shortest, at, at + piece);
      if (isGood(candidate)) shortest = candidate;
      else at += piece;
    }
  }
  return shortest;
}

/** The bytes without those in [start, end). */
function without(bytes, start, end) {
  const rest = bytes.subarray(end);
  const left = new Uint8Array(start + rest.length);
  left.set(bytes.subarray(0, start));
  left.set(rest, start);
  return left;
}
