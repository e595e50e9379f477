// Passwords: hashed for a file of lines `user:hash`, and checked against it, off the event loop and in constant time.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** How much work a guess costs: N, r and p of scrypt (RFC 7914). 32 MiB and some 80 ms each. */
const WORK = { N: 2 ** 15, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A password is at most so many bytes. */
export const PASSWORD_BYTES_MAX = 1024;

/** The form of a user's name in `user:hash` and in CONNECT. */
export const USER = /^[^\s:@/,;]{1,64}$/;
const FORM = /^scrypt\$(\d{1,6})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,86})\$([\w-]{40,86})$/;

interface Parsed {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/**
 * The hash of a password as one word, `scrypt$N$r$p$salt$hash`, without a colon.
 * @throws RangeError when the password is empty or longer than 1,024 bytes
 */
export async function hashPassword(password: string): Promise<string> {
  const length = Buffer.byteLength(password);
  if (length === 0 || length > PASSWORD_BYTES_MAX)
    throw new RangeError(`a password has from 1 to ${PASSWORD_BYTES_MAX} bytes`);
  const salt = randomBytes(SALT_BYTES);
  const { N, r, p } = WORK;
  const hash = await derive(password, { ...WORK, salt, hash: Buffer.alloc(HASH_BYTES) });
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether the password is the one of that hash. False for what is no hash at all. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parse(hash);
  if (parsed === undefined || Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return false;
  return timingSafeEqual(await derive(password, parsed), parsed.hash);
}

/** Whether a text is a hash that `verifyPassword` takes. */
export const isPasswordHash = (text: string): boolean => parse(text) !== undefined;

/** The limits keep a damaged file from asking for more memory or time than there is. */
function parse(text: string): Parsed | undefined {
  const [, n, blocks, parallel, salt = '', hash = ''] = FORM.exec(text) ?? [];
  const [N, r, p] = [Number(n), Number(blocks), Number(parallel)];
  const isSound = N >= 1024 && N <= 2 ** 17 && (N & (N - 1)) === 0 && r >= 1 && r <= 16 && p >= 1 && p <= 4;
  return isSound ? { N, r, p, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') } : undefined;
}

function derive(password: string, { N, r, p, salt, hash }: Parsed): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 256 * N * r };
    // The same text typed on another keyboard may have other code points.
    scrypt(password.normalize('NFC'), salt, hash.length, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** A line that is no log-in. */
export interface BadLine {
  readonly line: number;
  readonly problem: string;
}

/** Who may log in. Guesses run two at a time, so that they cannot take all threads of the process. */
export class Passwords {
  readonly #hashes = new Map<string, string>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Reads lines `user:hash`; blank lines and those that begin with `#` are passed over. @returns what is wrong with others */
  load(text: string): readonly BadLine[] {
    this.#hashes.clear();
    const bad: BadLine[] = [];
    for (const [place, raw] of text.split('\n').entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) continue;
      const colon = line.indexOf(':');
      const [user, hash] = [line.slice(0, colon), line.slice(colon + 1)];
      if (colon > 0 && USER.test(user) && isPasswordHash(hash)) this.#hashes.set(user, hash);
      else bad.push({ line: place + 1, problem: 'expected user:hash, as `snapcom keys password USER` writes it' });
    }
    return bad;
  }

  /** Adds one user by a password that the configuration has as text. */
  async add(user: string, password: string): Promise<void> {
    this.#hashes.set(user, await hashPassword(password));
  }

  get isEmpty(): boolean {
    return this.#hashes.size === 0;
  }

  /** Whether that user has that password. A user who is not known costs as much time as a wrong password. */
  async check(user: string, password: string): Promise<boolean> {
    const hash = this.#hashes.get(user);
    await this.#enter();
    try {
      const isRight = await verifyPassword(password, hash ?? DECOY);
      return isRight && hash !== undefined;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    while (this.#running >= RUNNING_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }
}

const RUNNING_MAX = 2;
const DECOY = `scrypt$${WORK.N}$${WORK.r}$${WORK.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
