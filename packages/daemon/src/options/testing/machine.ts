// A machine for the tests of the options: its files, environment and limits are what a test says.

import type { FileSystem, Machine } from '../machine.ts';

/** A file by its text, which only its owner can read, or with permission bits. */
export type TestFile = string | { readonly text: string; readonly mode: number } | { readonly problem: string };

export interface TestMachine {
  readonly files?: Readonly<Record<string, TestFile>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly hostName?: string;
  readonly addresses?: readonly string[];
  readonly isTerminal?: boolean;
  readonly writable?: readonly string[];
}

const PROCFS =
  'Limit  Soft Limit  Hard Limit  Units\nMax open files            65536                65536                files\n';
const GROUPS = 'root:x:0:\ncommunicator-user:x:977:web\n';

export function testMachine(given: TestMachine = {}): Machine {
  const all: Readonly<Record<string, TestFile>> = { '/proc/self/limits': PROCFS, '/etc/group': GROUPS, ...given.files };
  const files: FileSystem = {
    read: (path) => {
      const file = Object.hasOwn(all, path) ? all[path] : undefined;
      return typeof file === 'string' ? { text: file, mode: 0o600 } : file;
    },
    list: (directory) =>
      Object.keys(all)
        .filter((path) => path.startsWith(`${directory}/`))
        .map((path) => path.slice(directory.length + 1))
        .filter((name) => !name.includes('/'))
        .toReversed(),
    isDirectory: (directory) => Object.keys(all).some((path) => path.startsWith(`${directory}/`)),
    canWrite: (path) => given.writable?.includes(path) ?? false,
  };
  return {
    files,
    environment: given.environment ?? {},
    hostName: given.hostName ?? 'web-1.example.org',
    addresses: given.addresses ?? ['10.0.0.7', 'fd00::7'],
    isTerminal: given.isTerminal ?? false,
  };
}
