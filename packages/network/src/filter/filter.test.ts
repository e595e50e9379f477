// The filter language: what matches, what is refused and where, and that all its views of one filter agree.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { predicateOf } from './evaluator.ts';
import { FIELDS, type Field } from './fields.ts';
import { compileFilter, FILTER_LIMITS, type Filter, type FilterHead, type FilterRecord } from './filter.ts';
import { OPERATORS } from './lexer.ts';
import { parse } from './parser.ts';
import { ALL, comparesNumbers, comparison, join, print, type Tree } from './syntax-tree.ts';

function filterOf(text: string): Filter {
  const { filter, error } = compileFilter(text);
  if (error !== undefined) throw new Error(`${text}: ${error.message} at ${error.at}`);
  return filter;
}

const RECORD: FilterRecord = {
  from: 'n1:web',
  to: 'n2:images',
  command: 'RESIZE',
  size: 1500,
  outcome: 'refused',
  reason: 'queue full',
  id: '1f.3.20',
  parameters: { uri: 'http://x/a=b', width: '640', empty: '' },
};

describe('what matches', () => {
  test.each([
    ['', true],
    ['  ', true],
    ['command==RESIZE', true],
    ['command == resize', true],
    ['command!=RESIZE', false],
    ['command~SIZ', true],
    ['command~RE*E', true],
    ['command~SIZ*', false],
    ['from==web', true],
    ['from==n1:web', true],
    ['from==N1:web', true],
    ['from==n2:web', false],
    ['from!=web', false],
    ['from==Web', false],
    ['from~we', true],
    ['from~w*b', true],
    ['from~n*:w*', true],
    ['from~n1', true],
    ['from.server==N1 && from.service==web', true],
    ['to==images', true],
    ['to.server==n2', true],
    ['to.service==web', false],
    ['size>1k', true],
    ['size>1499 && size<=1500', true],
    ['size==1500', true],
    ['size!=1500', false],
    ['size>=1MiB', false],
    ['size<2k', true],
    ['outcome==refused', true],
    ['outcome==refused && reason~full', true],
    ['reason=="queue full"', true],
    ["reason=='queue full'", true],
    ['id==1f.3.20', true],
    ['p.width>600', true],
    ['parameter.width>=640.0', true],
    ['p.width==640', true],
    ['p.width==640.0', false],
    ['p.uri>1', false],
    ['p.uri<1', false],
    ['p.uri=="http://x/a=b"', true],
    ['p.uri~"*://*=b"', true],
    ['p.none==x', false],
    ['p.none!=x', true],
    ['p.none~""', false],
    ['p.none', false],
    ['!p.none', true],
    ['p.empty', false],
    ['p.empty==""', true],
    ['p.uri', true],
    ['p.constructor', false],
    ['p.__proto__', false],
    ['reason', true],
    ['from && !to', false],
    ['command==PING || size>1k && from==web', true],
    ['(command==PING || size>1k) && from==db', false],
    ['!(command==PING || from==db)', true],
    ['!command==PING', true],
    ['!!command==PING', false],
    ['from~web&&command==RESIZE||p.none', true],
  ])('%s', (text, isMatch) => {
    const filter = filterOf(text);
    expect(filter.matches(RECORD)).toBe(isMatch);
    expect(filterOf(filter.text).matches(RECORD)).toBe(isMatch);
  });

  test.each([
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abc', true],
    ['a*bc*c', 'abc', false],
    ['abc*bc', 'abc', false],
    ['*b*', 'abc', true],
    ['*', '', true],
    ['**b**c', 'abc', true],
    ['a*b*b*c', 'abc', false],
    ['*ab*ba*', 'aba', false],
    ['*bc*c', 'abcc', true],
  ])('reason~%s on %j', (pattern, reason, isMatch) => {
    expect(filterOf(`reason~"${pattern}"`).matches({ ...RECORD, reason })).toBe(isMatch);
  });

  test('records with little in them', () => {
    const bare: FilterRecord = { from: '', to: '', command: 'X', size: 2 };
    expect(filterOf('from || to || outcome || reason || id || p.a').matches(bare)).toBe(false);
    expect(filterOf('from==web').matches({ ...bare, from: ':web' })).toBe(true);
    expect(filterOf('from==web').matches({ ...bare, from: 'web' })).toBe(true);
    expect(filterOf('to.service==*').matches({ ...bare, to: '*' })).toBe(true);
  });

  test('a pattern full of stars costs no more than the text is long', () => {
    const reason = 'a'.repeat(1 << 20);
    const matcher = filterOf(`reason~"${'a*'.repeat(120)}b*a"`);
    expect(matcher.matches({ ...RECORD, reason })).toBe(false);
    expect(filterOf(`reason~"${'*a'.repeat(120)}*b*"`).matches({ ...RECORD, reason })).toBe(false);
  });
});

describe('what is refused', () => {
  test.each([
    ['form~web', 0, '"form" is not a field; did you mean from? Fields: command, from, '],
    ['command==PING && siez>1', 17, 'did you mean size?'],
    ['source==web', 0, 'did you mean from?'],
    ['param.x==1', 0, 'did you mean parameter.x?'],
    ['COMMAND==PING', 0, 'did you mean command?'],
    ['zzzzzz==1', 0, '"zzzzzz" is not a field. Fields'],
    ['constructor==1', 0, 'is not a field'],
    ['p.9==1', 0, 'is not a field'],
    ['command=PING', 7, 'write == to compare'],
    ['command==PING & size>1', 14, 'write &&'],
    ['command==PING | size>1', 14, 'write ||'],
    ['reason=="never', 8, 'the quote " is never closed'],
    ["reason=='never", 8, "the quote ' is never closed"],
    ['from web', 5, 'expected one of == != ~ after from; found "web"'],
    ['size', 4, 'expected one of == != > >= < <= after size; the filter ends here'],
    ['command==', 9, 'expected a value after ==; the filter ends here'],
    ['command== && size>1', 10, 'expected a value after ==; found &&'],
    ['command==PING size>1', 14, 'expected && or ||; found "size"'],
    ['command==PING)', 13, 'expected && or ||; found )'],
    ['(command==PING', 14, 'the ) that closes the ( at character 1'],
    ['()', 1, 'expected a field, ! or (; found )'],
    ['"command"==PING', 0, 'expected a field, ! or (; found "command"'],
    ['&& from', 0, 'expected a field'],
    ['from &&', 7, 'the filter ends here'],
    ['!', 1, 'expected a field'],
    ['from > 3', 5, 'from cannot be compared by >, but by == != ~'],
    ['size ~ 3', 5, 'size cannot be compared by ~'],
    ['size>big', 5, 'expected a size such as 64KiB'],
    ['p.x>big', 4, 'expected a number; found "big"'],
    ['p.x>1e999', 4, 'expected a number'],
    [`${'('.repeat(33)}from${')'.repeat(33)}`, 33, 'at most 32 parentheses'],
    [`${'!'.repeat(40)}from`, 33, 'at most 32 parentheses'],
    [Array.from({ length: 101 }, () => 'from').join('||'), 600, 'at most 100 comparisons'],
    [`reason~${'a'.repeat(257)}`, 7, 'a value has at most 256 characters'],
    [' '.repeat(4097), 4096, 'at most 4096 characters'],
  ])('%s', (text, at, message) => {
    const { error } = compileFilter(text);
    expect(error?.message).toContain(message);
    expect(error?.at).toBe(at);
  });

  test('nesting at its limit is taken', () => {
    expect(filterOf(`${'('.repeat(32)}from${')'.repeat(32)}`).text).toBe('from');
  });
});

test.each([
  ['command == ping&&(size>1k)', 'command==PING && size>1024'],
  ['((from==a||to==b))&&id', '(from==a || to==b) && id'],
  ['from==a&&(to==b&&id)||(id||reason)', 'from==a && to==b && id || id || reason'],
  ["!(from=='x y')", '!from=="x y"'],
  ['!(from&&to)', '!(from && to)'],
  ['p.a~"q\\"\\\\\\n"', 'parameter.a~"q\\"\\\\\\n"'],
  ['from==N1:Web', 'from==n1:Web'],
  ['from==""', 'from==""'],
])('%s is written %s', (text, canonical) => {
  expect(filterOf(text).text).toBe(canonical);
  expect(filterOf(canonical).text).toBe(canonical);
});

test.each([
  ['command==PING', 'no', false],
  ['command==RESIZE', 'yes', false],
  ['command==RESIZE && size>1', 'maybe', false],
  ['command==PING && size>1', 'no', false],
  ['command==RESIZE || p.a==1', 'yes', true],
  ['!p.a', 'maybe', true],
  ['!(command==PING && p.a)', 'yes', true],
  ['outcome', 'maybe', false],
  ['', 'yes', false],
])('%s with the head alone: %s', (text, verdict, needsParameters) => {
  const filter = filterOf(text);
  expect([filter.mayMatchHead(RECORD), filter.needsParameters]).toEqual([verdict, needsParameters]);
});

const name = fc.constantFrom('web', 'n1', 'images', 'a', '', 'PING', '*');
const address = fc.oneof(
  name,
  fc.tuple(name, name).map(([server, service]) => `${server}:${service}`),
);
const head: fc.Arbitrary<FilterHead> = fc.record({
  from: address,
  to: address,
  command: fc.constantFrom('PING', 'A', 'X'),
});
const record: fc.Arbitrary<FilterRecord> = fc
  .tuple(
    head,
    fc.record({
      size: fc.nat(4),
      outcome: name,
      reason: name,
      id: name,
      parameters: fc.dictionary(fc.constantFrom('a', 'b'), name),
    }),
  )
  .map(([known, rest]) => ({ ...known, ...rest }));

const fields: Field[] = [...(Object.keys(FIELDS) as Field[]), 'parameter.a', 'parameter.__proto__'];
const leaf: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.constantFrom(...fields),
    fc.constantFrom(...OPERATORS, 'present' as const),
    fc.oneof(address, fc.string(), fc.string({ unit: 'grapheme' })),
    fc.nat(4),
  )
  .map(([field, operator, text, number]): Tree => {
    if (operator === 'present') return field === 'size' ? comparison(field, '>', number) : { kind: 'present', field };
    const isNumeric = comparesNumbers(field, operator);
    if (isNumeric === undefined) return comparison(field, '==', field === 'size' ? number : text);
    return comparison(field, operator, isNumeric ? number : text);
  });
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    leaf,
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
      .map(([kind, items]) => join(kind, items)),
    tie('tree').map((item): Tree => ({ kind: 'not', item })),
  ),
}));
const LIMITS = { lengthMax: 1e6, nestingMax: 1000, comparisonsMax: 1e6, valueLengthMax: 1e6 };

describe('for any filter', () => {
  test('reading what was written gives the same tree', () => {
    expect(parse(print(ALL), LIMITS)).toEqual(ALL);
    fc.assert(
      fc.property(tree, (any) => {
        expect(parse(print(any), LIMITS)).toEqual(any);
      }),
      { numRuns: 1000 },
    );
  });

  test('numbers of parameters are written so that they are read again', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const any = comparison('parameter.a', '<', number + 0);
        expect(parse(print(any), LIMITS)).toEqual(any);
      }),
    );
  });

  test('what the head decides holds for every message with that head', () => {
    const seen = { yes: 0, no: 0, maybe: 0 };
    fc.assert(
      fc.property(tree, record, (any, message) => {
        const filter = compileFilter(print(any), LIMITS).filter as Filter;
        const verdict = filter.mayMatchHead(message);
        const isMatch = predicateOf(any)(message);
        expect(filter.matches(message)).toBe(isMatch);
        if (verdict !== 'maybe') expect(isMatch).toBe(verdict === 'yes');
        seen[verdict]++;
      }),
      { numRuns: 2000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
  });

  test('any text at all is a filter or an error within it', () => {
    const piece = fc.oneof(
      fc.constantFrom('from', 'size', '==', '>', '&&', '||', '!', '(', ')', '"', ' ', '1k', 'p.a'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const { filter, error } = compileFilter(text, FILTER_LIMITS);
        if (error === undefined) expect(compileFilter(filter.text).filter?.text).toBe(filter.text);
        else expect(error.at >= 0 && error.at <= text.length && error.message.length < 400).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
