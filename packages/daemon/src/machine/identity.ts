// Who this daemon is across restarts: a random id kept in the data path, and an incarnation that grows with each start.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../errors.ts';

export interface Identity {
  /** 64 random bits, as 16 hexadecimal digits. */
  readonly node: string;
  /** Greater at each start: the greater of the stored one + 1 and seconds since 1970. */
  readonly incarnation: number;
  /** Since when this machine bears its name, in seconds since 1970: of two with one name, the older claim counts. */
  readonly nameSince: number;
}

interface StoredIdentity extends Identity {
  readonly name: string;
}

const FILE = 'identity.json';
const LOCK = 'lock';

/**
 * Takes the data path for this process, so that no two daemons share an identity or a store.
 * @returns a function that gives it back
 * @throws StartError when another daemon has it, or it cannot be written
 */
export function lockDataPath(dataPath: string): () => void {
  const path = join(dataPath, LOCK);
  for (let attempt = 0; ; attempt++) {
    try {
      mkdirSync(dataPath, { recursive: true });
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' || attempt > 0)
        throw new StartError('BAD_DIRECTORY', `the data path ${dataPath} cannot be written (${code})`);
    }
    const pid = readPid(path);
    if (pid !== undefined && isDaemon(pid))
      throw new StartError('DATA_IN_USE', `the data path ${dataPath} is in use by the daemon with process id ${pid}`);
    // Left by one that was killed.
    rmSync(path, { force: true });
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process is there and runs this program: numbers of processes are used again. */
function isDaemon(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('snapcommunicatord');
  } catch {
    return true;
  }
}

/** Reads the identity, or makes one, and stores the new incarnation before it is used. @throws StartError */
export function loadIdentity(dataPath: string, name: string, unixSeconds: number): Identity {
  const path = join(dataPath, FILE);
  const stored = readStored(path);
  const node = stored?.node ?? randomBytes(8).toString('hex');
  const incarnation = Math.max((stored?.incarnation ?? 0) + 1, Math.floor(unixSeconds));
  const nameSince = stored?.name === name ? stored.nameSince : Math.floor(unixSeconds);
  const identity = { node, incarnation, nameSince };
  storeIdentity(dataPath, name, identity);
  return identity;
}

/** Stores the identity; also when the cluster has heard of a greater incarnation. @throws StartError */
export function storeIdentity(dataPath: string, name: string, { node, incarnation, nameSince }: Identity): void {
  const path = join(dataPath, FILE);
  try {
    mkdirSync(dataPath, { recursive: true });
    writeFileSync(`${path}.new`, `${JSON.stringify({ node, incarnation, name, nameSince })}\n`, { flush: true });
    renameSync(`${path}.new`, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new StartError('BAD_DIRECTORY', `the data path ${dataPath} cannot be written (${code})`);
  }
}

/** What is stored, unless it is missing or damaged: then a new node begins. */
function readStored(path: string): StoredIdentity | undefined {
  try {
    const { node, incarnation, name, nameSince } = JSON.parse(readFileSync(path, 'utf8')) as Partial<StoredIdentity>;
    const isSound = typeof node === 'string' && /^[0-9a-f]{16}$/.test(node) && Number.isSafeInteger(incarnation);
    if (!isSound) return undefined;
    // Before there were links, no name was stored.
    const since = Number.isSafeInteger(nameSince) ? (nameSince as number) : 0;
    return { node, incarnation: incarnation as number, name: since === 0 ? '' : (name ?? ''), nameSince: since };
  } catch {
    return undefined;
  }
}

/** The id of a message: who accepted it first, in which incarnation, by which stream (0: on that machine), and its number there. */
export const formatMessageId = ({ node, incarnation }: Identity, number: number): string =>
  `${node}.${incarnation}.0.${number}`;
