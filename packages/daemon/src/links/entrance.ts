// The doors of a daemon: its listeners for others, who may come in by them, and who logs in there.

import type { Socket } from 'node:net';
import { encodeMessage, type Message } from 'snapcommunicator/wire';
import { type Endpoint, formatEndpoint, isLoopback, isUnspecified } from '../options/addresses.ts';
import type { Admission } from './admission.ts';
import type { Certificates } from './certificates.ts';
import { plainHost } from './ip-address.ts';
import { type Accepted, LinkListener } from './listener.ts';
import type { LogIns } from './log-ins.ts';
import type { Meeting } from './meeting.ts';
import type { LinkOptions } from './options.ts';
import type { Refusal, Refusals } from './refusals.ts';

export interface EntranceHost {
  /** How many that came in have not become links yet. */
  pendingCount(): number;
  isStopping(): boolean;
  /** A connection is ready to speak. */
  welcome(accepted: Accepted): Meeting;
  /** A service of another machine has logged in; it is no meeting any more. */
  service(socket: Socket, firstBytes: Uint8Array, user: string): void;
}

/** Where a daemon listens for others. */
export interface BoundAddresses {
  readonly remote: readonly string[];
  readonly secure: readonly string[];
}

export class Entrance {
  readonly #options: LinkOptions;
  readonly #certificates: Certificates;
  readonly #admission: Admission;
  readonly #logIns: LogIns;
  readonly #refusals: Refusals;
  readonly #host: EntranceHost;
  readonly #listeners: LinkListener[] = [];
  /** `IP:port` of those with whom TLS is being agreed on. */
  readonly #greeted = new Set<string>();
  readonly #withoutCertificate = new WeakSet<Meeting>();

  constructor(
    options: LinkOptions,
    certificates: Certificates,
    admission: Admission,
    logIns: LogIns,
    refusals: Refusals,
    host: EntranceHost,
  ) {
    this.#options = options;
    this.#certificates = certificates;
    this.#admission = admission;
    this.#logIns = logIns;
    this.#refusals = refusals;
    this.#host = host;
  }

  /** Listens everywhere. @throws StartError */
  async open(): Promise<BoundAddresses> {
    const { remoteListen, secureListen } = this.#options;
    for (const endpoint of remoteListen) await this.#listen(endpoint, undefined);
    // C++ daemons leave the secure listener out where certificate and key are not named; the options have warned.
    if (this.#certificates.hasOwn)
      for (const endpoint of secureListen) await this.#listen(endpoint, this.#certificates);
    const addresses = (isSecure: boolean): string[] =>
      this.#listeners.filter((listener) => listener.isSecure === isSecure).map(({ address }) => address);
    return { remote: addresses(false), secure: addresses(true) };
  }

  /** Where others reach a plain listener by that address of this machine. */
  endpointAt(host: string): Endpoint | undefined {
    for (const { endpoint, isSecure } of this.#listeners) {
      if (isSecure) continue;
      if (endpoint.host === host || isUnspecified(endpoint.host)) return { host, port: endpoint.port };
    }
    return undefined;
  }

  /** Where this machine is called by others of its loopback network, which it calls from there, too. */
  get loopbackHost(): string | undefined {
    return this.#listeners.find(({ endpoint }) => isLoopback(endpoint.host))?.endpoint.host;
  }

  /** The port of the first plain listener. */
  get remotePort(): number | undefined {
    return this.#listeners.find(({ isSecure }) => !isSecure)?.endpoint.port;
  }

  reload(): void {
    for (const listener of this.#listeners) listener.reload();
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
  }

  /** What passwords have to do with the first message of who came in. @returns false: it is not for the handshake */
  examine(meeting: Meeting, message: Message): boolean | Promise<boolean> {
    if (message.command === 'REGISTER') return this.#register(meeting, message);
    if (meeting.objection !== undefined || !this.#withoutCertificate.has(meeting)) return true;
    const { username = '', password = '' } = message.parameters;
    return this.#logIns.check(meeting.peerHost, username, password).then((isRight) => {
      if (!isRight) meeting.objection = 'password';
      return true;
    });
  }

  /** A service: under TLS with a right `user:password` it is one; anything else is refused. */
  #register(meeting: Meeting, message: Message): boolean | Promise<boolean> {
    if (!meeting.setup.isSecure || meeting.objection !== undefined) {
      turnAway(meeting, meeting.objection ?? 'register');
      return false;
    }
    const { password: logIn = '', ...parameters } = message.parameters;
    const colon = logIn.indexOf(':');
    const [user, password] = [logIn.slice(0, Math.max(colon, 0)), logIn.slice(colon + 1)];
    return this.#logIns.check(meeting.peerHost, user, password).then((isRight) => {
      if (meeting.isOver) return false;
      if (!isRight) {
        turnAway(meeting, 'password');
        return false;
      }
      // Nobody behind this door needs to see the password.
      const line = Buffer.from(`${encodeMessage({ ...message, parameters })}\n`);
      const rest = meeting.handOver();
      this.#host.service(meeting.setup.socket, Buffer.concat([line, rest]), user);
      return false;
    });
  }

  async #listen(endpoint: Endpoint, certificates: Certificates | undefined): Promise<void> {
    const { maxPendingConnections: backlog, handshakeTimeout: handshakeMs } = this.#options;
    const listener = new LinkListener(endpoint, certificates, { backlog, handshakeMs }, this.#events);
    await listener.open();
    this.#listeners.push(listener);
  }

  readonly #events = {
    opened: (socket: Socket): boolean => {
      const host = plainHost(socket.remoteAddress);
      const address = formatEndpoint({ host, port: socket.remotePort ?? 0 });
      const isFull = this.#greeted.size + this.#host.pendingCount() >= this.#options.maxPendingLinks;
      const refusal = this.#host.isStopping()
        ? 'stopping'
        : this.#admission.isBlocked(host)
          ? 'blocked'
          : isFull
            ? 'pending'
            : undefined;
      if (refusal !== undefined) {
        this.#refusals.add(refusal, { address, isOurs: true });
        return false;
      }
      this.#greeted.add(address);
      socket.once('close', () => this.#greeted.delete(address));
      return true;
    },
    ready: (accepted: Accepted): void => {
      const { socket, isSecure, certificate } = accepted;
      this.#greeted.delete(formatEndpoint({ host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 }));
      const meeting = this.#host.welcome(accepted);
      if (certificate === 'fails') meeting.objection = 'certificate';
      if (isSecure && certificate === 'none') this.#withoutCertificate.add(meeting);
      if (!isSecure && !this.#admission.isPlainAllowed(meeting.ownHost, meeting.peerHost, false))
        meeting.objection = 'untrusted';
      meeting.detail = accepted.detail;
    },
    failed: (socket: Socket, error: Error): void => {
      const host = plainHost(socket.remoteAddress);
      if (host !== '') this.#greeted.delete(formatEndpoint({ host, port: socket.remotePort ?? 0 }));
      const address = host === '' ? 'unknown' : formatEndpoint({ host, port: socket.remotePort ?? 0 });
      this.#refusals.add('tls', { address, isOurs: true, detail: error.message.trim() });
    },
  };
}

/** A service understands INVALID, and tells whoever started it. */
function turnAway(meeting: Meeting, refusal: Refusal): void {
  const message = refusal === 'register' ? 'services of other machines connect by scs:' : `refused: ${refusal}`;
  meeting.dismiss(refusal, { command: 'INVALID', parameters: { command: 'REGISTER', message } });
}
