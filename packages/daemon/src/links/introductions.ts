// What a daemon says of itself when it meets another: its identity, what goes with it, and what it can prove.

import type { Parameters, Surroundings } from '@snapcommunicator/network/handshake';
import { clusterSecret, type Secret } from './cluster-secret.ts';
import type { LinkSurroundings } from './events.ts';
import type { MeetingSetup } from './meeting.ts';
import type { LinkOptions } from './options.ts';
import { type Credential, type Credentials, readCredentials, readOptionFile } from './secret-files.ts';
import type { Target } from './targets.ts';

/** Bytes of one list in CONNECT or ACCEPT: other daemons limit what they read. */
const LIST_BYTES_MAX = 12 * 1024;

export type Introduction = Pick<Surroundings, 'self' | 'extras' | 'legacyObjection' | 'secret'>;

export class Introductions {
  readonly #options: LinkOptions;
  readonly #surroundings: LinkSurroundings;
  readonly #neighbors: () => readonly string[];
  readonly #secret: Secret | undefined;
  #credentials: Credentials;

  /** @param neighbors addresses worth trying. @throws StartError when secret or credentials cannot be read */
  constructor(options: LinkOptions, surroundings: LinkSurroundings, neighbors: () => readonly string[]) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#neighbors = neighbors;
    const { clusterSecretFile: file } = options;
    this.#secret = file === undefined ? undefined : clusterSecret(readOptionFile(file, 'cluster_secret_file').trim());
    this.#credentials = readCredentials(options.credentialsFile);
  }

  get hasSecret(): boolean {
    return this.#secret !== undefined;
  }

  /** Reads the credentials again. @throws StartError; the old ones hold then */
  reload(): void {
    this.#credentials = readCredentials(this.#options.credentialsFile);
  }

  /** @param address where others reach this daemon, or empty */
  about({ target, isSecure }: MeetingSetup, address: string): Introduction {
    const secret = isSecure ? undefined : this.#secret;
    const isLegacyTaken = this.#options.cppDaemons ?? secret === undefined;
    // Who has yet to prove the secret is not told who else is there.
    const neighbors = secret === undefined ? list('neighbors', this.#neighbors()) : {};
    return {
      self: { ...this.#surroundings.identity(), address },
      extras: { ...neighbors, ...(target !== undefined && this.#toAcceptor(target)) },
      legacyObjection: isLegacyTaken ? undefined : 'legacy',
      ...(secret !== undefined && { secret }),
    };
  }

  /** What a plain link is told of neighbours after the handshake; empty if it was told there. */
  toldLate(): string {
    return this.#secret === undefined ? '' : joined(this.#neighbors());
  }

  /** A C++ daemon that is dialed wants to know of services, a daemon with passwords who is there. */
  #toAcceptor(target: Target): Parameters {
    const credential = target.address.scheme === 'scs' ? this.#credential(target) : undefined;
    return {
      ...list('services', this.#surroundings.services?.()),
      ...list('heard_of', this.#surroundings.heardOf?.()),
      ...(credential !== undefined && { username: credential.user, password: credential.password }),
    };
  }

  #credential({ address: { user, password, host, port } }: Target): Credential | undefined {
    if (user !== undefined && password !== undefined) return { user, password };
    const place = `${host}:${port}`;
    return this.#credentials.get(user === undefined ? place : `${user}@${place}`);
  }
}

const list = (name: string, words: readonly string[] = []): Parameters =>
  words.length === 0 ? {} : { [name]: joined(words) };

function joined(words: readonly string[]): string {
  const text = words.join(',');
  return text.length <= LIST_BYTES_MAX ? text : text.slice(0, text.lastIndexOf(',', LIST_BYTES_MAX));
}
