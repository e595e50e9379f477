// A short, repeatable fuzz run of every target, and proof that the fuzzer finds what it is there to find. It tries what is
// built in dist/, as `npm test` leaves it; `npm run fuzz` goes on for longer.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { fuzzTarget } from './engine/supervisor.mjs';
import { TARGETS } from './targets.mjs';

const directory = mkdtempSync(join(tmpdir(), 'snapcommunicator-fuzz-'));
const crashes = pathToFileURL(`${directory}/`);
afterAll(() => rmSync(directory, { recursive: true }));

// Much more than the second of a long run: a slow machine must not look like a hang.
const hangMs = 10_000;

it.each(TARGETS)('$name withstands 10,000 inputs', async (target) => {
  const outcome = await fuzzTarget(target, { inputsMax: 10_000, seed: 20_261_122, hangMs, crashes });
  expect(outcome.trouble?.message).toBeUndefined();
  expect(outcome.inputs).toBe(10_000);
  expect(outcome.corpus).toBeGreaterThan(5);
});

describe('the fuzzer', () => {
  const fixture = (name: string): { name: string; url: URL } => ({
    name,
    url: new URL(`./fixtures/${name}.mjs`, import.meta.url),
  });

  it('follows coverage to four bytes that chance would hardly find, and makes the input short', async () => {
    const { trouble } = await fuzzTarget(fixture('magic'), { inputsMax: 2_000_000, seed: 4, hangMs, crashes });
    expect(trouble).toMatchObject({ kind: 'failed', isRepeatable: true });
    expect(trouble?.message).toContain('the magic was said');
    expect(readFileSync(trouble?.file as string, 'latin1')).toBe('magi');
  });

  it('tries a saved input again', async () => {
    const input = new TextEncoder().encode('magic');
    const again = await fuzzTarget(fixture('magic'), { input, hangMs, crashes });
    expect(again.trouble).toMatchObject({ kind: 'failed' });
    const other = await fuzzTarget(fixture('magic'), { input: input.subarray(1), hangMs, crashes });
    expect(other.trouble).toBeUndefined();
  });

  it('stops an input that never ends, and tells which', async () => {
    const { trouble } = await fuzzTarget(fixture('hang'), { inputsMax: 100_000, seed: 1, hangMs: 300, crashes });
    expect(trouble).toMatchObject({ kind: 'hung' });
    expect(readFileSync(trouble?.file as string, 'latin1')).toContain('!');
  });

  it('sees memory that grows', async () => {
    const outcome = await fuzzTarget(fixture('leak'), { inputsMax: 40_000, seed: 1, hangMs, crashes });
    expect(outcome.trouble).toMatchObject({ kind: 'grew' });
  });

  it('says so when an input fails only because of those before it', async () => {
    const { trouble } = await fuzzTarget(fixture('history'), { inputsMax: 5000, seed: 1, hangMs, crashes });
    expect(trouble).toMatchObject({ kind: 'failed', isRepeatable: false });
  });
});
