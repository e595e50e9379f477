// Tokens to a tree: `||` binds least, then `&&`, then `!`; and what is wrong is said where it is wrong.

import { size } from 'snapcommunicator/contract';
import { FIELD_LIST, type Field, fieldOf, ruleOf, suggestionFor } from './fields.ts';
import { FilterSyntaxError, OPERATORS, type Operator, type Token, tokenize } from './lexer.ts';
import { ALL, comparesNumbers, comparison, join, type Tree } from './syntax-tree.ts';

export interface FilterLimits {
  /** Characters of the text. */
  readonly lengthMax: number;
  /** Parentheses and `!` inside each other. */
  readonly nestingMax: number;
  readonly comparisonsMax: number;
  /** Characters of a value that is compared with; it bounds what looking for it in a long text can cost. */
  readonly valueLengthMax: number;
}

const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const SIZE = size();

/** @throws FilterSyntaxError */
export function parse(text: string, limits: FilterLimits): Tree {
  if (text.length > limits.lengthMax) {
    throw new FilterSyntaxError(limits.lengthMax, `a filter has at most ${limits.lengthMax} characters`);
  }
  return new Parser(tokenize(text), limits).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #limits: FilterLimits;
  #index = 0;
  #comparisons = 0;

  constructor(tokens: readonly Token[], limits: FilterLimits) {
    this.#tokens = tokens;
    this.#limits = limits;
  }

  parse(): Tree {
    if (this.#take('end')) return ALL;
    const tree = this.#alternatives(0);
    if (!this.#take('end')) throw this.#unexpected('&& or ||');
    return tree;
  }

  get #token(): Token {
    return this.#tokens[this.#index] as Token;
  }

  #take(kind: Token['kind']): boolean {
    const isTaken = this.#token.kind === kind;
    if (isTaken) this.#index++;
    return isTaken;
  }

  #alternatives(depth: number): Tree {
    const items = [this.#conjunction(depth)];
    while (this.#take('||')) items.push(this.#conjunction(depth));
    return join('or', items);
  }

  #conjunction(depth: number): Tree {
    const items = [this.#operand(depth)];
    while (this.#take('&&')) items.push(this.#operand(depth));
    return join('and', items);
  }

  #operand(depth: number): Tree {
    const { at } = this.#token;
    if (depth > this.#limits.nestingMax) {
      throw new FilterSyntaxError(at, `at most ${this.#limits.nestingMax} parentheses and ! inside each other`);
    }
    if (this.#take('!')) return { kind: 'not', item: this.#operand(depth + 1) };
    if (!this.#take('(')) return this.#comparison();
    const tree = this.#alternatives(depth + 1);
    if (!this.#take(')')) throw this.#unexpected(`&&, || or the ) that closes the ( at character ${at + 1}`);
    return tree;
  }

  #comparison(): Tree {
    const token = this.#token;
    if (token.kind !== 'word') throw this.#unexpected('a field, ! or (');
    const field = fieldOf(token.text);
    if (field === undefined) throw unknownField(token.at, token.text);
    if (++this.#comparisons > this.#limits.comparisonsMax) {
      throw new FilterSyntaxError(token.at, `a filter has at most ${this.#limits.comparisonsMax} comparisons`);
    }
    this.#index++;
    const next = this.#token;
    if (next.kind !== 'operator') {
      const isAlone = ruleOf(field).kind !== 'size' && next.kind !== 'word' && next.kind !== 'quoted';
      if (isAlone) return { kind: 'present', field };
      throw this.#unexpected(`one of ${operatorsOf(field).join(' ')} after ${token.text}`);
    }
    this.#index++;
    const isNumeric = comparesNumbers(field, next.operator);
    if (isNumeric === undefined) {
      const fitting = operatorsOf(field).join(' ');
      throw new FilterSyntaxError(next.at, `${token.text} cannot be compared by ${next.operator}, but by ${fitting}`);
    }
    const value = this.#token;
    if (value.kind !== 'word' && value.kind !== 'quoted') throw this.#unexpected(`a value after ${next.operator}`);
    if (value.text.length > this.#limits.valueLengthMax) {
      throw new FilterSyntaxError(value.at, `a value has at most ${this.#limits.valueLengthMax} characters`);
    }
    this.#index++;
    return comparison(field, next.operator, isNumeric ? numberOf(field, value.text, value.at) : value.text);
  }

  #unexpected(expected: string): FilterSyntaxError {
    const token = this.#token;
    const found = token.kind === 'end' ? 'the filter ends here' : `found ${nameOf(token)}`;
    return new FilterSyntaxError(token.at, `expected ${expected}; ${found}`);
  }
}

/** The operators that a field can be compared by. */
export const operatorsOf = (field: Field): Operator[] =>
  OPERATORS.filter((operator) => comparesNumbers(field, operator) !== undefined);

function numberOf(field: Field, text: string, at: number): number {
  if (ruleOf(field).kind === 'size') {
    const reading = SIZE.read(text);
    if ('value' in reading) return reading.value;
    throw new FilterSyntaxError(at, `expected ${reading.expected}; found ${quote(text)}`);
  }
  // Adding 0 turns -0 into 0.
  const value = Number(text) + 0;
  if (NUMBER.test(text) && Number.isFinite(value)) return value;
  throw new FilterSyntaxError(at, `expected a number; found ${quote(text)}`);
}

function unknownField(at: number, name: string): FilterSyntaxError {
  const suggestion = suggestionFor(name);
  const guess = suggestion === undefined ? '.' : `; did you mean ${suggestion}?`;
  return new FilterSyntaxError(at, `${quote(name)} is not a field${guess} Fields: ${FIELD_LIST}`);
}

function nameOf(token: Token): string {
  if (token.kind === 'operator') return token.operator;
  return token.kind === 'word' || token.kind === 'quoted' ? quote(token.text) : token.kind;
}

const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
