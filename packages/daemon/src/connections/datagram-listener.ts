// Receives signals: one message a datagram, over UDP or a Unix datagram socket. Nobody is answered.

import { createSocket, type Socket } from 'node:dgram';
import { unlinkSync } from 'node:fs';
import { StartError } from '../errors.ts';
import { prepareSocketFile, protectSocketFile } from './socket-file.ts';
import { listenError } from './stream-listener.ts';

export type OnDatagram = (bytes: Uint8Array) => void;

export interface DatagramListener {
  close(): void;
}

/** @throws StartError */
export async function listenUdp(
  host: string,
  port: number,
  onDatagram: OnDatagram,
): Promise<DatagramListener & { readonly port: number }> {
  const socket: Socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, `${host}:${port} (UDP)`)));
    socket.bind(port, host, resolve);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => undefined);
  socket.on('message', onDatagram);
  return { close: () => socket.close(), port: socket.address().port };
}

/** @param group who may send to it. @throws StartError when the path is taken, or the optional package is missing */
export async function listenUnixDatagram(
  path: string,
  group: number | undefined,
  onDatagram: OnDatagram,
): Promise<DatagramListener> {
  const module = await import('node-unix-socket').catch(() => undefined);
  if (module === undefined)
    throw new StartError('NO_ADDON', `${path} cannot be listened on: node-unix-socket is missing`);
  const { DgramSocket } = module;
  // Only who listens takes a datagram; an empty one means nothing.
  const isAnswered = (path: string): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = new DgramSocket();
      probe.sendTo(Buffer.alloc(0), 0, 0, path, (error) => {
        probe.close();
        resolve(error === undefined || error === null || !/ECONNREFUSED|refused/i.test(error.message));
      });
    });
  await prepareSocketFile(path, isAnswered);
  const socket = new DgramSocket();
  try {
    socket.bind(path);
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, path);
  }
  protectSocketFile(path, group);
  socket.on('error', () => undefined);
  socket.on('data', onDatagram);
  return {
    close: () => {
      socket.close();
      try {
        unlinkSync(path);
      } catch {
        // Gone already.
      }
    },
  };
}
