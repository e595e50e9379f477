// Sees to it that every promise of GUARANTEES.md names tests that show it, and that they exist.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const textOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** What stands behind the last dash of a promise: `file` “title”, “title”, `file` “title”. */
function testsNamedIn(promise: string): { readonly file: string; readonly title: string }[] {
  let file = '';
  return [...promise.slice(promise.lastIndexOf(' — ')).matchAll(/`([\w./-]+\.test\.ts)`|“([^”]+)”/g)].flatMap(
    ([, path, title]) => {
      file = path ?? file;
      return title === undefined ? [] : [{ file, title }];
    },
  );
}

describe('GUARANTEES.md', () => {
  const promises = textOf('GUARANTEES.md')
    .split('\n')
    .filter((line) => line.startsWith('- '));

  it('promises something', () => expect(promises.length).toBeGreaterThan(10));

  it.each(promises)('%s', (promise) => {
    const tests = testsNamedIn(promise);
    expect(tests.length, 'a promise names the test that shows it').toBeGreaterThan(0);
    for (const { file, title } of tests) expect(textOf(file), `${file} has the test “${title}”`).toContain(title);
  });
});
