// The thread that fuzzes one target: runs the loop within its budget, measures memory, and tells what came of it.

import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.mjs';
import { CurrentInput } from './current-input.mjs';
import { Failure, Fuzzer, shrink } from './fuzzer.mjs';
import { createMemoryMeter } from './memory.mjs';

/**
 * @typedef {object} Budget
 * @property {string} url the module of the target; its default export is a Target
 * @property {number} seed
 * @property {number} inputsMax
 * @property {number} milliseconds
 * @property {Uint8Array | undefined} input the only input to try
 * @property {SharedArrayBuffer} shared of the CurrentInput
 */

/** The first part of a run compiles and fills caches: growth is measured from its end. */
const WARM_UP_SHARE = 0.2;
const WARM_UP_INPUTS_MAX = 50_000;

/** @param {Budget} budget */
async function fuzz(budget) {
  const { url, seed, inputsMax, milliseconds, input, shared } = budget;
  const current = new CurrentInput(shared);
  const coverage = new Coverage();
  const { default: target } = await import(url);
  if (input !== undefined) return tryOne(target, input, current);

  const measure = createMemoryMeter();
  const fuzzer = new Fuzzer(target, { seed, coverage, current });
  const start = performance.now();
  const elapsedMs = () => performance.now() - start;
  let memoryStart;
  while (fuzzer.inputs < inputsMax && elapsedMs() < milliseconds) {
    try {
      fuzzer.runBatch(inputsMax - fuzzer.inputs);
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      return { kind: 'failed', inputs: fuzzer.inputs, ...explain(target, failure, current) };
    }
    const share = Math.max(fuzzer.inputs / inputsMax, elapsedMs() / milliseconds);
    const isWarm = fuzzer.isBeyondSeeds && (share >= WARM_UP_SHARE || fuzzer.inputs >= WARM_UP_INPUTS_MAX);
    if (isWarm) memoryStart ??= measure() - fuzzer.corpusBytes;
  }
  const seconds = elapsedMs() / 1000;
  const { inputs, corpus, corpusBytes, slowestMs } = fuzzer;
  const memoryEnd = measure() - corpusBytes;
  const { reached } = coverage;
  return { kind: 'done', inputs, seconds, corpus: corpus.length, reached, slowestMs, memoryStart, memoryEnd };
}

function tryOne(target, input, current) {
  current.set(input);
  const start = performance.now();
  try {
    target.run(input);
  } catch (error) {
    return { kind: 'failed', inputs: 1, input, message: String(error?.stack ?? error) };
  }
  const slowestMs = performance.now() - start;
  return { kind: 'done', inputs: 1, seconds: slowestMs / 1000, slowestMs };
}

/** The failure with a shorter input, and what that one does, which may be something else. */
function explain(target, { input, cause }, current) {
  const shortest = shrink(target, input, current);
  let error = cause;
  try {
    if (shortest !== undefined) target.run(shortest);
  } catch (again) {
    error = again;
  }
  return { input: shortest ?? input, isRepeatable: shortest !== undefined, message: String(error?.stack ?? error) };
}

const told = await fuzz(workerData);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- between threads there are no origins
parentPort?.postMessage(told);
