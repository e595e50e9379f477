// What must hold before LMDB opens its files: its own errors at that point end the whole process without a word.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../errors.ts';

const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';
/** Where the first page has its mark, the version of the format, and the size of a page; in the machine's byte order. */
const MARK_AT = 24;
const VERSION_AT = 28;
const PAGE_BYTES_AT = 48;
const HEAD_BYTES = 52;
const MARK = 0xbeefc0de;
const VERSION = 2;
/** What a new store takes, with a little room to work in. */
const FREE_BYTES_MIN = 131_072;

/** Whether the directory holds a store from an earlier run. */
export const holdsStore = (directory: string): boolean => existsSync(join(directory, DATA_FILE));

/** Makes the directory if need be. @throws StartError when it cannot be made or written */
export function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(
      'BAD_DIRECTORY',
      `The directory ${directory} for messages that are kept on disk cannot be made or written (${reasonOf(error)}).`,
    );
  }
}

/**
 * Looks at everything that makes opening fail. Never call it while this process has the store open: closing its lock
 * file would drop the lock.
 *
 * @throws StartError
 */
export function checkFiles(directory: string): void {
  try {
    checkData(join(directory, DATA_FILE));
    const lock = join(directory, LOCK_FILE);
    if (existsSync(lock)) closeSync(openFile(lock));
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize < FREE_BYTES_MIN) throw new Error(`less than ${FREE_BYTES_MIN} bytes are free on that disk`);
  } catch (error) {
    throw storeError(directory, error);
  }
}

/** The error for a store that cannot be opened. */
export const storeError = (directory: string, error: unknown): StartError =>
  new StartError('STORE_FAILED', `The store of kept messages in ${directory} cannot be opened: ${reasonOf(error)}.`);

function checkData(path: string): void {
  if (!existsSync(path)) return;
  const file = openFile(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const bytes = fstatSync(file).size;
    // A daemon that was killed while it made its first store leaves an empty file, which is good to begin with.
    if (bytes === 0) return;
    readSync(file, head, 0, HEAD_BYTES, 0);
    const numberAt = (offset: number): number =>
      endianness() === 'LE' ? head.readUInt32LE(offset) : head.readUInt32BE(offset);
    if (numberAt(MARK_AT) !== MARK) throw damaged(path, 'is not a file of LMDB');
    if (numberAt(VERSION_AT) !== VERSION) throw damaged(path, 'was written by another version of LMDB');
    if (bytes < 2 * numberAt(PAGE_BYTES_AT)) throw damaged(path, 'has been cut off');
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  const file = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error(`${path} is not a file`);
}

const damaged = (path: string, what: string): Error =>
  new Error(`${path} ${what}; move it away to begin anew, which loses the messages in it`);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
