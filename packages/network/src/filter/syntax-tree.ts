// A filter as a tree: how its parts are made, so that one meaning has one form, and how it is written.

import { type Field, ruleOf } from './fields.ts';
import { type Operator, writeValue } from './lexer.ts';

export type Tree =
  /** The empty filter. */
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Tree[] }
  | { readonly kind: 'not'; readonly item: Tree }
  /** The field is there and not empty. */
  | { readonly kind: 'present'; readonly field: Field }
  | {
      readonly kind: 'comparison';
      readonly field: Field;
      readonly operator: Operator;
      readonly value: string | number;
    };

export const ALL: Tree = Object.freeze({ kind: 'all' });

/** Several trees joined; one alone is itself, and what is joined the same way becomes part of it. */
export function join(kind: 'and' | 'or', items: readonly Tree[]): Tree {
  const flat = items.flatMap((item) => (item.kind === kind ? item.items : [item]));
  return flat.length === 1 ? (flat[0] as Tree) : { kind, items: flat };
}

/** A comparison, its value in the form in which such things are on the wire: commands upper case, servers lower. */
export function comparison(field: Field, operator: Operator, value: string | number): Tree {
  return { kind: 'comparison', field, operator, value: typeof value === 'string' ? canonical(field, value) : value };
}

/** Whether an operator makes sense with a field, and if it compares numbers. */
export function comparesNumbers(field: Field, operator: Operator): boolean | undefined {
  const isOrder = operator !== '==' && operator !== '!=' && operator !== '~';
  const { kind } = ruleOf(field);
  if (kind === 'size') return operator === '~' ? undefined : true;
  if (kind === 'text') return isOrder ? undefined : false;
  return isOrder;
}

/** The one text of a tree; reading it gives the same tree. */
export function print(tree: Tree): string {
  switch (tree.kind) {
    case 'all':
      return '';
    case 'and':
      return tree.items.map((item) => (item.kind === 'or' ? `(${print(item)})` : print(item))).join(' && ');
    case 'or':
      return tree.items.map(print).join(' || ');
    case 'not':
      return tree.item.kind === 'and' || tree.item.kind === 'or' ? `!(${print(tree.item)})` : `!${print(tree.item)}`;
    case 'present':
      return tree.field;
    case 'comparison':
      return `${tree.field}${tree.operator}${writeValue(String(tree.value))}`;
  }
}

/** Every field that a tree asks about. */
export function* fieldsOf(tree: Tree): Generator<Field> {
  if (tree.kind === 'and' || tree.kind === 'or') for (const item of tree.items) yield* fieldsOf(item);
  else if (tree.kind === 'not') yield* fieldsOf(tree.item);
  else if (tree.kind === 'present' || tree.kind === 'comparison') yield tree.field;
}

function canonical(field: Field, value: string): string {
  if (field === 'command') return value.toUpperCase();
  if (field === 'from.server' || field === 'to.server') return value.toLowerCase();
  if (field !== 'from' && field !== 'to') return value;
  const colon = value.indexOf(':');
  return colon === -1 ? value : value.slice(0, colon).toLowerCase() + value.slice(colon);
}
