// Streams under TLS, `scs:`: the other side's certificate is checked against the authority and the host.

import { type ConnectionOptions, connect } from 'node:tls';
import { formatAddress } from './address.ts';
import { opened, wrapSocket } from './socket.ts';
import { type OpenTransport, type TlsOptions, TransportRefusal } from './transport.ts';

// Node's codes for a certificate that will be no better next time.
const CERTIFICATE_ERROR =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|INVALID_CA|HOSTNAME_MISMATCH)/;

const pem = (value: string | Uint8Array): string | Buffer => (typeof value === 'string' ? value : Buffer.from(value));

function credentials({ ca, cert, key }: TlsOptions): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: Array.isArray(ca) ? ca.map(pem) : pem(ca as string | Uint8Array) }),
    ...(cert !== undefined && { cert: pem(cert) }),
    ...(key !== undefined && { key: pem(key) }),
  };
}

export const openTls: OpenTransport = async (address, handlers, { signal, tls = {} }) => {
  if (address.kind === 'path') throw new TransportRefusal('TLS is not spoken on a Unix socket');
  const { serverName } = tls;
  const socket = connect({
    host: address.host,
    port: address.port,
    minVersion: 'TLSv1.2',
    ...(serverName !== undefined && { servername: serverName }),
    ...credentials(tls),
  });
  socket.setNoDelay(true).setKeepAlive(true, 15_000);
  try {
    await opened(socket, 'secureConnect', signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !CERTIFICATE_ERROR.test(code)) throw error;
    throw new TransportRefusal(
      `${formatAddress(address)} shows a certificate that does not hold (${message}). Give the authority that signed it with tls.ca, and connect to a name or address that is in it`,
    );
  }
  return wrapSocket(socket, formatAddress(address), handlers);
};
