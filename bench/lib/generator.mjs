// The load generators: compiled when they are newer than their programs, run, and their one line of JSON read.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { WORK } from './places.mjs';

const SOURCES = new URL('../generator/', import.meta.url);
const PROGRAMS = ['pump', 'round-trip', 'hold', 'relay'];
const RUN_TIMEOUT_MS = 150_000;

export function programPath(name) {
  return join(WORK, name);
}

/** Compiles what is out of date. Throws with a remedy when there is no compiler. */
export function compileGenerators() {
  mkdirSync(WORK, { recursive: true });
  const source = (name) => new URL(name, SOURCES).pathname;
  const shared = Math.max(...['common.c', 'common.h'].map((name) => statSync(source(name)).mtimeMs));
  for (const name of PROGRAMS) {
    const changed = Math.max(shared, statSync(source(`${name}.c`)).mtimeMs);
    if (existsSync(programPath(name)) && statSync(programPath(name)).mtimeMs > changed) continue;
    const flags = [
      '-O2',
      '-Wall',
      '-Wextra',
      '-pthread',
      '-o',
      programPath(name),
      source(`${name}.c`),
      source('common.c'),
    ];
    try {
      execFileSync('gcc', flags, { stdio: 'inherit' });
    } catch (error) {
      const reason =
        error.code === 'ENOENT'
          ? 'the load generators are written in C and gcc is not there: apt-get install gcc libc6-dev'
          : `gcc did not compile bench/generator/${name}.c; see above`;
      throw new Error(reason, { cause: error });
    }
  }
}

/**
 * Runs a generator. Options become flags (`warmUp: 1` is `--warm-up 1`, `fanOut: true` is `--fan-out`); a Buffer is
 * written into a file of the given directory and its path is passed.
 */
export function runGenerator(name, options, directory, { timeoutMs = RUN_TIMEOUT_MS } = {}) {
  const values = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === false) continue;
    const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    values.push(`--${flag}`);
    if (value === true) continue;
    if (Buffer.isBuffer(value)) {
      const file = join(directory, `generator-${name}-${flag}`);
      writeFileSync(file, value);
      values.push(file);
    } else values.push(String(value));
  }
  return new Promise((resolve, reject) => {
    const child = spawn(programPath(name), values, { stdio: ['ignore', 'pipe', 'inherit'] });
    const stop = () => child.kill('SIGKILL');
    const late = setTimeout(stop, timeoutMs);
    process.once('exit', stop);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      process.off('exit', stop);
      try {
        const result = JSON.parse(output.trim().split('\n').at(-1));
        if (result.error === undefined) resolve(result);
        else reject(new Error(`${name}: ${result.error}`));
      } catch {
        reject(new Error(`${name} ended with ${signal ?? code} and without a result: ${output.slice(0, 200)}`));
      }
    });
  });
}
