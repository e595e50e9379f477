// Tests of the real machine behind the options: files as they lie on a disk.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfiguration } from './configuration.ts';
import { groupId, openFilesMax, thisMachine } from './machine.ts';

const machine = thisMachine();
const { files } = machine;
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'options-'));
  mkdirSync(join(directory, 'communicatord.d'));
  writeFileSync(join(directory, 'main.conf'), 'server_name=disk\nsignal_secret=x\n');
  writeFileSync(join(directory, 'communicatord.d/10-a.conf'), 'server_name=ten\n');
  writeFileSync(join(directory, 'long.conf'), '');
  truncateSync(join(directory, 'long.conf'), 2 ** 20 + 1);
  chmodSync(join(directory, 'main.conf'), 0o600);
});
afterAll(() => rmSync(directory, { recursive: true }));

test('reads files with their mode, and says why it could not', () => {
  expect(files.read(join(directory, 'main.conf'))).toEqual({
    text: 'server_name=disk\nsignal_secret=x\n',
    mode: 0o600,
  });
  expect(files.read(join(directory, 'nothing'))).toBeUndefined();
  expect(files.read(join(directory, 'main.conf/nothing'))).toBeUndefined();
  expect(files.read(directory)).toEqual({ problem: 'is not a regular file' });
  expect(files.read(join(directory, 'long.conf'))).toEqual({ problem: 'is longer than 1048576 bytes' });
  expect(files.read('\0')).toEqual({ problem: expect.any(String) });
});

test('lists directories, and knows what may be written', () => {
  expect(files.list(join(directory, 'communicatord.d'))).toEqual(['10-a.conf']);
  expect(files.list(join(directory, 'nothing'))).toEqual([]);
  expect([directory, join(directory, 'main.conf'), '\0'].map(files.isDirectory)).toEqual([true, false, false]);
  expect([directory, join(directory, 'nothing'), '\0'].map(files.canWrite)).toEqual([true, false, false]);
});

test('knows its limits and groups', () => {
  expect(openFilesMax(machine)).toBeGreaterThan(100);
  expect(groupId(machine, 'root')).toBe(0);
  expect(groupId(machine, '4711')).toBe(4711);
  expect(groupId(machine, 'nobody-has-this-group')).toBeUndefined();
});

test('a configuration comes from the disk, until others can read its secret', () => {
  const argv = ['--config', join(directory, 'main.conf')];
  const load = () => loadConfiguration({ argv, environment: {} });
  expect(load()).toMatchObject({ configuration: { serverName: 'ten', signalSecret: 'x' } });
  chmodSync(join(directory, 'main.conf'), 0o644);
  expect(load()).toMatchObject({ problems: [expect.stringContaining('chmod 600')] });
  chmodSync(join(directory, 'main.conf'), 0o600);
});
