// Datagrams, `scu:`: one message each, sent and forgotten, over UDP or a Unix datagram socket.

import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CommunicatorError, textOf } from '../errors.ts';
import { gather, type Part } from '../message/parts.ts';
import { encodeMessage } from '../wire/encoder.ts';
import { WireError } from '../wire/errors.ts';
import { type Address, formatAddress, isLoopback, parseAddress } from './address.ts';
import type { sign } from './signal-proof.ts';

export interface SignalOptions {
  /** The secret of the receiving daemon; each datagram then proves that its sender knows it. */
  readonly secret?: string;
  /** Longest datagram, in bytes (1,024). The daemon reads up to 65,507. */
  readonly datagramBytesMax?: number;
  /** How long to try while the receiver's queue is full, in milliseconds (1,000). A Unix socket's holds ten datagrams. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Carries one datagram; rejects with the system's error. */
interface Carrier {
  send(datagram: Buffer): Promise<void>;
  close(): void;
}

const DATAGRAM_BYTES_MAX = 65_507;
/** Errors of a queue that will have room in a moment. */
const BUSY = /EAGAIN|EWOULDBLOCK|ENOBUFS|temporarily unavailable/i;

/** Sends signals to one address. Nobody answers: that a send succeeded says only that the datagram left. */
export class SignalSender {
  readonly #carrier: Carrier;
  readonly #address: Address;
  readonly #options: SignalOptions;
  readonly #sign: typeof sign | undefined;

  /** @internal use `openSignal()` */
  constructor(carrier: Carrier, address: Address, options: SignalOptions, prove: typeof sign | undefined) {
    this.#sign = prove;
    this.#carrier = carrier;
    this.#address = address;
    this.#options = options;
  }

  /**
   * Sends one message.
   * @throws CommunicatorError INVALID_MESSAGE when it is not one or too long, QUEUE_FULL when the receiver does not read, DISCONNECTED when nobody is there
   */
  async send(...parts: readonly Part[]): Promise<void> {
    const { timeout = 1000, signal } = this.#options;
    const datagram = this.#encode(parts);
    const deadline = Date.now() + timeout;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      signal?.throwIfAborted();
      try {
        return await this.#carrier.send(datagram);
      } catch (error) {
        const isBusy = BUSY.test(`${(error as NodeJS.ErrnoException).code} ${textOf(error)}`);
        const place = formatAddress(this.#address);
        if (!isBusy) {
          throw new CommunicatorError('DISCONNECTED', `the signal could not be sent to ${place}: ${textOf(error)}`, {
            cause: error,
          });
        }
        if (Date.now() >= deadline) {
          throw new CommunicatorError(
            'QUEUE_FULL',
            `${place} takes no more datagrams since ${timeout} ms: does its daemon still read?`,
            { cause: error },
          );
        }
      }
      await pause(pauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }

  close(): void {
    this.#carrier.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #encode(parts: readonly Part[]): Buffer {
    const { secret, datagramBytesMax = 1024 } = this.#options;
    try {
      const { service, server, command, parameters } = gather(parts);
      const plain = { service, server, command, parameters };
      const signed =
        secret === undefined || this.#sign === undefined
          ? plain
          : this.#sign(plain, secret, Date.now() / 1000, nonce());
      const datagram = Buffer.from(encodeMessage(signed));
      const limit = Math.min(datagramBytesMax, DATAGRAM_BYTES_MAX);
      if (datagram.length > limit) {
        throw new CommunicatorError(
          'INVALID_MESSAGE',
          `${command} has ${datagram.length} bytes, a datagram at most ${limit}: shorten it, raise datagramBytesMax, or connect()`,
        );
      }
      return datagram;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new CommunicatorError('INVALID_MESSAGE', error.message, { cause: error });
    }
  }
}

/**
 * Opens a sender of signals: single messages over `scu:`, fast, without a connection, without an answer.
 *
 *     await using signals = await openSignal('scu://127.0.0.1:4041');
 *     await signals.send(message('LOG_ROTATE'), to('images'));
 *
 * @throws AddressError for a wrong address; CommunicatorError REFUSED for one off this machine without a secret
 */
export async function openSignal(address: string | Address, options: SignalOptions = {}): Promise<SignalSender> {
  const target = typeof address === 'string' ? parseAddress(address) : address;
  if (target.scheme !== 'scu') {
    throw new CommunicatorError(
      'REFUSED',
      `${formatAddress(target)} is not for datagrams: use connect(), or an scu: address`,
    );
  }
  if (target.kind === 'network' && !isLoopback(target.host) && options.secret === undefined) {
    throw new CommunicatorError(
      'REFUSED',
      `${formatAddress(target)} is not on this machine: datagrams to it need the signal secret of its daemon`,
    );
  }
  options.signal?.throwIfAborted();
  const carrier = await (target.kind === 'path' ? openUnixDatagram(target.path) : openUdp(target.host, target.port));
  // Loaded by those alone who send datagrams: what a program does not use must not make it start more slowly.
  const prove = options.secret === undefined ? undefined : (await import('./signal-proof.ts')).sign;
  return new SignalSender(carrier, target, options, prove);
}

const nonce = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

async function openUdp(host: string, port: number): Promise<Carrier> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  // The kernel tells of a closed port only when more is sent; the one who sends hears it then.
  socket.on('error', () => {}).unref();
  return {
    send: (datagram) =>
      new Promise((resolve, reject) => {
        socket.send(datagram, port, host, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => void socket.close(),
  };
}

interface UnixDatagramSocket {
  sendTo(bytes: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void): void;
  on(event: 'error', listener: () => void): void;
  close(): void;
}

async function openUnixDatagram(path: string): Promise<Carrier> {
  // Node has no Unix datagrams of its own. The package is optional: a variable keeps compilers and bundlers from asking for it.
  const packageName = 'node-unix-socket';
  let module: { DgramSocket: new () => UnixDatagramSocket };
  try {
    module = await import(packageName);
  } catch (error) {
    throw new CommunicatorError(
      'REFUSED',
      `${path}: Unix datagrams need the optional package ${packageName}; install it, or use sc:// or UDP`,
      { cause: error },
    );
  }
  const socket = new module.DgramSocket();
  socket.on('error', () => {});
  return {
    send: (datagram) =>
      new Promise((resolve, reject) => {
        socket.sendTo(datagram, 0, datagram.length, path, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.close(),
  };
}
