// Messages as they are typed: what each way of typing means, and the sentence for each way of typing it wrong.

import { decodeText, encodeMessage } from 'snapcommunicator/wire';
import { describe, expect, it } from 'vitest';
import { type CompositionOptions, messageFromArguments, messageFromLine, readCache } from './composition.ts';
import { ToolError } from './exit-codes.ts';

const typed = (args: readonly string[], options: CompositionOptions = {}): string =>
  encodeMessage(messageFromArguments(args, options));

describe('a message on the command line', () => {
  it.each<[string[], CompositionOptions, string]>([
    [['images/PING'], {}, 'images/PING'],
    [['web1:images/PING a=1;b="x;y"'], {}, 'web1:images/PING a=1;b="x;y"'],
    [['images/PING', 'text=hi'], {}, 'images/PING text=hi'],
    [['images/PING', 'text=hello', 'world'], {}, 'images/PING text=hello world'],
    [['<me:forged images/PING'], {}, 'images/PING'],
    [['{"service":"images","command":"PING","parameters":{"n":1}}'], {}, 'images/PING n=1'],
    [['PING'], { service: 'images' }, 'images/PING'],
    [['PING'], { service: 'web1:images' }, 'web1:images/PING'],
    [['PING'], { service: '*' }, '*/PING'],
    [['./PING'], {}, './PING'],
    [['LOG_ROTATE'], {}, 'LOG_ROTATE'],
    [['PING a=1'], { service: 'images', param: ['a=2', 'b=c=d', 'e='] }, 'images/PING a=2;b=c=d;e='],
    [['images/PING'], { param: ['text=a;b "c" \\ \n'] }, 'images/PING text="a;b \\"c\\" \\\\ \\n"'],
    [['images/PING'], { cache: 'no;reply' }, 'images/PING cache="no;reply"'],
  ])('%j with %j is %s', (args, options, line) => {
    expect(typed(args, options)).toBe(line);
  });

  it.each<[string[], CompositionOptions, string]>([
    [[''], {}, 'a message is needed'],
    [['images/ping'], {}, 'BAD_COMMAND'],
    [['a:b:c/PING'], {}, 'not a message'],
    [['images/PING', 'a=1', 'b=2'], {}, "'images/PING a=1;b=2'"],
    [['images/PING a="x'], {}, 'OPEN_QUOTE'],
    [['images/PING'], { service: 'web' }, 'has an address already'],
    [['PING'], { service: 'no such' }, 'BAD_SERVICE'],
    [['PING'], { service: 'a:b:c' }, 'BAD_SERVICE'],
    [['PING'], { param: ['novalue'] }, 'expected name=value'],
    [['PING'], { param: ['1a=x'] }, 'expected name=value'],
    [['PING'], { param: ['a=\0'] }, 'NUL_BYTE'],
    [['PING'], { cache: 'never' }, '"never" is not one of'],
    [['PING'], { cache: 'ttl=2s' }, 'ttl'],
    [['PING'], { param: [`a=${'x'.repeat(1 << 20)}`] }, 'at most 1048576'],
    [['PING a=1\nb'], {}, 'one line'],
  ])('%j with %j is refused', (args, options, reason) => {
    expect(() => typed(args, options)).toThrow(ToolError);
    expect(() => typed(args, options)).toThrow(reason);
  });

  it('has parameters that read back as they were given', () => {
    const values = ['', ' ', 'a;b', '"', '"x', 'x"', '\\', '\\n', '\n', 'ü', 'a=b', 'ends with blank '];
    for (const value of values) {
      const read = decodeText(typed(['PING'], { param: [`v=${value}`] }));
      expect(read).toMatchObject({ kind: 'message', message: { parameters: { v: value } } });
    }
  });
});

describe('a line of input', () => {
  it('may be blank, and is refused when it was too long', () => {
    expect(messageFromLine(Buffer.from('  \r'), {})).toBeUndefined();
    expect(messageFromLine(Buffer.from('images/PING\r'), {})).toMatchObject({ service: 'images', command: 'PING' });
    expect(() => messageFromLine(undefined, {})).toThrow('TOO_LONG');
  });

  it('takes the address and parameters of the options', () => {
    expect(messageFromLine(Buffer.from('PING n=1'), { service: 'images', param: ['x=2'] })).toMatchObject({
      service: 'images',
      parameters: { n: '1', x: '2' },
    });
  });
});

it('reads what --cache says as the library takes it', () => {
  expect(readCache('no;reply')).toEqual({ no: true, reply: true });
  expect(readCache(' durable ; ttl=10m')).toEqual({ durable: true, ttl: '10m' });
});
