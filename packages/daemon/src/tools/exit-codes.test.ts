// Exit codes: each error of the library has the one that scripts were promised.

import { CLIENT_ERRORS, CommunicatorError, type CommunicatorErrorCode } from 'snapcommunicator';
import { expect, it } from 'vitest';
import { EXIT, exitCodeOf, explain, ToolError } from './exit-codes.ts';

const expected: Record<CommunicatorErrorCode, number> = {
  NO_SUCH_SERVICE: 4,
  TIMEOUT: 5,
  EXPIRED: 5,
  REFUSED: 6,
  QUEUE_FULL: 6,
  DISCONNECTED: 3,
  INVALID_MESSAGE: 6,
};

it.each(Object.keys(CLIENT_ERRORS) as CommunicatorErrorCode[])('%s', (code) => {
  expect(exitCodeOf(new CommunicatorError(code, 'text'))).toBe(expected[code]);
});

it("takes a tool's own error at its word, and shows where only for our own faults", () => {
  const error = new ToolError(EXIT.usage, 'wrong');
  expect(exitCodeOf(error)).toBe(2);
  expect(explain(error)).toBe('wrong');
  expect(exitCodeOf(new TypeError('oops'))).toBe(70);
  expect(explain(new TypeError('oops'))).toContain('exit-codes.test.ts');
});
