// What every store must do, run over each of them; and what only the one on disk can show.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openLmdbStore } from './lmdb-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { Store } from './store.ts';

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'snapcommunicator-store-'));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const contentOf = (store: Store): Record<string, string> =>
  Object.fromEntries([...store.entries()].map(({ key, bytes }) => [key, Buffer.from(bytes).toString()]));

describe.each([
  ['memory', async (): Promise<Store> => new MemoryStore()],
  ['lmdb', () => openLmdbStore(join(newDirectory(), 'a', 'kept'))],
])('%s', (_name, open) => {
  test('holds what was put, replaced and deleted', async () => {
    const store = await open();
    expect(contentOf(store)).toEqual({});
    await Promise.all([store.put('a', bytesOf('one')), store.put('b', bytesOf('')), store.put('c', bytesOf('three'))]);
    await store.put('a', bytesOf('two'));
    await store.delete('c');
    await store.delete('never there');
    expect(contentOf(store)).toEqual({ a: 'two', b: '' });
    await store.close();
  });

  test('operations on one key take effect in their order, awaited or not', async () => {
    const store = await open();
    const round = (key: string) => [store.put(key, bytesOf('1')), store.delete(key), store.put(key, bytesOf('2'))];
    await Promise.all([...round('a'), ...round('b'), store.delete('b')]);
    expect(contentOf(store)).toEqual({ a: '2' });
    await store.close();
  });

  test('large and odd records, and copies that stay as they are', async () => {
    const store = await open();
    const large = new Uint8Array(3 << 20).map((_, index) => index * 7);
    const part = Uint8Array.of(9, 8, 7, 6).subarray(1, 3);
    await Promise.all([store.put('large', large), store.put('part', part), store.put('~ !/"', bytesOf('\0\xff'))]);
    await store.put('k'.repeat(500), bytesOf('x'));
    const records = new Map([...store.entries()].map(({ key, bytes }) => [key, bytes]));
    await Promise.all([...records.keys()].map((key) => store.put(key, bytesOf('overwritten'))));
    for (const record of store.entries()) expect(record.bytes).toHaveLength(11);
    expect(Buffer.compare(records.get('large') as Uint8Array, large)).toBe(0);
    expect([...(records.get('part') as Uint8Array)]).toEqual([8, 7]);
    expect(records.size).toBe(4);
    await store.close();
  });

  test('may be emptied while it is read', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 500 }, (_, index) => store.put(`key${index}`, bytesOf(String(index)))));
    const deletions: Promise<void>[] = [];
    for (const { key } of store.entries()) deletions.push(store.delete(key));
    expect(deletions).toHaveLength(500);
    await Promise.all(deletions);
    expect(contentOf(store)).toEqual({});
    await store.close();
  });

  test.each(['', 'k'.repeat(501), 'a\nb', 'é'])('the key %j is refused', async (key) => {
    const store = await open();
    await expect(store.put(key, bytesOf('x'))).rejects.toThrow(RangeError);
    await expect(store.delete(key)).rejects.toThrow('cannot be the key');
    await store.put('good', bytesOf('x'));
    expect(contentOf(store)).toEqual({ good: 'x' });
    await store.close();
  });

  test('closing waits for what was asked, then refuses everything; twice is once', async () => {
    const store = await open();
    let isWritten = false;
    const put = store.put('a', bytesOf('x')).then(() => {
      isWritten = true;
    });
    await store.close();
    await store.close();
    expect(isWritten).toBe(true);
    await put;
    await expect(store.put('a', bytesOf('y'))).rejects.toThrow('is closed');
    await expect(store.delete('a')).rejects.toThrow('is closed');
    expect(() => [...store.entries()]).toThrow('is closed');
  });
});

describe('on disk', () => {
  test('what was put is there when it is opened again', async () => {
    const directory = newDirectory();
    for (let round = 0; round < 3; round++) {
      const store = await openLmdbStore(directory);
      expect(contentOf(store)).toEqual(
        Object.fromEntries(Array.from({ length: round }, (_, at) => [`k${at}`, `v${at}`])),
      );
      await store.put(`k${round}`, bytesOf(`v${round}`));
      await store.close();
    }
  });

  test('a store that was never written leaves an empty directory', async () => {
    const directory = newDirectory();
    const store = await openLmdbStore(directory);
    expect([...store.entries()]).toEqual([]);
    await store.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a directory that cannot be: the error names it, and says why', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'file'), '');
    for (const path of ['file', join('file', 'kept')]) {
      const opening = openLmdbStore(join(directory, path));
      await expect(opening).rejects.toMatchObject({ code: 'BAD_DIRECTORY' });
      await expect(opening).rejects.toThrow(
        `${join(directory, path)} for messages that are kept on disk cannot be made`,
      );
    }
  });

  test.each([
    ['something else', (path: string) => writeFileSync(path, 'not a database'.repeat(10_000)), 'is not a file of LMDB'],
    ['something short', (path: string) => writeFileSync(path, 'short'), 'is not a file of LMDB'],
    ['another version', (path: string) => damage(path, 28), 'was written by another version of LMDB'],
    ['a part', (path: string) => truncateSync(path, 5000), 'has been cut off'],
    ['a directory', (path: string) => replaceByDirectory(path), 'EISDIR'],
  ])('%s in place of its file: the error says which and what to do', async (_what, spoil, message) => {
    const directory = newDirectory();
    const store = await openLmdbStore(directory);
    await store.put('a', bytesOf('x'));
    await store.close();
    const path = join(directory, 'data.mdb');
    spoil(path);
    const opening = openLmdbStore(directory);
    await expect(opening).rejects.toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining(path) });
    await expect(opening).rejects.toThrow(message);
  });

  test('a lock file that is none, and an empty file of a store that was never finished', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'data.mdb'), '');
    await (await openLmdbStore(directory)).close();
    replaceByDirectory(join(directory, 'lock.mdb'));
    await expect(openLmdbStore(directory)).rejects.toThrow('lock.mdb');
  });

  test('a directory that vanishes before the first record: that is refused, the next is taken', async () => {
    const directory = join(newDirectory(), 'kept');
    const store = await openLmdbStore(directory);
    rmdirSync(directory);
    await expect(store.put('a', bytesOf('x'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    mkdirSync(directory);
    await store.put('b', bytesOf('y'));
    expect(contentOf(store)).toEqual({ b: 'y' });
    await store.close();
  });
});

function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = 0xee;
  writeFileSync(path, bytes);
}

function replaceByDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
}
