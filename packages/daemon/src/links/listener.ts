// One listener for other daemons, plain or TLS: gives each connection that is ready to speak.

import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { listenError } from '../connections/stream-listener.ts';
import { type Endpoint, formatEndpoint } from '../options/addresses.ts';
import type { Certificates } from './certificates.ts';

/** How a connection that was accepted stands with its certificate. */
export type CertificateState = 'none' | 'holds' | 'fails';

export interface Accepted {
  readonly socket: Socket;
  readonly isSecure: boolean;
  readonly certificate: CertificateState;
  /** Why the certificate fails. */
  readonly detail: string | undefined;
}

export interface ListenerEvents {
  /** A connection came in. @returns whether it may go on; under TLS, before that begins */
  opened(socket: Socket): boolean;
  /** It is ready to speak. */
  ready(accepted: Accepted): void;
  /** TLS could not be agreed on. */
  failed(socket: Socket, error: Error): void;
}

export interface ListenerOptions {
  readonly backlog: number;
  /** How long TLS may take to be agreed on. */
  readonly handshakeMs: number;
}

export class LinkListener {
  #endpoint: Endpoint;
  readonly #server: Server;
  readonly #secure: SecureServer | undefined;
  readonly #options: ListenerOptions;

  /** @param certificates for TLS; undefined: plain */
  constructor(
    endpoint: Endpoint,
    certificates: Certificates | undefined,
    options: ListenerOptions,
    events: ListenerEvents,
  ) {
    this.#endpoint = endpoint;
    this.#options = options;
    const secure = certificates === undefined ? undefined : new SecureServer(certificates, options.handshakeMs, events);
    this.#secure = secure;
    this.#server = createPlainServer({ noDelay: true, pauseOnConnect: secure === undefined }, (socket) => {
      if (!events.opened(socket)) socket.destroy();
      else if (secure !== undefined) secure.adopt(socket);
      else events.ready({ socket, isSecure: false, certificate: 'none', detail: undefined });
    });
  }

  /** `IP:port` that is really listened on, with `scs://` in front under TLS. */
  get address(): string {
    return `${this.#secure === undefined ? '' : 'scs://'}${formatEndpoint(this.endpoint)}`;
  }

  /** The same as host and port. */
  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get isSecure(): boolean {
    return this.#secure !== undefined;
  }

  /** @throws StartError naming the address and what to do */
  async open(): Promise<void> {
    const { host, port } = this.#endpoint;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, formatEndpoint(this.#endpoint))));
      this.#server.listen({ host, port, backlog: this.#options.backlog }, resolve);
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', () => undefined);
    // A port of 0 has become one.
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound !== null) this.#endpoint = { host, port: bound.port };
  }

  /** Shows the certificates as they are now to who connects from now on. */
  reload(): void {
    this.#secure?.reload();
  }

  close(): void {
    this.#server.close();
  }
}

/** Agrees on TLS with connections that were let in; it never listens itself. */
class SecureServer {
  readonly #certificates: Certificates;
  readonly #server: TlsServer;

  constructor(certificates: Certificates, handshakeMs: number, events: ListenerEvents) {
    this.#certificates = certificates;
    this.#server = createTlsServer({
      ...certificates.options,
      handshakeTimeout: handshakeMs,
      requestCert: certificates.hasAuthority,
      // Who has no certificate may log in; what a bad one costs is decided with the rest of the refusals.
      rejectUnauthorized: false,
    });
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      events.failed(under(socket), error);
      socket.destroy();
    });
    this.#server.on('secureConnection', (socket: TLSSocket) =>
      events.ready({ ...judge(socket), socket, isSecure: true }),
    );
  }

  adopt(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  reload(): void {
    this.#server.setSecureContext(this.#certificates.options);
  }
}

/**
 * What TLS was to be agreed on over: one that is closed does not tell any more who was at the other end, but this does. It is
 * undocumented, and so on Node 20, 22 and 24.
 */
const under = (socket: TLSSocket): Socket => (socket as { readonly _parent?: Socket })._parent ?? socket;

function judge(socket: TLSSocket): Pick<Accepted, 'certificate' | 'detail'> {
  if (socket.authorized) return { certificate: 'holds', detail: undefined };
  const isShown = Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
  return isShown
    ? { certificate: 'fails', detail: String(socket.authorizationError) }
    : { certificate: 'none', detail: undefined };
}
