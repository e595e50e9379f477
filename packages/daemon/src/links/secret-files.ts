// Reads the files that links need: the cluster secret, who may log in here, and what to log in with elsewhere.

import { readFileSync } from 'node:fs';
import { parseAddress } from 'snapcommunicator';
import { StartError } from '../errors.ts';

/** The text of a file that an option names. @throws StartError naming both */
export function readOptionFile(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StartError('BAD_FILE', `${option} is ${path}, which cannot be read (${code})`);
  }
}

/** What to log in with at one daemon. */
export interface Credential {
  readonly user: string;
  readonly password: string;
}

/** Credentials by `host:port` and by `user@host:port`. */
export type Credentials = ReadonlyMap<string, Credential>;

const LINE = /^(\S+)\s+(\S.*)$/;

/**
 * Reads lines `scs://user@address:port password`. Blank lines and those that begin with `#` are passed over.
 * @throws StartError naming file and line; never repeats a password
 */
export function readCredentials(path: string | undefined): Credentials {
  const credentials = new Map<string, Credential>();
  if (path === undefined) return credentials;
  for (const [place, raw] of readOptionFile(path, 'credentials_file').split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, text = '', password = ''] = LINE.exec(line) ?? [];
    const address = addressOf(text);
    if (address === undefined)
      throw new StartError('BAD_FILE', `${path}:${place + 1}: expected scs://user@address:port password`);
    const { user, host, port } = address;
    const credential = { user, password };
    credentials.set(`${user}@${host}:${port}`, credential);
    if (!credentials.has(`${host}:${port}`)) credentials.set(`${host}:${port}`, credential);
  }
  return credentials;
}

function addressOf(text: string): { user: string; host: string; port: number } | undefined {
  try {
    const address = parseAddress(text);
    if (address.kind !== 'network' || address.scheme !== 'scs' || address.user === undefined) return undefined;
    return { user: address.user, host: address.host, port: address.port };
  } catch {
    return undefined;
  }
}
