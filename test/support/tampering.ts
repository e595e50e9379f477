// Stands between a tool and its daemon and changes what the daemon says: how a tool deals with false words is seen so.

import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { decodeText, encodeMessage, type Message } from 'snapcommunicator/wire';

/** A message of the daemon as the tool is to see it. */
export type Change = (message: Message) => Message;

export interface TamperedDaemon {
  /** What a tool is given with `--to`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Listens beside a daemon's Unix socket, whose privilege who connects here has as well.
 * @param unixPath of the daemon
 * @param change is given each line of the daemon that is a message
 */
export async function tamperWith(unixPath: string, change: Change): Promise<TamperedDaemon> {
  const path = `${unixPath}.tampered`;
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((tool) => {
    const daemon = connect(unixPath);
    for (const socket of [tool, daemon]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        tool.destroy();
        daemon.destroy();
      });
    }
    tool.pipe(daemon);
    let rest = '';
    daemon.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) tool.write(`${changed(line, change)}\n`);
    });
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return {
    address: `sc://${path}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

function changed(line: string, change: Change): string {
  const read = decodeText(line);
  return read.kind === 'message' ? encodeMessage(change(read.message)) : line;
}
