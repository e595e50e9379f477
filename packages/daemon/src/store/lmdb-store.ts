// The store on disk: one LMDB environment in a directory of its own, loaded and opened when it is first needed.

import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import { StartError } from '../errors.ts';
import { checkKey, closedError, type Store, type StoredRecord } from './store.ts';

type Database = RootDatabase<Buffer, string>;

const DATA_FILE = 'data.mdb';
/** Where the first page of LMDB's file has its mark, which is written in the byte order of the machine. */
const MARK_OFFSET = 24;
const MARK = 0xbeefc0de;

/**
 * The store in a directory, which is made if need be. LMDB itself is loaded only if there are records from an earlier
 * run, or once there is one to write.
 *
 * @throws StartError when the directory cannot be made or written, or holds something else
 */
export async function openLmdbStore(directory: string): Promise<Store> {
  prepareDirectory(directory);
  const store = new LmdbStore(directory);
  if (existsSync(join(directory, DATA_FILE))) await store.open();
  return store;
}

class LmdbStore implements Store {
  readonly #directory: string;
  #opening: Promise<Database> | undefined;
  #database: Database | undefined;
  /** The operation that was asked for last; it ends after all before it. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<Database> {
    if (this.#database !== undefined) return this.#database;
    this.#opening ??= openDatabase(this.#directory);
    try {
      this.#database = await this.#opening;
      return this.#database;
    } catch (error) {
      // The next one may find the directory in order again.
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#last;
    await this.#database?.close();
  }

  /** Runs one operation. Those of one turn, and those that come during a commit, go to disk together. */
  async #write(key: string, operation: (database: Database) => Promise<boolean>): Promise<void> {
    if (this.#isClosed) throw closedError();
    checkKey(key);
    const done = (this.#database === undefined ? this.open() : Promise.resolve(this.#database)).then(operation);
    // Whoever asked hears of a failure; closing only waits.
    this.#last = Promise.allSettled([this.#last, done]);
    try {
      await done;
    } catch (error) {
      throw await commitErrorOf(error);
    }
  }
}

async function openDatabase(directory: string): Promise<Database> {
  const { open } = await import('lmdb');
  try {
    checkFile(join(directory, DATA_FILE));
    // Without overlapping sync an operation resolves only when its transaction has been flushed to disk.
    return open<Buffer, string>({ path: directory, noSubdir: false, encoding: 'binary', overlappingSync: false });
  } catch (error) {
    throw new StartError(
      'STORE_FAILED',
      `The store of kept messages in ${directory} cannot be opened (${reasonOf(error)}). If its files are damaged, move them away: the messages in them are lost`,
    );
  }
}

/** Why a commit failed: LMDB hands the reason over as a promise, which nobody else takes care of. */
async function commitErrorOf(error: unknown): Promise<unknown> {
  const reason: unknown = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  if (!(reason instanceof Promise)) return error;
  const unknown = setImmediate(error);
  return Promise.race([reason.catch((cause: unknown) => cause), unknown]);
}

/** LMDB takes the whole process with it when its file is something else, so that is seen to before. */
function checkFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    const head = Buffer.alloc(MARK_OFFSET + 4);
    const length = readSync(file, head);
    const mark = endianness() === 'LE' ? head.readUInt32LE(MARK_OFFSET) : head.readUInt32BE(MARK_OFFSET);
    if (length > 0 && mark !== MARK) throw new Error(`${DATA_FILE} is not a file of LMDB`);
  } finally {
    closeSync(file);
  }
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(
      'BAD_DIRECTORY',
      `The directory ${directory} for messages that are kept on disk cannot be made or written (${reasonOf(error)})`,
    );
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
