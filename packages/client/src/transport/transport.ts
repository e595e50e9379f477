// What every stream transport is, so that what uses one need not know which: text out, bytes in, a close at the end.

import type { Address } from './address.ts';

/** What a transport tells the one who opened it. None is called before the transport is open. */
export interface TransportHandlers {
  /** Bytes came, cut anywhere. The chunk belongs to the transport and is good during the call only. */
  onData(chunk: Uint8Array): void;
  /** All that was written has gone out. It comes after writes, whatever they said, but never during one. */
  onDrain(): void;
  /** The transport is closed, with the error that closed it if there was one. Called once, and nothing after it. */
  onClose(error: Error | undefined): void;
}

/** One open connection. */
export interface Transport {
  /** Who is at the other end, for people. */
  readonly peer: string;
  /** What was written and has not been taken by the kernel, in bytes. */
  readonly bufferedBytes: number;
  /** Writes text. @returns false when the other side does not keep up: better wait for `onDrain` */
  write(text: string): boolean;
  /** Closes in order: what was written goes out first. */
  end(): void;
  /** Closes now; what was written and not sent is lost. */
  destroy(): void;
}

/** What `scs:` needs. PEM texts, or buffers of them. */
export interface TlsOptions {
  /** Authorities that may vouch for the other side. Default: those that Node ships. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Our own certificate and its key, where the other side asks for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name that the certificate must bear, where it is not the host of the address. */
  readonly serverName?: string;
}

export interface OpenOptions {
  /** Gives up opening. */
  readonly signal?: AbortSignal;
  readonly tls?: TlsOptions;
  /** Allows a plain `sc:` connection to a public address, where anybody on the way can read and change it. */
  readonly allowPublicPlain?: boolean;
}

/** Opens a transport, or rejects with the error that says why not. */
export type OpenTransport = (address: Address, handlers: TransportHandlers, options: OpenOptions) => Promise<Transport>;

/** Thrown when an address must not be used in this way; trying again would not help. */
export class TransportRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TransportRefusal';
  }
}
