// What the options need to know of the machine, behind one small interface, so that tests bring a machine of their own.

import { accessSync, closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** What reading a file gave: its text, nothing because there is none, or why it could not be read. */
export type FileReading =
  | { readonly text: string /** The permission bits. */; readonly mode: number }
  | { readonly problem: string }
  | undefined;

export interface FileSystem {
  /** Never throws. */
  read(path: string): FileReading;
  /** Names in a directory; none if it is not there. */
  list(path: string): readonly string[];
  isDirectory(path: string): boolean;
  canWrite(path: string): boolean;
}

export interface Machine {
  readonly files: FileSystem;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** The addresses of its network interfaces, loopback excepted. */
  readonly addresses: readonly string[];
  /** Whether standard error is a terminal. */
  readonly isTerminal: boolean;
}

/** A configuration or secret file longer than this is a mistake, not a configuration. */
const fileBytesMax = 1 << 20;

const files: FileSystem = {
  read(path) {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return { problem: 'is not a regular file' };
      if (stat.size > fileBytesMax) return { problem: `is longer than ${fileBytesMax} bytes` };
      const bytes = Buffer.alloc(fileBytesMax);
      return { text: bytes.toString('utf8', 0, readFully(descriptor, bytes)), mode: stat.mode & 0o777 };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      return { problem: code === 'EACCES' ? 'cannot be read by this user' : message };
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  },
  list(path) {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  },
  isDirectory(path) {
    try {
      return statSync(path).isDirectory();
    } catch {
      return false;
    }
  },
  canWrite(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
};

/** Files of /proc have no size, so reading goes on to the end. */
function readFully(descriptor: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    files,
    environment: process.env,
    hostName: hostname(),
    addresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
    ),
    isTerminal: process.stderr.isTTY === true,
  };
}

/** How many files this process may open. */
export function openFilesMax({ files }: Machine): number {
  const reading = files.read('/proc/self/limits');
  const text = reading !== undefined && 'text' in reading ? reading.text : '';
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  return soft === undefined ? 1024 : soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** The number of a group of this machine, by name or number; nothing if there is none. */
export function groupId({ files }: Machine, group: string): number | undefined {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const reading = files.read('/etc/group');
  for (const line of reading !== undefined && 'text' in reading ? reading.text.split('\n') : []) {
    const [name, , id] = line.split(':');
    if (name === group && id !== undefined) return Number(id);
  }
  return undefined;
}
