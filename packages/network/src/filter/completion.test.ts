// What may stand next, position by position.

import { expect, test } from 'vitest';
import { completions } from './completion.ts';
import { compileFilter } from './filter.ts';

const KNOWN = { command: ['PING', 'PUT', 'RESIZE'], 'to.service': ['images'] } as const;
/** `^` marks the position. */
function textsAt(marked: string): [start: number, texts: string[]] {
  const at = marked.indexOf('^');
  const { start, items } = completions(marked.replace('^', ''), at, KNOWN);
  return [start, items.map(({ text }) => text)];
}

test.each([
  ['fr^', 0, ['from', 'from.server', 'from.service']],
  ['from.ser^', 0, ['from.server', 'from.service']],
  ['from && p^', 8, ['parameter.']],
  ['from ^', 5, ['==', '!=', '~', '&&', '||']],
  ['size ^', 5, ['==', '!=', '>', '>=', '<', '<=']],
  ['size=^', 4, ['==']],
  ['from!^', 4, ['!=']],
  ['command==^', 9, ['PING', 'PUT', 'RESIZE']],
  ['command==P^', 9, ['PING', 'PUT']],
  ['command==P^ && x', 9, ['PING', 'PUT']],
  ['to.service == ^', 14, ['images']],
  ['outcome==d^', 9, ['delivered', 'dropped']],
  ['reason==^', 8, []],
  ['p.a==^', 5, []],
  ['from==a ^', 8, ['&&', '||']],
  ['from==a &^', 8, ['&&']],
  ['from==a |^', 8, ['||']],
  ['(from==a ^', 9, ['&&', '||', ')']],
  ['(from==a) ^', 10, ['&&', '||']],
  ['(com^', 1, ['command']],
  ['nothing ^', 8, []],
  ['reason=="ab^', 11, []],
])('%s', (marked, start, texts) => {
  expect(textsAt(marked)).toEqual([start, texts]);
});

test('at the beginning: every field, ! and (; and each field that is offered is one', () => {
  const { start, items } = completions('');
  expect(start).toBe(0);
  expect(items.map(({ text }) => text)).toEqual(expect.arrayContaining(['command', 'size', 'parameter.', '!', '(']));
  for (const { text, note } of items.filter((item) => /^[a-z]/.test(item.text))) {
    const field = text === 'parameter.' ? 'parameter.a' : text;
    expect(compileFilter(`${field}==1`).error).toBeUndefined();
    expect(note).not.toBe('');
  }
});
