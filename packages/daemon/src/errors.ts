// What can stop the daemon from starting: a catalogue of codes with cause and remedy, and the error that carries one.

import { WIRE_ERRORS } from 'snapcommunicator/wire';

/** Every error of the daemon's own, with what causes it and what to do about it. */
export const DAEMON_ERRORS = {
  BAD_CONFIGURATION: {
    cause: 'An option has an unknown name or a value that it does not take.',
    remedy: 'Mend the file, environment variable or flag that the message names; try with `--check-config`.',
  },
  ADDRESS_IN_USE: {
    cause: 'Another program, perhaps another daemon, listens on that address.',
    remedy: 'Stop it (`ss -lntup` shows it), or give this daemon another address, or `none`.',
  },
  ADDRESS_DENIED: {
    cause: 'The user that the daemon runs as may not listen there.',
    remedy: 'Choose a port of at least 1024 or a path in a directory that this user may write.',
  },
  ADDRESS_NOT_HERE: {
    cause: 'No network of this machine has that address.',
    remedy: 'Use one that `ip address` shows, or 0.0.0.0 for all.',
  },
  ADDRESS_FAILED: { cause: 'The system refused to listen there.', remedy: 'The message names the reason.' },
  SOCKET_IN_USE: {
    cause: 'Another daemon accepts connections on that Unix socket.',
    remedy: 'Stop it (`snapcom --to sc://PATH stop`), or give this daemon another path with `--unix-listen`.',
  },
  NOT_A_SOCKET: {
    cause: 'The path of a Unix socket names something else.',
    remedy: 'Move it away, or choose another path with `--unix-listen`.',
  },
  BAD_DIRECTORY: {
    cause: 'A directory that the daemon needs cannot be made or written.',
    remedy:
      'Make it and give it to the user that the daemon runs as, or choose another one: `--unix-listen`, `--signal-unix`, `--data-path`, `--log-file`.',
  },
  BAD_FILE: {
    cause: 'A file that an option names cannot be read, or does not hold what it should.',
    remedy: 'Correct the file, or the option that names it; `snapcom keys` writes such files.',
  },
  DATA_IN_USE: {
    cause: 'Another daemon keeps its identity and its stored messages in that data path.',
    remedy: 'Stop it, or give this daemon a directory of its own with `--data-path`.',
  },
  BAD_PERMISSION: {
    cause: 'The Unix socket could not be given its group and mode.',
    remedy: 'Run the daemon as a member of that group (`--unix-group`), or as root.',
  },
  NO_ADDON: {
    cause: 'The optional package node-unix-socket, which Unix datagram sockets need, is not there.',
    remedy: 'Install it (`npm install node-unix-socket`), or turn `--signal-unix` off.',
  },
  STORE_FAILED: {
    cause: 'The store of kept messages cannot be opened.',
    remedy: 'See that `--data-path` can be written and has room.',
  },
} as const;

export type DaemonErrorCode = keyof typeof DAEMON_ERRORS;

/** Stops the start: what, where, and what to do. */
export class StartError extends Error {
  readonly code: DaemonErrorCode;
  readonly remedy: string;
  constructor(code: DaemonErrorCode, message: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
    this.remedy = DAEMON_ERRORS[code].remedy;
  }
}

/** The sentence that goes into an INVALID answer for a line that is not a message. */
export const explainWireError = (code: keyof typeof WIRE_ERRORS): string =>
  `${WIRE_ERRORS[code].cause} ${WIRE_ERRORS[code].remedy}`;
