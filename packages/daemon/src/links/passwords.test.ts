// Passwords there and back, files of them, and what is not taken.

import { describe, expect, test } from 'vitest';
import { hashPassword, isPasswordHash, Passwords, verifyPassword } from './passwords.ts';

test('a password is that of its hash, and no other one is', async () => {
  const hash = await hashPassword('übung macht; den "meister"');
  expect(hash).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword('übung macht; den "meister"', hash)).toBe(true);
  expect(await verifyPassword('u\u0308bung macht; den "meister"', hash)).toBe(true);
  expect(await verifyPassword('übung macht; den "Meister"', hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('two hashes of one password differ', async () => {
  expect(await hashPassword('x')).not.toBe(await hashPassword('x'));
});

test.each(['', 'x'.repeat(1025)])('%#: a password that none should have', async (password) => {
  await expect(hashPassword(password)).rejects.toThrow(RangeError);
});

test.each([
  '',
  'plain',
  'scrypt$1000000$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'scrypt$32767$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'scrypt$32768$8$99$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
])('%j is no hash', async (text) => {
  expect(isPasswordHash(text)).toBe(false);
  expect(await verifyPassword('x', text)).toBe(false);
});

describe('a file', () => {
  test('of log-ins, with remarks', async () => {
    const passwords = new Passwords();
    const bad = passwords.load(`# who\n\nanna:${await hashPassword('a')}\r\nbert:${await hashPassword('b')}\n`);
    expect(bad).toEqual([]);
    expect(await Promise.all(['a', 'b', ''].map((password) => passwords.check('anna', password)))).toEqual([
      true,
      false,
      false,
    ]);
    expect(await passwords.check('bert', 'b')).toBe(true);
    expect(await passwords.check('carl', 'b')).toBe(false);
  });

  test('with bad lines: they are named, the others hold', async () => {
    const passwords = new Passwords();
    const bad = passwords.load(`anna:secret\nno colon\nbert:${await hashPassword('b')}\n:x`);
    expect(bad.map(({ line }) => line)).toEqual([1, 2, 4]);
    expect(await passwords.check('bert', 'b')).toBe(true);
    expect(await passwords.check('anna', 'secret')).toBe(false);
  });

  test('read again forgets who is no longer in it', async () => {
    const passwords = new Passwords();
    passwords.load(`anna:${await hashPassword('a')}`);
    passwords.load('');
    expect(passwords.isEmpty).toBe(true);
    expect(await passwords.check('anna', 'a')).toBe(false);
  });
});
