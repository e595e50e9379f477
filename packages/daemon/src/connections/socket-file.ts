// The file of a Unix socket: makes way for it, without taking it from a daemon that lives, and gives it its group and mode.

import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../errors.ts';

/**
 * Makes the directory, and removes a file left by a daemon that is gone.
 * @param isAnswered whether somebody listens on the socket that is there
 * @throws StartError when the path cannot be had
 */
export async function prepareSocketFile(path: string, isAnswered: (path: string) => Promise<boolean>): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new StartError(
      'BAD_DIRECTORY',
      `${dirname(path)} cannot be made (${codeOf(error)}), and ${path} is to lie in it`,
    );
  }
  const status = statusOf(path);
  if (status === undefined) return;
  if (!status.isSocket()) throw new StartError('NOT_A_SOCKET', `${path} is there and is no socket`);
  if (await isAnswered(path)) throw new StartError('SOCKET_IN_USE', `${path} is in use by another daemon`);
  try {
    unlinkSync(path);
  } catch (error) {
    throw new StartError(
      'BAD_DIRECTORY',
      `${path} was left by a daemon that is gone and cannot be removed (${codeOf(error)})`,
    );
  }
}

/** @param group who may use the socket: mode 0660 then, else 0600. @throws StartError */
export function protectSocketFile(path: string, group: number | undefined): void {
  try {
    if (group !== undefined) chownSync(path, -1, group);
    chmodSync(path, group === undefined ? 0o600 : 0o660);
  } catch (error) {
    throw new StartError('BAD_PERMISSION', `${path} cannot be given its group and mode (${codeOf(error)})`);
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new StartError('BAD_DIRECTORY', `${path} cannot be looked at (${codeOf(error)})`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
