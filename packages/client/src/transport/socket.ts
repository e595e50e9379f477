// A Node socket as a transport: what TCP, Unix stream and TLS have in common.

import type { Socket } from 'node:net';
import type { Transport, TransportHandlers } from './transport.ts';

/**
 * Waits until the socket is open.
 * @param event `connect`, or `secureConnect` where the handshake must be over
 */
export function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      socket.off(event, onOpen).off('error', settle);
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) return resolve();
      // A later error of a socket that nobody has any more must not end the process.
      socket.on('error', () => {}).destroy();
      return reject(error);
    };
    const onOpen = (): void => settle();
    const onAbort = (): void => settle(signal?.reason);
    socket.on(event, onOpen).on('error', settle);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
}

/** The open socket as a transport. Its data is read by the caller if `readsItself`, else by 'data' events. */
export function wrapSocket(socket: Socket, peer: string, handlers: TransportHandlers, readsItself = false): Transport {
  let failure: Error | undefined;
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    handlers.onClose(failure);
  };
  const onWritten = (): void => {
    if (!isClosed && socket.writableLength === 0) handlers.onDrain();
  };
  if (!readsItself) socket.on('data', (chunk: Uint8Array) => handlers.onData(chunk));
  socket
    .on('error', (error) => {
      failure = error;
    })
    // Behind the other side's end nothing more arrives there, though the socket itself lives a moment longer.
    .on('end', close)
    .on('close', close);
  return {
    peer,
    get bufferedBytes() {
      return socket.writableLength;
    },
    write: (text) => socket.write(text, 'utf8', onWritten),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
