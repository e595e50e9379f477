// The commands that every service that uses the library understands by itself: they are part of the protocol.

/** Told to the communicator with those of the program; no contract names them. */
export const OWN_COMMANDS: readonly string[] = [
  'ABSOLUTELY',
  'ALIVE',
  'COMMANDS',
  'DISCONNECTING',
  'HELP',
  'INVALID',
  'QUITTING',
  'READY',
  'SERVICE_UNAVAILABLE',
  'TRANSMISSION_REPORT',
  'UNKNOWN',
];
