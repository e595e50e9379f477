// Types and computed defaults that the table of options uses and that are no addresses.

import { ParameterType, string } from 'snapcommunicator/contract';
import { NAME, serverNameOf } from 'snapcommunicator/wire';
import { openFilesMax } from './machine.ts';
import type { Surroundings } from './option.ts';

/** Files that the daemon needs besides its connections: listeners, logs, the store, what Node has open. */
export const filesBesideConnections = 256;
export const connectionsByDefault = 20_000;

/** A file or directory. */
export const path = (): ParameterType<string, 'required'> =>
  string({ pattern: /^\/[^\0]*$/, lengthMax: 4095, description: 'an absolute path' });

/** A server name, or a host name to make one of. */
export const serverName = (): ParameterType<string, 'required'> =>
  new ParameterType<string, 'required'>(
    {
      description: 'a name ([A-Za-z_][A-Za-z0-9_]*, at most 64 characters) or a host name that becomes one',
      read(text) {
        const value = serverNameOf(text);
        return NAME.test(value) ? { value } : { expected: this.description };
      },
      write: (value) => value,
    },
    'required',
  );

/** The host name as a server name, whatever it looks like: many containers have one that begins with a digit. */
export function defaultServerName({ machine }: Surroundings): string {
  const word = serverNameOf(machine.hostName)
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 63);
  return /^[a-z_]/.test(word) ? word : `n${word}`;
}

const socketFile = 'communicatord.sock';
const cppRuntimeDirectory = '/run/communicator';

export function defaultUnixListen({ machine: { environment, files } }: Surroundings): readonly string[] {
  const { RUNTIME_DIRECTORY: ofService, XDG_RUNTIME_DIR: ofUser } = environment;
  const directory = ofService?.split(':')[0] || ofUser || '/run/snapcommunicator';
  const paths = [`${directory}/${socketFile}`];
  if (directory !== cppRuntimeDirectory && files.canWrite(cppRuntimeDirectory)) {
    paths.push(`${cppRuntimeDirectory}/${socketFile}`);
  }
  return paths;
}

export function defaultDataPath({ machine: { environment } }: Surroundings): string {
  const { STATE_DIRECTORY: ofService, XDG_STATE_HOME: ofUser } = environment;
  return ofService?.split(':')[0] || (ofUser ? `${ofUser}/snapcommunicator` : '/var/lib/snapcommunicator');
}

/** As many as asked for by default, or as the process can have. */
export const defaultMaxConnections = ({ machine }: Surroundings): number =>
  Math.max(1, Math.min(connectionsByDefault, openFilesMax(machine) - filesBesideConnections));
