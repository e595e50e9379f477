// Authorities, certificates and passwords in files, for the tests of links over TLS.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, createCertificate, type Pair } from '../../tools/keys/certificates.ts';
import { hashPassword } from '../passwords.ts';
import { scratchDirectory } from './station.ts';

const DAY_MS = 86_400_000;

/** A file that only its owner can read. */
export function secretFile(name: string, text: string): string {
  const path = join(scratchDirectory(), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

export const makeAuthority = (name: string): Promise<Pair> => createAuthority(name, 100, new Date());

/** Options that show a certificate, and believe an authority. */
export interface KeyOptions {
  readonly certificate: string;
  readonly private_key: string;
  readonly certificate_authority: string;
}

/** Files for one machine: its certificate for the given addresses by the first authority, and the second one to believe. */
export async function makeKeys(
  name: string,
  signedBy: Pair,
  believed: Pair = signedBy,
  { addresses = ['127.0.0.1'], daysAgo = 0 } = {},
): Promise<KeyOptions> {
  const now = new Date(Date.now() - daysAgo * DAY_MS);
  const pair = await createCertificate(signedBy, { name, addresses, days: 10, now });
  return {
    certificate: secretFile('own.crt', pair.certificate),
    private_key: secretFile('own.key', pair.key),
    certificate_authority: secretFile('ca.crt', believed.certificate),
  };
}

/** A file of log-ins. */
export async function passwordsFile(logIns: Readonly<Record<string, string>>): Promise<string> {
  const lines = await Promise.all(
    Object.entries(logIns).map(async ([user, password]) => `${user}:${await hashPassword(password)}\n`),
  );
  return secretFile('passwords', lines.join(''));
}
