// A store that forgets everything with its process: for tests, and as the plain statement of what a store does.

import { checkKey, closedError, type Store, type StoredRecord } from './store.ts';

export class MemoryStore implements Store {
  readonly #records = new Map<string, Uint8Array>();
  #isClosed = false;

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    checkKey(key);
    this.#records.set(key, Uint8Array.from(bytes));
  }

  async delete(key: string): Promise<void> {
    this.#checkOpen();
    checkKey(key);
    this.#records.delete(key);
  }

  *entries(): Generator<StoredRecord> {
    this.#checkOpen();
    for (const [key, bytes] of this.#records) yield { key, bytes: Uint8Array.from(bytes) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}
