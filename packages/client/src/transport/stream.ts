// Plain streams, `sc:`: TCP and Unix stream sockets.

import { connect, type NetConnectOpts } from 'node:net';
import { type Address, formatAddress, isPrivate } from './address.ts';
import { opened, wrapSocket } from './socket.ts';
import { type OpenTransport, type TransportHandlers, TransportRefusal } from './transport.ts';

// Every socket of the process reads into this one buffer: a chunk is looked at before the next read begins.
const readBytes = 128 * 1024;
let readBuffer: Uint8Array | undefined;

const keepAliveDelayMs = 15_000;
/** So much may wait in a socket before it asks for a pause: less would make every full batch wait for a turn. */
const socketHighWaterBytes = 512 * 1024;

const IDLE: TransportHandlers = { onData: () => {}, onDrain: () => {}, onClose: () => {} };

const target = (address: Address): NetConnectOpts =>
  address.kind === 'path'
    ? { path: address.path }
    : // A line is small and somebody waits for it; a machine that is gone without a word must be noticed.
      {
        host: address.host,
        port: address.port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelayMs,
      };

export const openStream: OpenTransport = async (address, handlers, { signal, allowPublicPlain = false }) => {
  readBuffer ??= new Uint8Array(readBytes);
  let receiver = IDLE;
  const options: NetConnectOpts & { readonly writableHighWaterMark: number } = {
    ...target(address),
    writableHighWaterMark: socketHighWaterBytes,
    onread: {
      buffer: readBuffer,
      callback: (bytes, buffer) => {
        receiver.onData(buffer.subarray(0, bytes));
        return true;
      },
    },
  };
  const socket = connect(options);
  await opened(socket, 'connect', signal);
  const { remoteAddress } = socket;
  if (remoteAddress !== undefined && !isPrivate(remoteAddress) && !allowPublicPlain) {
    socket.on('error', () => {}).destroy();
    throw new TransportRefusal(
      `${formatAddress(address)} is the public address ${remoteAddress}: on a plain stream everybody on the way can read and forge messages. Use scs:, or set allowPublicPlain if that is what you want`,
    );
  }
  receiver = handlers;
  return wrapSocket(socket, formatAddress(address), handlers, true);
};
