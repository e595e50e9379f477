// Opens a socket to a daemon, plain or TLS, with authority and host checked under TLS.

import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Neighbor } from '../options/addresses.ts';
import type { Certificates } from './certificates.ts';

export interface DialOptions {
  /** What is shown and believed under TLS. */
  readonly certificates: Certificates;
  /** How long connecting, and agreeing on TLS, may take. */
  readonly timeoutMs: number;
  /** The address of this machine to dial from; undefined: as the system chooses. */
  readonly localAddress: string | undefined;
}

/** A dial that failed. `isCertificate`: the other side's certificate does not hold, and will not next time. */
export interface DialFailure {
  readonly reason: string;
  readonly isCertificate: boolean;
}

// Node's codes for a certificate that will be no better next time.
const CERTIFICATE_ERROR =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|INVALID_CA|HOSTNAME_MISMATCH)/;

/** Calls back exactly once, unless it is taken back. @returns a function that takes the dial back */
export function dialSocket(
  { scheme, host, port }: Neighbor,
  { certificates, timeoutMs, localAddress }: DialOptions,
  done: (result: Socket | DialFailure) => void,
): () => void {
  const isSecure = scheme === 'scs';
  const from = localAddress === undefined ? {} : { localAddress };
  const socket = isSecure
    ? connectSecure({ host, port, ...from, ...certificates.options, ...(isIP(host) === 0 && { servername: host }) })
    : connectPlain({ host, port, ...from });
  const settle = (result: Socket | DialFailure): void => {
    clearTimeout(timer);
    socket.off('error', failed);
    socket.off(readyEvent, ready);
    socket.on('error', () => undefined);
    if (result !== socket) socket.destroy();
    done(result);
  };
  const failed = (error: NodeJS.ErrnoException): void => {
    const { code = '', message } = error;
    settle({ reason: message === '' ? code : message, isCertificate: CERTIFICATE_ERROR.test(code) });
  };
  const ready = (): void => settle(socket);
  const readyEvent = isSecure ? 'secureConnect' : 'connect';
  const timer = setTimeout(
    () => settle({ reason: `no answer within ${timeoutMs} ms`, isCertificate: false }),
    timeoutMs,
  ).unref();
  socket.setNoDelay(true);
  socket.once('error', failed);
  socket.once(readyEvent, ready);
  return () => {
    clearTimeout(timer);
    socket.off('error', failed);
    socket.off(readyEvent, ready);
    socket.on('error', () => undefined);
    socket.destroy();
  };
}
