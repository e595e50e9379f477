// Output: what is data and what is talk, colour only where it is seen, nothing that others wrote can harm a terminal.

import { describe, expect, it } from 'vitest';
import { Output, printable } from './output.ts';

class Memory {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

function outputOn(isTTY: boolean, environment: Record<string, string> = {}) {
  const out = new Memory(isTTY);
  const err = new Memory(isTTY);
  return { out, err, output: new Output({ out, err, environment }) };
}

describe('Output', () => {
  it('keeps data and talk apart', () => {
    const { out, err, output } = outputOn(false);
    output.line('data');
    output.json({ a: [1, 'x'] });
    output.say('talk');
    expect(out.text).toBe('data\n{"a":[1,"x"]}\n');
    expect(err.text).toBe('snapcom: talk\n');
  });

  it.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
  ])('on a terminal %j with %j paints: %j', (isTTY, environment, isPainted) => {
    const { output } = outputOn(isTTY, environment as Record<string, string>);
    expect(output.paint('red', 'x')).toBe(isPainted ? '\u001b[31mx\u001b[0m' : 'x');
  });

  it('lines up a table and leaves no blanks at the ends of lines', () => {
    const { out, output } = outputOn(false);
    const columns = [{ title: 'NAME' }, { title: 'COUNT', align: 'right' as const }, { title: 'LAST' }];
    output.table(columns, [
      ['images', '7', { text: 'up', style: 'green' }],
      ['a', '12345', ''],
    ]);
    expect(out.text).toBe('NAME    COUNT  LAST\nimages      7  up\na       12345\n');
  });

  it('shows control characters of others on a terminal and leaves them to programs', () => {
    const line = 'a\u001b]0;title\u0007b\u009b31m';
    const terminal = outputOn(true);
    terminal.output.foreignLine(line);
    expect(terminal.out.text).toBe('a\\x1b]0;title\\x07b\\x9b31m\n');
    const program = outputOn(false);
    program.output.foreignLine(line);
    expect(program.out.text).toBe(`${line}\n`);
    expect(printable('grün → 日本')).toBe('grün → 日本');
  });
});
