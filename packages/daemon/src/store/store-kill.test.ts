// Processes that are killed while they write: whatever their store confirmed is there afterwards.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLmdbStore } from './lmdb-store.ts';

/** Below node_modules, so that the child finds LMDB. */
const cache = fileURLToPath(new URL('../../../../node_modules/.cache/', import.meta.url));
let scratch = '';

/** Puts for ever, twenty at a time, deletes every third record, and writes a line for each that was confirmed. */
const WRITER = `
  import { writeSync } from 'node:fs';
  import { openLmdbStore } from './lmdb-store.ts';
  const [directory, prefix] = process.argv.slice(2);
  const store = await openLmdbStore(directory);
  const work = async (first) => {
    for (let number = first; ; number += 20) {
      const key = prefix + number;
      await store.put(key, Buffer.from(key.repeat(1 + (number % 400))));
      writeSync(1, '+' + key + '\\n');
      if (number % 3 !== 0) continue;
      writeSync(1, '?' + key + '\\n');
      await store.delete(key);
      writeSync(1, '-' + key + '\\n');
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, first) => work(first)));
`;

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  scratch = mkdtempSync(join(cache, 'store-kill-'));
  await build({
    stdin: { contents: WRITER, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    outfile: join(scratch, 'writer.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: { 'snapcommunicator/wire': fileURLToPath(new URL('../../../client/src/wire/index.ts', import.meta.url)) },
  });
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a writer until it has written so many lines, then kills it; gives all lines that came. */
async function writeAndKill(directory: string, prefix: string, linesMin: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(scratch, 'writer.mjs'), directory, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === linesMin) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return lines;
}

test('every confirmed record survives kill -9, and every confirmed deletion', async () => {
  const directory = join(scratch, 'kept');
  const present = new Set<string>();
  const beingDeleted = new Set<string>();
  const deleted = new Set<string>();
  for (const [round, linesMin] of [1, 40, 500, 7, 2000, 300].entries()) {
    for (const line of await writeAndKill(directory, `r${round}n`, linesMin)) {
      const key = line.slice(1);
      if (line.startsWith('+')) present.add(key);
      else present.delete(key);
      if (line.startsWith('?')) beingDeleted.add(key);
      else if (line.startsWith('-')) deleted.add(key);
    }
    const store = await openLmdbStore(directory);
    const found = new Map([...store.entries()].map(({ key, bytes }) => [key, Buffer.from(bytes).toString()]));
    await store.close();
    for (const key of present) expect(found.get(key)).toBe(key.repeat(1 + (Number(key.split('n')[1]) % 400)));
    for (const key of deleted) expect(found.has(key)).toBe(false);
    // What is there beside was written, but not confirmed, when the end came: at most one record of each worker.
    const others = [...found.keys()].filter((key) => !present.has(key) && !beingDeleted.has(key));
    expect(others.length).toBeLessThanOrEqual(20 * (round + 1));
    expect(present.size + beingDeleted.size).toBeGreaterThan(0);
  }
}, 30_000);
