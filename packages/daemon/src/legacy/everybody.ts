// The destination of lines that any C++ daemon may know what to do with: each goes to all that are linked.

import type { Outlet } from '../switch/destination.ts';

const LINE_FEED = 10;

export class Everybody implements Outlet {
  readonly holdsBytes = false;
  readonly #repeat: (line: Uint8Array) => boolean;

  /** @param repeat gives a line, with its LF, to all peers; false if none of them takes it */
  constructor(repeat: (line: Uint8Array) => boolean) {
    this.#repeat = repeat;
  }

  write(lines: Uint8Array, _count: number, done: (isWritten: boolean) => void): void {
    let isTaken = true;
    for (const line of eachLine(lines)) isTaken = this.#repeat(line) && isTaken;
    process.nextTick(done, isTaken);
  }

  /** What waits does so before the sockets of the peers. */
  pendingBytes(): number {
    return 0;
  }
}

/** The lines of a block, each with its LF. */
export function* eachLine(lines: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < lines.length; ) {
    const next = lines.indexOf(LINE_FEED, at) + 1 || lines.length;
    yield lines.subarray(at, next);
    at = next;
  }
}
