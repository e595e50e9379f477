// Takes a password from standard input: from a program as its first line, from a person without showing it, twice.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PASSWORD_BYTES_MAX } from '../../links/passwords.ts';
import { usageError } from '../exit-codes.ts';

export interface PasswordInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
}

/** @throws ToolError for what can be no password */
export async function readPassword(user: string, input: PasswordInput = process.stdin): Promise<string> {
  const ask = input.isTTY === true ? askUnseen : undefined;
  const password = ask === undefined ? await firstLine(input) : await ask(`Password for ${user}: `, input);
  if (password === '')
    throw usageError(`no password came on standard input: echo "$PASSWORD" | snapcom keys password ${user}`);
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX)
    throw usageError(`a password has at most ${PASSWORD_BYTES_MAX} bytes`);
  if (/\p{Cc}/u.test(password)) throw usageError('a password has no control characters');
  if (ask !== undefined && (await ask('The same again: ', input)) !== password)
    throw usageError('the two are not the same');
  return password;
}

async function firstLine(input: PasswordInput): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    text += chunk as string;
    if (text.includes('\n') || text.length > PASSWORD_BYTES_MAX + 2) break;
  }
  return (text.split('\n')[0] as string).replace(/\r$/, '');
}

/** The question goes to standard error; what is typed goes nowhere. */
async function askUnseen(question: string, input: PasswordInput): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
