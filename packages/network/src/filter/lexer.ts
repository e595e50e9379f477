// The text of a filter as tokens: words, quoted texts, operators, parentheses.

/** A filter that cannot be read. `at` is where, counted from 0. Thrown within this directory only. */
export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

export const OPERATORS = ['==', '!=', '~', '>', '>=', '<', '<='] as const;
export type Operator = (typeof OPERATORS)[number];

export type Token = {
  /** Where it begins, and where it ends, in the text. */
  readonly at: number;
  readonly end: number;
} & (
  | { readonly kind: 'word' | 'quoted'; readonly text: string }
  | { readonly kind: 'operator'; readonly operator: Operator }
  | { readonly kind: '&&' | '||' | '!' | '(' | ')' | 'end' }
);

const BLANKS = /\s*/y;
const SYMBOL = /&&|\|\||==|!=|>=|<=|[~><!()]/y;
const QUOTED = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y;
const WORD = /[^\s"'=!~<>&|()]+/y;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' };

/** The tokens of a text, an `end` last. @throws FilterSyntaxError */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = match(BLANKS, text, 0).length;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end + match(BLANKS, text, token.end).length;
  }
  tokens.push({ kind: 'end', at: text.length, end: text.length });
  return tokens;
}

/** A value as it must be written: bare where it can be, else between quotes. */
export function writeValue(value: string): string {
  if (value !== '' && match(WORD, value, 0) === value) return value;
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}

function tokenAt(text: string, at: number): Token {
  const symbol = match(SYMBOL, text, at);
  if (symbol !== '') {
    const end = at + symbol.length;
    const operator = OPERATORS.find((known) => known === symbol);
    return operator === undefined ? { kind: symbol as '&&', at, end } : { kind: 'operator', operator, at, end };
  }
  const quoted = match(QUOTED, text, at);
  if (quoted !== '') return { kind: 'quoted', text: unquote(quoted), at, end: at + quoted.length };
  const word = match(WORD, text, at);
  if (word !== '') return { kind: 'word', text: word, at, end: at + word.length };
  throw new FilterSyntaxError(at, complaintAbout(text.charAt(at)));
}

/** Only what begins no token comes here. */
function complaintAbout(character: string): string {
  if (character === '=') return 'write == to compare; a value with = in it goes between quotes';
  if (character === '&' || character === '|') {
    return `write ${character}${character}; a value with ${character} in it goes between quotes`;
  }
  return `the quote ${character} is never closed`;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Without its quotes; a backslash before any other character stays, as on the wire. */
const unquote = (quoted: string): string =>
  quoted.slice(1, -1).replace(/\\([^])/g, (pair, character: string) => ESCAPES[character] ?? pair);
