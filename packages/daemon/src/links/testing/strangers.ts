// Strangers for the tests: whoever connects, says something, and hears what comes back until the end.

import { connect, type Socket } from 'node:net';

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** Connects, says the text, and gives all that is answered once the other side has closed. */
export function say(address: string, text: string | Uint8Array): Promise<string> {
  return hear(connect(portOf(address), '127.0.0.1'), text);
}

export function hear(socket: Socket, text: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    if (text.length > 0) socket.write(text);
  });
}

export { portOf };
