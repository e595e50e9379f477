// Log-ins by user and password: checked, and their failures counted against the address that they come from.

import type { Logger } from 'pino';
import type { Admission } from './admission.ts';
import type { LinkOptions } from './options.ts';
import { Passwords } from './passwords.ts';
import { readOptionFile } from './secret-files.ts';

export class LogIns {
  readonly #passwords = new Passwords();
  readonly #options: Pick<LinkOptions, 'passwordsFile' | 'secureListen'>;
  readonly #admission: Admission;
  readonly #log: Logger;
  readonly #blocked: (host: string) => void;

  /** @param blocked told of each address that is blocked */
  constructor(
    options: Pick<LinkOptions, 'passwordsFile' | 'secureListen'>,
    admission: Admission,
    log: Logger,
    blocked: (host: string) => void,
  ) {
    this.#options = options;
    this.#admission = admission;
    this.#log = log;
    this.#blocked = blocked;
  }

  /** Reads the file, the first time or again. @throws StartError when it cannot be read; then what was read before holds */
  async load(): Promise<void> {
    const { passwordsFile: file, secureListen } = this.#options;
    const text = file === undefined ? '' : readOptionFile(file, 'passwords_file');
    for (const { line, problem } of this.#passwords.load(text))
      this.#log.warn({ file, line }, `a line of the passwords is passed over: ${problem}`);
    // C++ files have one user with the address of the listener.
    for (const { user, password } of secureListen)
      if (user !== undefined && password !== undefined) await this.#passwords.add(user, password);
  }

  /** Whether that log-in is right. One without a user is no attempt, and counts against nobody. */
  async check(host: string, user: string, password: string): Promise<boolean> {
    if (user === '') return false;
    // An address that was blocked while its guess waited does not learn whether the guess was right.
    const isRight = (await this.#passwords.check(user, password)) && !this.#admission.isBlocked(host);
    if (isRight) this.#admission.succeed(host);
    else if (!this.#admission.isBlocked(host) && this.#admission.fail(host)) this.#blocked(host);
    return isRight;
  }
}
