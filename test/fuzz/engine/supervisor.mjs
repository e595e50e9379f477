// Fuzzes one target in a thread of its own and watches it: what fails, hangs, dies or grows is told with its input.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { CurrentInput } from './current-input.mjs';
import { hashOf } from './random.mjs';

/**
 * @typedef {object} Limits
 * @property {number} [inputsMax]
 * @property {number} [seconds]
 * @property {number} [seed]
 * @property {number} [hangMs] processor time that one input may take
 * @property {number} [growthBytesMax] how much more memory may be in use at the end than after the warm-up
 * @property {Uint8Array} [input] the only input to try
 * @property {URL} [crashes] where an input that went wrong is written; default: the directory crashes/ beside engine/
 */

/**
 * @typedef {object} Trouble
 * @property {'failed' | 'hung' | 'died' | 'grew'} kind
 * @property {string} message
 * @property {string} [file] where the input is
 * @property {boolean} [isRepeatable] false: the input alone does nothing, only the run with its seed
 */

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {number} seed
 * @property {number} inputs
 * @property {number} seconds
 * @property {number} corpus inputs that reached new code
 * @property {number} reached characters of code that ran
 * @property {number} slowestMs
 * @property {number} memoryStart bytes, after the warm-up
 * @property {number} memoryEnd
 * @property {Trouble} [trouble]
 */

const WORKER = new URL('./worker.mjs', import.meta.url);
const CRASHES = new URL('../crashes/', import.meta.url);
/** A target that needs more has lost its bounds; better it dies than the machine. */
const HEAP_MB_MAX = 768;
const WATCH_MS = 100;

/**
 * Fuzzes a target. Never rejects because of what it does.
 * @param {{ name: string, url: URL }} target
 * @param {Limits} limits
 * @returns {Promise<Outcome>}
 */
export async function fuzzTarget({ name, url }, limits) {
  const { inputsMax = Number.MAX_SAFE_INTEGER, seconds = Number.POSITIVE_INFINITY, seed = 1, input } = limits;
  const { hangMs = 1000, growthBytesMax = 8 << 20, crashes = CRASHES } = limits;
  const current = new CurrentInput();
  const budget = { url: url.href, seed, inputsMax, milliseconds: seconds * 1000, input, shared: current.shared };
  const worker = new Worker(WORKER, { workerData: budget, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX } });
  const { kind, message, isRepeatable, input: culprit, ...figures } = await watch(worker, current, hangMs);
  const outcome = { name, seed, ...NOTHING, ...figures };
  if (kind !== 'done') {
    const file = culprit === undefined ? {} : { file: save(crashes, name, culprit) };
    return { ...outcome, trouble: { kind, message, isRepeatable: isRepeatable ?? culprit !== undefined, ...file } };
  }
  const growth = outcome.memoryEnd - outcome.memoryStart;
  if (growth <= growthBytesMax) return outcome;
  const grew = `${megabytes(growth)} more in use at the end than after the warm-up, at most ${megabytes(growthBytesMax)} may be`;
  return { ...outcome, trouble: { kind: 'grew', message: grew, isRepeatable: false } };
}

const NOTHING = { inputs: 0, seconds: 0, corpus: 0, reached: 0, slowestMs: 0, memoryStart: 0, memoryEnd: 0 };
const megabytes = (bytes) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;

/** What the thread tells, or what must be said in its place. */
function watch(worker, current, hangMs) {
  return new Promise((resolve) => {
    let lastCount = 0;
    let since = usedMs();
    const finish = (told) => {
      clearInterval(timer);
      worker.removeAllListeners();
      // An error of a thread that is being ended interests nobody.
      worker.on('error', () => undefined);
      void worker.terminate().then(() => resolve({ inputs: current.count, ...told }));
    };
    // Processor time, so that on a busy machine nobody looks as if it hung.
    const timer = setInterval(() => {
      const { count, input } = current;
      if (input === undefined || count !== lastCount) {
        lastCount = count;
        since = usedMs();
      } else if (usedMs() - since > hangMs) {
        finish({ kind: 'hung', input, message: `one input took more than ${hangMs} ms of processor time` });
      }
    }, WATCH_MS);
    worker.once('message', finish);
    worker.once('error', (error) => {
      finish({ kind: 'died', input: current.input, message: String(error.stack ?? error) });
    });
    worker.once('exit', (code) => {
      finish({ kind: 'died', input: current.input, message: `the thread ended with code ${code}` });
    });
  });
}

/** Processor time of this process; but for the thread that fuzzes, hardly anything runs in it. */
function usedMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function save(directory, name, input) {
  mkdirSync(directory, { recursive: true });
  const path = fileURLToPath(new URL(`${name}-${hashOf(input).toString(16).padStart(8, '0')}.bin`, directory));
  writeFileSync(path, input);
  return path;
}
