// A tree to functions: one for a whole record, and one for a head alone, which may leave the question open.

import type { Parameters } from 'snapcommunicator/wire';
import { type Field, isParameter, type PlainField, parameterName, ruleOf } from './fields.ts';
import type { Operator } from './lexer.ts';
import type { Tree } from './syntax-tree.ts';

/** What the switch knows of a message without looking beyond its head. */
export interface FilterHead {
  /** `server:service` as stamped; either part may be empty, and without a `:` it is the service. */
  readonly from: string;
  /** The address as it was written, without the `/`: `service`, `server:service`, a broadcast mark, or empty. */
  readonly to: string;
  readonly command: string;
}

/** A message as the recorder has it. What is absent is taken for empty. */
export interface FilterRecord extends FilterHead {
  /** Bytes of the line with its LF. */
  readonly size: number;
  readonly outcome?: string | undefined;
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
  /** Needed only by a filter whose `needsParameters` is true. */
  readonly parameters?: Parameters | undefined;
}

export type Predicate<T> = (subject: T) => boolean;

/** No, maybe, yes: `and` is the least of its items, `or` the greatest, `not` the opposite. */
type Verdict = -1 | 0 | 1;
type Judge = (head: FilterHead) => Verdict;

/** Whether a record matches. */
export function predicateOf(tree: Tree): Predicate<FilterRecord> {
  switch (tree.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const items = tree.items.map(predicateOf);
      return (record) => items.every((item) => item(record));
    }
    case 'or': {
      const items = tree.items.map(predicateOf);
      return (record) => items.some((item) => item(record));
    }
    case 'not': {
      const item = predicateOf(tree.item);
      return (record) => !item(record);
    }
    case 'present': {
      const read = readerOf(tree.field);
      return (record) => (read(record) ?? '') !== '';
    }
    case 'comparison':
      return comparisonOf(tree.field, tree.operator, tree.value);
  }
}

/** What the head alone says. */
export function judgeOf(tree: Tree): Judge {
  switch (tree.kind) {
    case 'all':
      return () => 1;
    case 'and': {
      const items = tree.items.map(judgeOf);
      return (head) => items.reduce<Verdict>((least, item) => Math.min(least, item(head)) as Verdict, 1);
    }
    case 'or': {
      const items = tree.items.map(judgeOf);
      return (head) => items.reduce<Verdict>((greatest, item) => Math.max(greatest, item(head)) as Verdict, -1);
    }
    case 'not': {
      const item = judgeOf(tree.item);
      return (head) => (0 - item(head)) as Verdict;
    }
    case 'present':
    case 'comparison': {
      if (!ruleOf(tree.field).isInHead) return () => 0;
      const predicate = predicateOf(tree);
      return (head) => (predicate({ ...head, size: 0 }) ? 1 : -1);
    }
  }
}

function comparisonOf(field: Field, operator: Operator, value: string | number): Predicate<FilterRecord> {
  if (typeof value === 'number') {
    const compare = ORDERS[operator];
    if (field === 'size') return (record) => compare(record.size, value);
    const read = readerOf(field);
    return (record) => {
      const number = numberIn(read(record));
      return number !== undefined && compare(number, value);
    };
  }
  const test = operator === '~' ? patternOf(value) : (text: string) => text === value;
  const matches = textTest(field, operator, value, test);
  return operator === '!=' ? (record) => !matches(record) : matches;
}

/** A sender or an address compared with a value that names no server is compared by its service. */
function textTest(field: Field, operator: Operator, value: string, test: Predicate<string>): Predicate<FilterRecord> {
  const read = readerOf(field);
  if ((field !== 'from' && field !== 'to') || value.includes(':')) {
    return (record) => {
      const text = read(record);
      return text !== undefined && test(text);
    };
  }
  if (operator !== '~') return (record) => test(serviceIn(record[field]));
  return (record) => test(record[field]) || test(serviceIn(record[field]));
}

const ORDERS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '~': () => false,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};

type Reader = (record: FilterRecord) => string | undefined;

const READERS: Readonly<Record<PlainField, Reader>> = {
  command: (record) => record.command,
  from: (record) => record.from,
  'from.server': (record) => serverIn(record.from),
  'from.service': (record) => serviceIn(record.from),
  to: (record) => record.to,
  'to.server': (record) => serverIn(record.to),
  'to.service': (record) => serviceIn(record.to),
  size: (record) => String(record.size),
  outcome: (record) => record.outcome ?? '',
  reason: (record) => record.reason ?? '',
  id: (record) => record.id ?? '',
};

/** Reads a field; undefined only for a parameter that is absent. */
function readerOf(field: Field): Reader {
  if (!isParameter(field)) return READERS[field];
  const name = parameterName(field);
  return ({ parameters }) =>
    parameters !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

const serverIn = (address: string): string => address.slice(0, Math.max(address.indexOf(':'), 0));
const serviceIn = (address: string): string => address.slice(address.indexOf(':') + 1);

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * Without a `*` the value is somewhere in the text; with one, the whole text is what stands between the stars, in
 * order. Each piece is looked for once, from where the one before ended, so the cost grows with the text alone.
 */
function patternOf(value: string): Predicate<string> {
  if (!value.includes('*')) return (text) => text.includes(value);
  const pieces = value.split('*');
  const head = pieces[0] as string;
  const tail = pieces.at(-1) as string;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= text.length - tail.length;
  };
}
