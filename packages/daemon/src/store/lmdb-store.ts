// The store on disk: one LMDB environment in a directory of its own, loaded and opened when it is first needed.

import { setImmediate } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import { checkFiles, holdsStore, prepareDirectory, storeError } from './lmdb-files.ts';
import { checkKey, closedError, type Store, type StoredRecord } from './store.ts';

type Database = RootDatabase<Buffer, string>;

/**
 * The store in a directory, which is made if need be. LMDB itself is loaded only if there are records from an earlier
 * run, or once there is one to write.
 *
 * @throws StartError when the directory cannot be made or written, or holds something else
 */
export async function openLmdbStore(directory: string): Promise<Store> {
  prepareDirectory(directory);
  const store = new LmdbStore(directory);
  if (holdsStore(directory)) await store.open();
  return store;
}

class LmdbStore implements Store {
  readonly #directory: string;
  #opening: Promise<Database> | undefined;
  #database: Database | undefined;
  /** Ends with the operations that were asked for so far, however they end. */
  #settled: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<Database> {
    this.#opening ??= openDatabase(this.#directory);
    try {
      this.#database = await this.#opening;
      return this.#database;
    } catch (error) {
      // The next operation may find the directory in order again.
      this.#opening = undefined;
      throw error;
    }
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#write(key, (database) => database.put(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
  }

  delete(key: string): Promise<void> {
    return this.#write(key, (database) => database.remove(key));
  }

  *entries(): Generator<StoredRecord> {
    if (this.#isClosed) throw closedError();
    if (this.#database === undefined) return;
    for (const { key, value } of this.#database.getRange()) yield { key, bytes: Uint8Array.from(value) };
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#settled = this.#settled.then(() => this.#database?.close());
    }
    await this.#settled;
  }

  /** Runs one operation. Those of one turn, and those that come during a commit, go to disk together. */
  async #write(key: string, operation: (database: Database) => Promise<boolean>): Promise<void> {
    if (this.#isClosed) throw closedError();
    checkKey(key);
    const done = this.#database === undefined ? this.open().then(operation) : operation(this.#database);
    this.#settled = Promise.allSettled([this.#settled, done]);
    try {
      await done;
    } catch (error) {
      throw await reasonOf(error);
    }
  }
}

/**
 * Without overlapping sync an operation resolves only when its transaction has been flushed to disk. With LMDB's own
 * batches by turn a commit that fails would also reject a promise that nobody can reach, and end the process.
 */
async function openDatabase(directory: string): Promise<Database> {
  checkFiles(directory);
  const { open } = await import('lmdb');
  try {
    return open<Buffer, string>({
      path: directory,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
    });
  } catch (error) {
    throw storeError(directory, error);
  }
}

/** Why a commit failed: LMDB gives the reason as one more promise, which may never settle, and must be taken care of. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason: unknown = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  if (!(reason instanceof Promise)) return error;
  return Promise.race([reason.catch((cause: unknown) => cause), setImmediate(error)]);
}
