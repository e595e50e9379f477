// The scenario files, each with several seeds; and scripts that must fail.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScript, runScript } from './script.ts';

const directory = new URL('./scenarios/', import.meta.url);

describe('scenarios', () => {
  test.each(readdirSync(directory).filter((file) => file.endsWith('.scenario')))('%s', (file) => {
    const script = parseScript(readFileSync(new URL(file, directory), 'utf8'));
    for (let seed = 1; seed <= 5; seed++) expect(runScript(script, seed), `${file}, seed ${seed}`).toEqual([]);
  });
});

const line = 'link a b 1ms\nservice web on a\nservice db on b\nsend web@a db every 50ms from 1s to 3s\n';

describe('an expectation that is not met is told', () => {
  test.each([
    ['expect delivered but 3', '40 of 40'],
    ['expect gap below 20ms', '50.0 ms'],
    ['at 2s cut a b\nuntil 3s\nexpect converged', 'it has not'],
    ['expect at db@a from 1s', 'b,b'],
    ['expect redelivered', 'none arrived again'],
    ['expect refusal secret', 'refused were {}'],
    ['at 2s crash a\nexpect complete', 'never arrived'],
  ])('%s', (expectation, told) => {
    expect(runScript(parseScript(`${line}until 8s\n${expectation}`), 1).join()).toContain(told);
  });
});

test.each([
  ['conquer a', 'line 1: nobody knows'],
  ['link a b soon', 'is not a time'],
  ['at 2s explode a', 'line 1: nothing called explode'],
  ['link a b 1ms\nat 2s crash c', 'line 2: there is no machine c'],
  ['link a b 1ms\nlink b c 1ms\nat 2s cut a c', 'no link between a and c'],
  ['link a b 1ms\nsend web@z db every 1s from 1s to 2s', 'no machine z'],
  ['link a b 1ms rate fast', 'is not a rate'],
  ['expect happiness', 'nobody can expect'],
])('%s is refused', (text, reason) => expect(() => parseScript(text)).toThrow(reason));
