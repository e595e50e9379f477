// The directory of `snapcom keys`: reads what is there, and writes new files without harming what is there.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT, ToolError } from '../exit-codes.ts';
import type { Pair } from './certificates.ts';

export const AUTHORITY = 'ca';
export const PASSWORDS = 'passwords';

/** What is wrong with a certificate, in words; empty: nothing. */
export interface Entry {
  readonly name: string;
  readonly isAuthority: boolean;
  /** Undefined: the file is no certificate. */
  readonly certificate: X509Certificate | undefined;
  readonly problems: readonly string[];
}

/** Where keys are kept unless another place is given: with the configuration, of the system or of the person. */
export function defaultDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0) return '/etc/snapcommunicator/keys';
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'snapcommunicator', 'keys');
}

export class KeyDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** The text of a file, or undefined if there is none. @throws ToolError */
  read(name: string): string | undefined {
    try {
      return readFileSync(this.file(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw fileError('read', this.file(name), error);
    }
  }

  has(name: string): boolean {
    return statSync(this.file(name), { throwIfNoEntry: false }) !== undefined;
  }

  /** The authority of this directory. @throws ToolError naming what is missing, and what to do */
  authority(): Pair {
    const certificate = this.read(`${AUTHORITY}.crt`);
    if (certificate === undefined) {
      throw new ToolError(
        EXIT.no,
        `there is no authority in ${this.path}: make one with "snapcom keys init --directory ${this.path}", or give its directory`,
      );
    }
    const key = this.read(`${AUTHORITY}.key`);
    if (key === undefined) {
      throw new ToolError(
        EXIT.no,
        `${this.file(`${AUTHORITY}.key`)} is missing: certificates are made where the authority's private key is kept`,
      );
    }
    const [problem] = pairProblems(readCertificate(certificate), key);
    if (problem !== undefined) throw new ToolError(EXIT.no, `${this.file(`${AUTHORITY}.crt`)}: ${problem}`);
    return { certificate, key };
  }

  /**
   * Writes a certificate and its key: the key first, so that no certificate lies there without it.
   * @throws ToolError if one of them is there already, unless they are to be replaced
   */
  writePair(name: string, pair: Pair, isReplacing: boolean): void {
    const [key, certificate] = [`${name}.key`, `${name}.crt`];
    for (const file of [key, certificate]) if (!isReplacing && this.has(file)) throw this.#exists(file);
    this.write(key, pair.key, 0o600);
    this.write(certificate, pair.certificate, 0o644);
  }

  /** Writes a file whole or not at all, readable by as many as `mode` says from the first byte on. @throws ToolError */
  write(name: string, text: string, mode: number): void {
    const [path, passing] = [this.file(name), this.file(`.${name}.${process.pid}`)];
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      writeFileSync(passing, text, { flag: 'wx', mode, flush: true });
      renameSync(passing, path);
    } catch (error) {
      rmSync(passing, { force: true });
      throw fileError('write', path, error);
    }
  }

  /** Every certificate that lies here, the authority first. @throws ToolError */
  entries(now: Date): Entry[] {
    let files: string[];
    try {
      files = readdirSync(this.path).filter((file) => file.endsWith('.crt'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError('read', this.path, error);
      throw new ToolError(
        EXIT.no,
        `${this.path} is not there: "snapcom keys init" makes it, or give another --directory`,
      );
    }
    const names = files.map((file) => file.slice(0, -'.crt'.length)).sort();
    const authority = readCertificate(this.read(`${AUTHORITY}.crt`) ?? '');
    return names
      .sort((a, b) => Number(b === AUTHORITY) - Number(a === AUTHORITY))
      .map((name) => this.#entry(name, authority, now));
  }

  /** The users in the file of passwords, with their lines. @throws ToolError */
  passwords(): Map<string, string> {
    const lines = (this.read(PASSWORDS) ?? '').split('\n').filter((line) => line.trim() !== '');
    return new Map(lines.map((line) => [line.slice(0, Math.max(line.indexOf(':'), 0)) || line, line]));
  }

  #entry(name: string, authority: X509Certificate | undefined, now: Date): Entry {
    const certificate = readCertificate(this.read(`${name}.crt`) ?? '');
    const isAuthority = name === AUTHORITY;
    const key = this.#readKey(`${name}.key`);
    const problems = [...pairProblems(certificate, key.text), ...key.problems];
    if (certificate !== undefined) {
      if (new Date(certificate.validTo) <= now) problems.push('expired');
      if (new Date(certificate.validFrom) > now) problems.push('not valid yet');
      if (!isAuthority && authority === undefined) problems.push('its authority is not here');
      else if (!isAuthority && !isSignedBy(certificate, authority as X509Certificate))
        problems.push('of another authority');
    }
    return { name, isAuthority, certificate, problems };
  }

  /** A key that is not here is no problem: it belongs on its machine. */
  #readKey(name: string): { text: string | undefined; problems: string[] } {
    const mode = statSync(this.file(name), { throwIfNoEntry: false })?.mode ?? 0;
    const problems = (mode & 0o077) === 0 ? [] : [`${name} can be read by others: chmod 600`];
    try {
      return { text: this.read(name), problems };
    } catch {
      return { text: undefined, problems: [...problems, `${name} cannot be read`] };
    }
  }

  #exists(file: string): ToolError {
    return new ToolError(EXIT.refused, `${this.file(file)} is there already: --replace writes it anew`);
  }
}

function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function pairProblems(certificate: X509Certificate | undefined, keyText: string | undefined): string[] {
  if (certificate === undefined) return ['is no certificate'];
  if (keyText === undefined) return [];
  let key: KeyObject;
  try {
    key = createPrivateKey(keyText);
  } catch {
    return ['its .key is no private key that can be read (one with a passphrase is not)'];
  }
  return certificate.checkPrivateKey(key) ? [] : ['its .key belongs to another certificate'];
}

const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

function fileError(what: string, path: string, error: unknown): ToolError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message;
  return new ToolError(EXIT.refused, `cannot ${what} ${path}: ${reason}`, { cause: error });
}
