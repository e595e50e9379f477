// What may stand next in a filter, for shells and for the console.

import { FIELDS, type Field, fieldOf, isParameter } from './fields.ts';
import { FilterSyntaxError, type Token, tokenize } from './lexer.ts';
import { operatorsOf } from './parser.ts';

export interface Completion {
  readonly text: string;
  /** What it means, in a few words; may be empty. */
  readonly note: string;
}

export interface Completions {
  /** Where the text begins that an item takes the place of; it ends at the position asked about. */
  readonly start: number;
  readonly items: readonly Completion[];
}

/** Values that are known for a field, such as the commands and services that were seen. */
export type KnownValues = Partial<Record<Field, readonly string[]>>;

const OUTCOMES = ['delivered', 'expired', 'refused', 'dropped', 'unknown'];
const NOTES: Readonly<Record<string, string>> = {
  '==': 'equals',
  '!=': 'differs',
  '~': 'contains; * stands for anything',
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  '&&': 'and',
  '||': 'or',
  '!': 'not',
};
const FIELD_ITEMS: readonly Completion[] = [
  ...Object.entries(FIELDS).map(([text, { note }]) => ({ text, note })),
  { text: 'parameter.', note: 'a parameter of the message, by its name' },
];

/** What could stand at position `at`, counted from 0, given the text before it. */
export function completions(text: string, at: number = text.length, known: KnownValues = {}): Completions {
  const before = text.slice(0, at);
  // Half an operator is no token yet.
  const half = /(?:^|[^=!<>])=$|(?:^|[^&])&$|(?:^|[^|])\|$|!$/.test(before) ? before.slice(-1) : '';
  const tokens = tokensOf(before.slice(0, before.length - half.length));
  if (tokens === undefined) return { start: at, items: [] };
  const last = tokens.at(-1);
  const partial = half === '' && last?.kind === 'word' && last.end === before.length ? last : undefined;
  const typed = partial?.text ?? half;
  const items = expectedAfter(partial === undefined ? tokens : tokens.slice(0, -1), known);
  const fitting = items.filter((item) => item.text.startsWith(typed));
  return { start: before.length - typed.length, items: fitting };
}

function tokensOf(text: string): Token[] | undefined {
  try {
    return tokenize(text).slice(0, -1);
  } catch (error) {
    if (error instanceof FilterSyntaxError) return undefined;
    throw error;
  }
}

/** Follows the tokens without building a tree, since what is being typed need not be right so far. */
function expectedAfter(tokens: readonly Token[], known: KnownValues): readonly Completion[] {
  let field: Field | undefined;
  let expected: 'operand' | 'operator' | 'value' | 'connective' = 'operand';
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === '(') depth++;
    else if (token.kind === ')') depth--;
    if (token.kind === '&&' || token.kind === '||' || token.kind === '(' || token.kind === '!') expected = 'operand';
    else if (token.kind === 'operator') expected = 'value';
    else if (token.kind === 'word' && expected === 'operand') {
      field = fieldOf(token.text);
      expected = 'operator';
    } else expected = 'connective';
  }
  const connectives = depth > 0 ? ['&&', '||', ')'] : ['&&', '||'];
  switch (expected) {
    case 'operand':
      return [...FIELD_ITEMS, ...noted(['!', '('])];
    case 'operator': {
      if (field === undefined) return [];
      return noted(field === 'size' ? operatorsOf(field) : [...operatorsOf(field), ...connectives]);
    }
    case 'value':
      return field === undefined ? [] : noted(valuesOf(field, known));
    case 'connective':
      return noted(connectives);
  }
}

function valuesOf(field: Field, known: KnownValues): readonly string[] {
  const values = known[field];
  if (values !== undefined || isParameter(field)) return values ?? [];
  return field === 'outcome' ? OUTCOMES : [];
}

const noted = (texts: readonly string[]): Completion[] => texts.map((text) => ({ text, note: NOTES[text] ?? '' }));
