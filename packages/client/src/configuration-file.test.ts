// Tests of the configuration file reader: each form by a table, then random and mutated text.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readConfigurationText } from './configuration-file.ts';

const SAMPLE = `# a comment
; another
server_name = web

[console]
local-listen="127.0.0.1:4040"
path='a b '
long=one,\\
  two
escaped=a\\\\b\\nc\\qd
empty=
url=sc://h?a=b
`;

describe('entries', () => {
  test('a file with every form', () => {
    expect(readConfigurationText(SAMPLE)).toEqual({
      entries: [
        { name: 'server_name', value: 'web', line: 3, section: '' },
        { name: 'local_listen', value: '127.0.0.1:4040', line: 6, section: 'console' },
        { name: 'path', value: 'a b ', line: 7, section: 'console' },
        { name: 'long', value: 'one,  two', line: 8, section: 'console' },
        { name: 'escaped', value: 'a\\b\nc\\qd', line: 10, section: 'console' },
        { name: 'empty', value: '', line: 11, section: 'console' },
        { name: 'url', value: 'sc://h?a=b', line: 12, section: 'console' },
      ],
      problems: [],
    });
  });

  test.each([
    ['\uFEFFa=1\r\nb=2\rc=3', ['a=1', 'b=2', 'c=3']],
    ['a="1', ['a="1']],
    ['a="', ['a="']],
    ['a=""', ['a=']],
    ['a=1 # no comment here', ['a=1 # no comment here']],
    ['# a comment with a backslash \\\na=1', ['a=1']],
    ['a=1\\', ['a=1']],
    ['[]\na=1', ['a=1']],
    ['', []],
  ])('%j', (text, expected) => {
    const { entries, problems } = readConfigurationText(text);
    expect(problems).toEqual([]);
    expect(entries.map(({ name, value }) => `${name}=${value}`)).toEqual(expected);
  });
});

describe('problems', () => {
  test.each([
    ['\n\njust words', 3, '"just words" has no "="; expected name=value'],
    ['=5', 1, 'no name before the "="; expected name=value'],
    [
      'my name=5',
      1,
      '"my name" is not the name of an option; expected at most 64 letters, digits and "_", a letter first',
    ],
    [
      `${'a'.repeat(65)}=5`,
      1,
      `"${'a'.repeat(60)}…" is not the name of an option; expected at most 64 letters, digits and "_", a letter first`,
    ],
    ['_a=5', 1, '"_a" is not the name of an option; expected at most 64 letters, digits and "_", a letter first'],
    ['[open', 1, '"[open" is not a section; expected [name] and nothing else'],
    ['[a] b=c', 1, '"[a" is not a section; expected [name] and nothing else'],
    ['a=\0', 1, 'a NUL character; expected text'],
  ])('%j', (text, line, problem) => {
    expect(readConfigurationText(text)).toEqual({ entries: [], problems: [{ line, problem }] });
  });

  test('reading goes on behind a problem, but not for ever', () => {
    expect(readConfigurationText('x\na=1').entries).toHaveLength(1);
    expect(readConfigurationText('x\n'.repeat(1000)).problems).toHaveLength(100);
    expect(readConfigurationText('x\n'.repeat(1000), { problemsMax: 3 }).problems).toHaveLength(3);
  });
});

test('any text is read without an exception, and every entry has a line of the text', () => {
  const pieces = fc.constantFrom(
    '=',
    '\\',
    '\n',
    '\r',
    '"',
    "'",
    '[',
    ']',
    '#',
    ';',
    '\0',
    ' ',
    'name',
    '\uFEFF',
    '\\n',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      const { entries, problems } = readConfigurationText(input);
      const lines = input.split(/\r\n|\n|\r/).length;
      for (const { line } of [...entries, ...problems]) {
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(lines);
      }
      for (const { name } of entries) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
    }),
    { numRuns: 2000 },
  );
});
