// Who may enter: requests meant for this machine, from its own page, with the right password where one is asked for.

import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { Admission } from '../links/admission.ts';
import { LogIns } from '../links/log-ins.ts';
import { isLoopback } from '../options/addresses.ts';
import type { Configuration } from '../options/index.ts';

/** Why a request is turned away, as an answer. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 429;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A host as requests name it: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST = /^(\[[\da-f:.]+\]|[^\s:@/?#[\]]+)(?::\d{1,5})?$/i;

/** Log-ins that are known to be right: checking a password takes a while, and a page makes several requests. */
const REMEMBERED_MAX = 64;

const NO_HEADERS: Readonly<Record<string, string>> = {};
const ASK = { 'WWW-Authenticate': 'Basic realm="Snap! Communicator", charset="UTF-8"' } as const;

export class Gate {
  readonly #configuration: Configuration;
  readonly #hosts: ReadonlySet<string>;
  readonly #admission: Admission;
  readonly #logIns: LogIns;
  readonly #key = randomBytes(32);
  readonly #remembered = new Set<string>();

  constructor(configuration: Configuration, log: Logger) {
    this.#configuration = configuration;
    const { serverName, myAddress, consoleHosts } = configuration;
    this.#hosts = new Set(['localhost', serverName, myAddress.host, ...consoleHosts].map((host) => host.toLowerCase()));
    this.#admission = new Admission(configuration, () => performance.now());
    const file = configuration.consolePasswordsFile;
    this.#logIns = new LogIns({ passwordsFile: file, secureListen: [] }, this.#admission, log, (address) =>
      log.warn(
        { address },
        'too many wrong passwords for the console: the address is blocked for a while (block_time)',
      ),
    );
  }

  /** Reads the passwords, the first time or again. @throws StartError when they cannot be read */
  async load(): Promise<void> {
    await this.#logIns.load();
    this.#remembered.clear();
  }

  /** Why a request may not come in; undefined if it may. */
  async refusal(request: IncomingMessage, isPublic: boolean): Promise<Refusal | undefined> {
    return this.#strayed(request) ?? (isPublic ? undefined : await this.#unknown(request));
  }

  /**
   * A page of somebody else can make a browser connect here, under a name of its own that leads to this address (DNS
   * rebinding), or from its own origin. Both show in what every browser says of its own accord.
   */
  #strayed({ headers, socket }: IncomingMessage): Refusal | undefined {
    const { host = '', origin } = headers;
    const [, bracketed] = HOST.exec(host.toLowerCase()) ?? [];
    if (bracketed === undefined) return refuse(400, 'A request says in Host which machine it is for.');
    const name = bracketed.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    const isMeant = this.#hosts.has(name) || isLoopback(name) || name === plainAddress(socket.localAddress);
    if (!isMeant)
      return refuse(403, `This is not ${name}: the option console_hosts lists names by which it is to be reached.`);
    if (origin !== undefined && hostOfOrigin(origin) !== host.toLowerCase())
      return refuse(403, 'A page from elsewhere may not use this console.');
    return undefined;
  }

  async #unknown({ headers, socket }: IncomingMessage): Promise<Refusal | undefined> {
    if (this.#configuration.consolePasswordsFile === undefined) return undefined;
    const address = plainAddress(socket.remoteAddress);
    if (this.#admission.isBlocked(address)) {
      const seconds = Math.ceil(this.#configuration.blockTime / 1000);
      return refuse(429, 'Too many wrong passwords came from this address.', { 'Retry-After': String(seconds) });
    }
    const { authorization } = headers;
    const given = readBasic(authorization);
    if (authorization === undefined || given === undefined) return refuse(401, 'A user and a password, please.', ASK);
    const digest = createHmac('sha256', this.#key).update(authorization).digest('base64');
    if (this.#remembered.has(digest)) return undefined;
    if (!(await this.#logIns.check(address, given.user, given.password)))
      return refuse(401, 'There is no such user with that password.', ASK);
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.add(digest);
    return undefined;
  }
}

const refuse = (status: Refusal['status'], message: string, headers: Refusal['headers'] = NO_HEADERS): Refusal => ({
  status,
  message,
  headers,
});

/** A socket of both families calls 10.0.0.5 ::ffff:10.0.0.5. */
const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');

/** The host and port of an origin, as Host names them; undefined for what is none, `null` say. */
function hostOfOrigin(origin: string): string | undefined {
  try {
    const { protocol, host } = new URL(origin);
    return protocol === 'http:' || protocol === 'https:' ? host : undefined;
  } catch {
    return undefined;
  }
}

/** What HTTP Basic (RFC 7617) says; undefined for anything else. */
function readBasic(authorization: string | undefined): { user: string; password: string } | undefined {
  const [, token] = /^basic ([\w+/=-]{1,4096})$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
