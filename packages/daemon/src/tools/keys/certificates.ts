// Makes an authority and the certificates that it signs: elliptic curve P-256, for both ends of a TLS connection.
//
// Node reads certificates and does not write them; the library that does is loaded by this file alone, and this file
// only when a certificate is to be made.

import 'reflect-metadata';

import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, each as PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Its common name, and one of the names that it is good for. */
  readonly name: string;
  /** Further names and IP addresses. */
  readonly addresses: readonly string[];
  /** Shortened to what the authority itself has left. */
  readonly days: number;
  readonly now: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** A certificate holds from a day ago: the clock of who checks it may be behind. */
const backdatedMs = dayMs;

cryptoProvider.set(webcrypto);

/** Makes an authority, which signs itself. */
export async function createAuthority(name: string, days: number, now: Date): Promise<Pair> {
  const keys = await createKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(now, days),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key: await exportKey(keys.privateKey) };
}

/**
 * Makes a certificate for a machine, or for a service that logs in from another one.
 * @throws Error if the authority's key cannot be read, or does not belong to its certificate
 */
export async function createCertificate(authority: Pair, request: CertificateRequest): Promise<Pair> {
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await importKey(authority.key);
  const keys = await createKeys();
  const { name, addresses, days, now } = request;
  const { notBefore, notAfter } = validity(now, days);
  const names = [...new Set([name, ...addresses])];
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
    ),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [name] }],
    issuer: issuer.subjectName,
    notBefore: new Date(Math.max(notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key: await exportKey(keys.privateKey) };
}

const createKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', key));

/** Takes any form of PEM that Node reads. */
async function importKey(text: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(text).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

const validity = (now: Date, days: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now.getTime() - backdatedMs),
  notAfter: new Date(now.getTime() + days * dayMs),
});

/** 127 random bits, above zero: unique without a list of what was given out. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
