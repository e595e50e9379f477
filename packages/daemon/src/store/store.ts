// What the daemon needs of a store for durable messages: records by key, on disk when it says so. Nothing more.

export interface StoredRecord {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Calls for one key take effect in the order in which they were made, whether they were awaited or not. */
export interface Store {
  /**
   * Writes a record, in place of an older one of that key; resolves when it is on disk, and would survive a loss of
   * power. Rejects if it could not be written. The bytes must not change before.
   *
   * @param key 1 to 500 ASCII characters without control characters
   */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes a record; resolves when that is on disk, also if there was none. */
  delete(key: string): Promise<void>;
  /** All records that were confirmed, in no particular order; each is a copy. Any may be deleted on the way. */
  entries(): Iterable<StoredRecord>;
  /** Resolves when all that was asked for is done; after that everything is refused. */
  close(): Promise<void>;
}

const KEY = /^[ -~]{1,500}$/;

/** A key that no store takes is a fault of ours. @throws RangeError */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new RangeError(`${JSON.stringify(key.slice(0, 80))} cannot be the key of a stored record`);
}

/** What a store that was closed says. */
export const closedError = (): Error => new Error('The store of kept messages is closed');
