// Parameters of recorded messages: how many are kept, and which are never shown.

import { expect, it } from 'vitest';
import { Payloads } from './payloads.ts';
import { Redaction } from './redaction.ts';

const line = (text: string): Buffer => Buffer.from(`${text}\n`);

it('keeps the newest, within its size', () => {
  const payloads = new Payloads(1000, new Redaction([]));
  for (let number = 0; number < 10; number++) payloads.keep(number, line(`db/PUT n=${number}`));
  const kept = Array.from({ length: 10 }, (_, number) => payloads.parametersOf(number)?.['n']);
  expect(kept.slice(-5)).toEqual(['5', '6', '7', '8', '9']);
  expect(kept.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  payloads.keep(10, line(`db/PUT n=${'x'.repeat(2000)}`));
  expect([payloads.parametersOf(10), payloads.parametersOf(9)]).toEqual([undefined, { n: '9' }]);
  expect(new Payloads(0, new Redaction([])).isOn).toBe(false);
});

it('never shows what is secret', () => {
  const payloads = new Payloads(1000, new Redaction(['pin']));
  payloads.keep(1, line('db/LOGIN password=a:b;pin=12;user=c;secret_code=d'));
  expect(payloads.parametersOf(1)).toEqual({ password: '***', pin: '***', user: 'c', secret_code: '***' });
  const redaction = new Redaction(['pin']);
  expect(redaction.line(Buffer.from('<a:b db/LOGIN pin=12;user=c'))).toBe('<a:b db/LOGIN pin=***;user=c');
  expect(redaction.line(Buffer.from('<a:b db/LOGIN pin='))).not.toContain('12');
  expect(redaction.line(Buffer.from('<a:b db/PING n=1'))).toBe('<a:b db/PING n=1');
});
