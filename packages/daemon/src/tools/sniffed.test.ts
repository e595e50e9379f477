// Sniffed messages: from the daemon's word to a line of a file and back, and what is no such line.

import { describe, expect, it } from 'vitest';
import { Output } from './output.ts';
import { formatSniffed, readSniffed, sniffedOf } from './sniffed.ts';

const said = {
  time: 1_795_365_326.37,
  from: 'alpha:web',
  to: 'alpha:images',
  command: 'RESIZE',
  size: 61,
  outcome: 'refused',
  reason: 'absent',
  id: '216166c93dcde4ed.1795365107.0.297',
  line: '<alpha:web images/RESIZE note="a;b";uri=/x\\ny',
};

describe('a sniffed message', () => {
  it('goes through a file unchanged', () => {
    const sniffed = sniffedOf(said);
    expect(sniffed.parameters).toEqual({ note: 'a;b', uri: '/x\ny' });
    expect(readSniffed(JSON.stringify(sniffed))).toEqual(sniffed);
  });

  it('has no parameters when only headers were asked for, or they were malformed', () => {
    expect(sniffedOf({ ...said, line: undefined })).not.toHaveProperty('parameters');
    expect(sniffedOf({ ...said, line: 'images/RESIZE a="' })).not.toHaveProperty('parameters');
  });

  it.each(['', '{', '7', 'null', '[]', '{}', '{"time":1,"size":1,"from":"","to":"","command":1,"outcome":""}'])(
    'is not %j',
    (text) => {
      expect(readSniffed(text)).toBeUndefined();
    },
  );

  it('is not one with parameters that are no texts', () => {
    expect(readSniffed(JSON.stringify({ ...sniffedOf(said), parameters: { a: 1 } }))).toBeUndefined();
  });

  it('is one line for people, in which nothing can move the cursor', () => {
    const output = new Output({ out: { write: () => undefined }, err: { write: () => undefined }, environment: {} });
    const line = formatSniffed(sniffedOf({ ...said, line: 'images/RESIZE a=\u001b[2J' }), output);
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d\.370 {2}alpha:web → alpha:images {2}RESIZE {2}61 B {2}refused \(absent\) {2}a=\\x1b\[2J$/,
    );
  });
});
