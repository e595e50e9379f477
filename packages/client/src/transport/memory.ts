// Two ends in one process, for tests and for a service that lives beside its daemon: the same behaviour as a socket.

import { formatAddress } from './address.ts';
import type { OpenTransport, Transport, TransportHandlers } from './transport.ts';

/** How much may be under way in one direction before `write` says false, in bytes. */
const highWaterBytes = 64 * 1024;

const encoder = new TextEncoder();

class MemoryEnd implements Transport {
  readonly peer: string;
  readonly #handlers: TransportHandlers;
  #other: MemoryEnd | undefined;
  #outgoing: Uint8Array[] = [];
  #isScheduled = false;
  #isCongested = false;
  #isEnding = false;
  #isClosed = false;
  bufferedBytes = 0;

  constructor(peer: string, handlers: TransportHandlers) {
    this.peer = peer;
    this.#handlers = handlers;
  }

  join(other: MemoryEnd): void {
    this.#other = other;
  }

  write(text: string): boolean {
    if (this.#isEnding || this.#isClosed) return false;
    const chunk = encoder.encode(text);
    this.#outgoing.push(chunk);
    this.bufferedBytes += chunk.length;
    this.#isCongested ||= this.bufferedBytes > highWaterBytes;
    this.#schedule();
    return !this.#isCongested;
  }

  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  destroy(): void {
    this.#outgoing = [];
    this.end();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // As with a socket, nothing arrives before the one who wrote it has returned to the event loop.
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const chunks = this.#outgoing;
    this.#outgoing = [];
    this.bufferedBytes = 0;
    const other = this.#other as MemoryEnd;
    for (const chunk of chunks) other.#receive(chunk);
    if (this.#isEnding) {
      other.#close();
      this.#close();
    } else {
      this.#isCongested = false;
      this.#handlers.onDrain();
    }
  }

  #receive(chunk: Uint8Array): void {
    if (!this.#isClosed) this.#handlers.onData(chunk);
  }

  #close(): void {
    if (this.#isClosed) return;
    // What this end wrote before the other one closed still arrives there, as it would on a socket that is half closed.
    const other = this.#other as MemoryEnd;
    for (const chunk of this.#outgoing.splice(0)) other.#receive(chunk);
    this.#isClosed = true;
    this.#handlers.onClose(undefined);
  }
}

/** Takes the server's end of a new connection by giving its handlers. */
export type Accept = (handlers: TransportHandlers) => Transport;

/** A place in memory that can be listened on and connected to. */
export interface MemoryListener {
  readonly open: OpenTransport;
  /** Refuses new connections from now on. */
  close(): void;
}

/** Listens in memory: give its `open` to `connect({ open })`. The address that is opened does not matter. */
export function listenInMemory(onConnection: (accept: Accept) => void): MemoryListener {
  let isOpen = true;
  return {
    close: () => {
      isOpen = false;
    },
    open: async (address, handlers, { signal }) => {
      signal?.throwIfAborted();
      if (!isOpen) throw new Error(`nobody listens in memory for ${formatAddress(address)}`);
      const client = new MemoryEnd('memory', handlers);
      onConnection((serverHandlers) => {
        const server = new MemoryEnd('memory', serverHandlers);
        client.join(server);
        server.join(client);
        return server;
      });
      return client;
    },
  };
}
