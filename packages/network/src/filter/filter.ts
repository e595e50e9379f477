// The language in which `sniff` and the console say which messages they want: `command==PING && size>1000`.

import { type FilterHead, type FilterRecord, judgeOf, predicateOf } from './evaluator.ts';
import { isParameter } from './fields.ts';
import { FilterSyntaxError } from './lexer.ts';
import { type FilterLimits, parse } from './parser.ts';
import { fieldsOf, print } from './syntax-tree.ts';

export { type Completion, type Completions, completions, type KnownValues } from './completion.ts';
export type { FilterHead, FilterRecord } from './evaluator.ts';
export { FIELDS, type Field } from './fields.ts';
export type { FilterLimits } from './parser.ts';

export const FILTER_LIMITS: FilterLimits = Object.freeze({
  lengthMax: 4096,
  nestingMax: 32,
  comparisonsMax: 100,
  valueLengthMax: 256,
});

/** A filter that was read. Immutable; may be asked any number of times. */
export interface Filter {
  /** The filter in its one form; empty if it lets everything through. */
  readonly text: string;
  /** Whether records must carry their parameters. */
  readonly needsParameters: boolean;
  matches(record: FilterRecord): boolean;
  /**
   * What is certain from the head alone: `no` message with this head matches, all do (`yes`), or each must be looked
   * at. It agrees with `matches`.
   */
  mayMatchHead(head: FilterHead): 'yes' | 'no' | 'maybe';
}

export interface FilterError {
  /** Where in the text, counted from 0; may be at its end. */
  readonly at: number;
  /** What was expected, and what was found. */
  readonly message: string;
}

/** Reads a filter. An empty text gives one that lets everything through. */
export function compileFilter(
  text: string,
  limits: FilterLimits = FILTER_LIMITS,
):
  | { readonly filter: Filter; readonly error?: undefined }
  | { readonly error: FilterError; readonly filter?: undefined } {
  try {
    const tree = parse(text, limits);
    const judge = judgeOf(tree);
    const filter = {
      text: print(tree),
      needsParameters: [...fieldsOf(tree)].some(isParameter),
      matches: predicateOf(tree),
      mayMatchHead: (head: FilterHead) => VERDICTS[(judge(head) + 1) as 0 | 1 | 2],
    };
    return { filter };
  } catch (error) {
    if (error instanceof FilterSyntaxError) return { error: { at: error.at, message: error.message } };
    throw error;
  }
}

const VERDICTS = ['no', 'maybe', 'yes'] as const;
