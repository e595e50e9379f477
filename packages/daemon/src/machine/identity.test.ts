// The identity across restarts, and the lock on the data path.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatMessageId, loadIdentity, lockDataPath } from './identity.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'identity-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('identity', () => {
  it('keeps its node and grows with each start', () => {
    const first = loadIdentity(directory, 'alpha', 1000);
    const second = loadIdentity(directory, 'alpha', 900);
    const third = loadIdentity(directory, 'alpha', 5000);
    expect(first.node).toMatch(/^[0-9a-f]{16}$/);
    expect([second.node, third.node]).toEqual([first.node, first.node]);
    expect([first.incarnation, second.incarnation, third.incarnation]).toEqual([1000, 1001, 5000]);
    expect(formatMessageId(third, 7)).toBe(`${first.node}.5000.0.7`);
  });

  it.each(['', '{', '{"node":"x","incarnation":1}', '{"node":"0123456789abcdef"}', '[]', 'null'])(
    'begins anew when %j is stored',
    (text) => {
      writeFileSync(join(directory, 'identity.json'), text);
      expect(loadIdentity(directory, 'alpha', 10).incarnation).toBe(10);
    },
  );

  it('says which directory cannot be written', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => loadIdentity(join(directory, 'file', 'data'), 'alpha', 1)).toThrow(
      `the data path ${directory}/file/data cannot be written`,
    );
  });
});

describe('lock', () => {
  it('is given back', () => {
    lockDataPath(directory)();
    lockDataPath(directory)();
  });

  it.each(['', 'junk', '99999999'])('is taken over when it says %j', (text) => {
    writeFileSync(join(directory, 'lock'), text);
    lockDataPath(directory);
    expect(Number(readFileSync(join(directory, 'lock'), 'utf8'))).toBe(process.pid);
  });
});
