// The certificate, key and authority of secure links: read from their files, and read again when they change.

import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { StartError } from '../errors.ts';
import { readOptionFile } from './secret-files.ts';

export interface CertificateFiles {
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
  readonly certificateAuthority: string | undefined;
}

/** Older versions can be broken. */
export const TLS_VERSION_MIN = 'TLSv1.2';

export class Certificates {
  readonly #files: CertificateFiles;
  #options: SecureContextOptions;

  /** @throws StartError when a file cannot be read, or certificate and key do not belong together */
  constructor(files: CertificateFiles) {
    this.#files = files;
    this.#options = read(files);
  }

  /** Reads the files again; what is wrong with them leaves the old ones in use. @throws StartError */
  reload(): void {
    this.#options = read(this.#files);
  }

  /** Whether this side has a certificate to show. */
  get hasOwn(): boolean {
    return this.#options.cert !== undefined;
  }

  /** Whether certificates of others can be checked against an authority of one's own. */
  get hasAuthority(): boolean {
    return this.#files.certificateAuthority !== undefined;
  }

  /** What a TLS socket of either side is made with. */
  get options(): SecureContextOptions {
    return this.#options;
  }
}

function read({ certificate, privateKey, certificateAuthority }: CertificateFiles): SecureContextOptions {
  const options: SecureContextOptions = {
    minVersion: TLS_VERSION_MIN,
    ...(certificate !== undefined &&
      privateKey !== undefined && {
        cert: readOptionFile(certificate, 'certificate'),
        key: readOptionFile(privateKey, 'private_key'),
      }),
    // Without it: the authorities that Node knows, which it holds ready for all connections.
    ...(certificateAuthority !== undefined && { ca: readOptionFile(certificateAuthority, 'certificate_authority') }),
  };
  if (options.cert === undefined && options.ca === undefined) return options;
  check(
    options,
    `certificate (${certificate}), private_key (${privateKey}) or certificate_authority (${certificateAuthority})`,
  );
  return options;
}

/** Only OpenSSL knows whether the files make sense, and says so when they are used. */
function check(options: SecureContextOptions, names: string): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    throw new StartError('BAD_FILE', `${names} is not what it should be: ${(error as Error).message}`);
  }
}
