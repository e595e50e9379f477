// Who got no link, and why: counted by reason, and logged at a limited rate.

import type { RefusalReason } from '@snapcommunicator/network/handshake';
import type { Logger } from 'pino';
import type { RateLimit } from '../log.ts';

/** Besides what the handshake refuses: strangers, and connections that are too many or too slow. */
export type Refusal = RefusalReason | 'http' | 'silent' | 'long' | 'pending' | 'register' | 'tls';

const SENTENCES: Readonly<Record<Refusal, string>> = {
  name: 'two machines have one name; give one of them another (server_name)',
  self: 'this daemon was connected to itself; take its own address out of neighbors',
  duplicate: 'there is a link to it already',
  older: 'it is an earlier life of a daemon that is linked',
  full: 'there are as many links as there may be (max_links)',
  stopping: 'a daemon that stops takes no links',
  secret: 'the cluster secret is missing or another one (cluster_secret_file)',
  password: 'no right user and password (passwords_file there, credentials_file here)',
  certificate: 'its certificate does not hold',
  untrusted: 'plain links are not taken from or on that address (trust_plain, public_plain, cluster_secret_file)',
  blocked: 'that address is blocked after wrong passwords',
  legacy: 'it is a C++ daemon, and these are not taken (cpp_daemons)',
  malformed: 'what it said is no message of this protocol',
  http: 'a browser has been sent here',
  silent: 'it said nothing for too long (handshake_timeout)',
  long: 'it said too much before it was linked (max_handshake_size)',
  pending: 'too many connections are on their way to become links (max_pending_links)',
  register: 'services of other machines connect to secure_listen, with user and password',
  tls: 'TLS could not be agreed on',
};

/** What happens in an ordinary life: two that dial each other at once, a daemon that stops. */
const ORDINARY: ReadonlySet<Refusal> = new Set<Refusal>(['duplicate', 'older', 'stopping']);

export interface RefusalDetails {
  /** `IP:port` of the other side. */
  readonly address: string;
  /** The name that it gave. */
  readonly server?: string | undefined;
  /** This side refused; else the other did. */
  readonly isOurs: boolean;
  readonly detail?: string | undefined;
}

export class Refusals {
  readonly #log: Logger;
  readonly #brake: RateLimit;
  readonly #counts = new Map<Refusal, number>();

  constructor(log: Logger, brake: RateLimit) {
    this.#log = log;
    this.#brake = brake;
  }

  /** How often each reason was given by this side since the start. */
  get counts(): Readonly<Partial<Record<Refusal, number>>> {
    return Object.fromEntries(this.#counts);
  }

  add(reason: Refusal, { address, server, isOurs, detail }: RefusalDetails): void {
    if (isOurs) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    const fields = { address, reason, ...(server !== undefined && { peer: server }), ...(detail && { detail }) };
    const sentence = `${isOurs ? 'link refused' : 'link refused by the other side'}: ${SENTENCES[reason]}`;
    if (ORDINARY.has(reason)) this.#log.debug(fields, sentence);
    else
      this.#brake.run(`link ${isOurs} ${reason} ${address.slice(0, address.lastIndexOf(':'))}`, (skipped) =>
        this.#log.warn({ ...fields, ...(skipped > 0 && { skipped }) }, sentence),
      );
  }
}
